"""What runs the network: ONNX Runtime on the bundle's exported file, or TensorFlow on its Keras file.

Both give the same numbers; `model check` compares them. ONNX Runtime is ready in a fraction of TensorFlow's time and
needs a third of its memory (``python -m benchmarks.engines``), so it serves wherever the bundle has its file.
"""

import ctypes
import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.card import Card
from model.errors import BundleError

ONNX_RUNTIME, TENSORFLOW = "onnxruntime", "tensorflow"
NAMES = (ONNX_RUNTIME, TENSORFLOW)
INPUT = "photos"
LOGITS, POOLED, FEATURES = "logits", "pooled", "features"  # outputs for each photo
OUTLINE = "outline"  # one more where the model draws outlines
KERNEL, BIAS = "kernel", "bias"  # outputs that are the same for every photo
MADE_FROM = "made_from"  # entry of the exported file, see `origin`


@dataclass(frozen=True, eq=False)
class RawOutput:
    """What the network computed, averaged over the card's views.

    Parameters
    ----------
    logits : ndarray, float32, shape (n, classes)
        Uncalibrated.
    pooled : ndarray, float32, shape (n, channels)
        Means of the feature maps over their cells: the input of the last dense layer.
    features : ndarray, float32, shape (n, rows, columns, channels)
        Maps that pooling and the last dense layer turn into these logits; a flipped view's are flipped back. Empty
        (n, 0, 0, channels) where they were not asked for.
    outline : ndarray, float32, shape (n, size, size), range [0, 1], or None
        The chance of each pixel to be in a lesion; None where the model draws no outlines or maps were not asked for.
    """

    logits: np.ndarray
    pooled: np.ndarray
    features: np.ndarray
    outline: np.ndarray | None = None


class Engine(Protocol):
    """A loaded network that any number of threads may use at once.

    Attributes
    ----------
    kernel : ndarray, float32, shape (channels, classes)
    bias : ndarray, float32, shape (classes,)
        Of the layer that makes logits from pooled features.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        """Answer photos: ndarray, float32, shape (n, size, size, 3), range [0, 255]."""


def origin(card: Card) -> str:
    """Return what an exported file must say that it was made from: the checksums of the Keras files, and the views."""
    drawn = [card.raw["outline"]["sha256"]] if card.outline else []
    return " ".join((card.raw["weights"]["sha256"], *drawn, *card.views))


def default_engine(card: Card) -> str:
    """Return the engine that serves a bundle unless another is asked for."""
    return ONNX_RUNTIME if card.exported_path else TENSORFLOW


class OnnxEngine:
    """The exported network in ONNX Runtime."""

    def __init__(self, card: Card, threads: int = 0) -> None:
        import onnxruntime  # here, so that what needs no network does not load it

        path = card.exported_path
        if path is None:
            raise BundleError("no_export", "The bundle has no exported network; run python -m training.export.")
        if not path.is_file():
            raise BundleError("no_export", f"The network {path.name} is missing next to card.json; restore it.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises exceptions of its own for each kind of damage
            reason = str(error).splitlines()[0]
            raise BundleError("export_unreadable", f"The network {path.name} cannot be loaded: {reason}") from None
        if self._session.get_modelmeta().custom_metadata_map.get(MADE_FROM) != origin(card):
            raise BundleError("export_stale", f"{path.name} is of other weights; run python -m training.export.")
        edge = self._session.get_inputs()[0].shape[1]
        if edge != card.size:
            raise BundleError(
                "export_size", f"{path.name} reads {edge} px, and input.shape in the card is {card.size}."
            )
        self._maps = [FEATURES, *([OUTLINE] if card.outline else [])]
        _return_memory()
        nothing = np.zeros((0, card.size, card.size, 3), np.float32)
        self.kernel, self.bias = self._session.run([KERNEL, BIAS], {INPUT: nothing})

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        wanted = [LOGITS, POOLED, *(self._maps if features else [])]
        found = dict(zip(wanted, self._session.run(wanted, {INPUT: photos}), strict=True))
        nothing = np.empty((len(photos), 0, 0, found[POOLED].shape[1]), np.float32)
        return RawOutput(found[LOGITS], found[POOLED], found.get(FEATURES, nothing), found.get(OUTLINE))


def _return_memory() -> None:
    """Give the system back what loading needed for a moment, 80 MB; glibc would keep it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
