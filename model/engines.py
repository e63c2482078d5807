"""What runs the network: ONNX Runtime on the bundle's exported file, or TensorFlow on its Keras file.

Both give the same numbers; `model check` compares them. ONNX Runtime is ready in a fraction of TensorFlow's time and
needs a third of its memory (``python -m benchmarks.engines``), so it serves wherever the bundle has its file.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from model.card import VIEWS, Card
from model.errors import BundleError

if TYPE_CHECKING:
    import keras

ONNX_RUNTIME, TENSORFLOW = "onnxruntime", "tensorflow"
NAMES = (ONNX_RUNTIME, TENSORFLOW)
INPUT = "photos"
LOGITS, POOLED, FEATURES = "logits", "pooled", "features"  # outputs for each photo
KERNEL, BIAS = "kernel", "bias"  # outputs that are the same for every photo
MADE_FROM = "weights_sha256"  # entry of the exported file: the Keras file that it was made from


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
    """

    logits: np.ndarray
    pooled: np.ndarray
    features: np.ndarray


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


def default(card: Card) -> str:
    """Return the engine that serves a bundle unless another is asked for."""
    return ONNX_RUNTIME if card.exported_path else TENSORFLOW


def open_engine(card: Card, name: str | None = None, threads: int = 0) -> Engine:
    """Load a bundle's network.

    Parameters
    ----------
    card : Card
    name : str, optional
        Of `NAMES`; by default ONNX Runtime if the bundle has a file for it.
    threads : int
        How many ONNX Runtime uses for one call, 0 for one on each core.

    Raises
    ------
    BundleError
        If the network's file is missing, cannot be read, or is not the one that the card describes.
    """
    if (name or default(card)) == ONNX_RUNTIME:
        return OnnxEngine(card, threads)
    return KerasEngine(card, load_network(card))


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
        if self._session.get_modelmeta().custom_metadata_map.get(MADE_FROM) != card.raw["weights"]["sha256"]:
            raise BundleError("export_stale", f"{path.name} is of other weights; run python -m training.export.")
        nothing = np.zeros((0, card.size, card.size, 3), np.float32)
        self.kernel, self.bias = self._session.run([KERNEL, BIAS], {INPUT: nothing})

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        wanted = [LOGITS, POOLED, *([FEATURES] if features else [])]
        logits, pooled, *maps = self._session.run(wanted, {INPUT: photos})
        nothing = np.empty((len(photos), 0, 0, pooled.shape[1]), np.float32)
        return RawOutput(logits, pooled, maps[0] if maps else nothing)


class KerasEngine:
    """The bundle's Keras network as one compiled TensorFlow function."""

    def __init__(self, card: Card, network: "keras.Model") -> None:
        self.card, self.network = card, network
        self.kernel, self.bias = (np.array(weight) for weight in network.get_layer(card.logits_layer).get_weights())
        self._forward = served_function(card, network)

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        found = {name: output.numpy() for name, output in self._forward(photos).items()}
        return RawOutput(found[LOGITS], found[POOLED], found[FEATURES])


def load_network(card: Card) -> "keras.Model":
    """Read the weights' file and check its layers against the card's names; this loads TensorFlow.

    Raises
    ------
    BundleError
        ``no_weights``, ``weights_unreadable`` or ``no_layer``.
    """
    path = card.weights_path
    if not path.is_file():
        raise BundleError("no_weights", f"The weights {path.name} are missing next to card.json; restore them.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # must be set before TensorFlow is imported
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    try:
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything from ValueError to BadZipFile
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BundleError("weights_unreadable", f"The weights {path.name} cannot be loaded: {reason}") from None
    names = {layer.name for layer in network.layers}
    for layer in (card.feature_layer, card.logits_layer):
        if layer not in names:
            raise BundleError("no_layer", f"The card names the layer '{layer}', which the network does not have.")
    return network


def served_function(card: Card, network: "keras.Model"):
    """Return the function that is served and exported: photos (n, size, size, 3) -> outputs by their names.

    Views are made by slicing with constants: a tensor of axes would become an input of the ONNX graph.
    """
    import keras
    import tensorflow as tf

    inner = keras.Model(network.input, [network.get_layer(n).output for n in (card.logits_layer, card.feature_layer)])
    views = [_reversing(VIEWS[view]) for view in card.views]

    @tf.function(input_signature=[tf.TensorSpec((None, card.size, card.size, 3), tf.float32, name=INPUT)])
    def forward(photos):
        seen = tf.concat([photos[view] for view in views], axis=0) if len(views) > 1 else photos[views[0]]
        logits, features = inner(seen, training=False)
        upright = [part[view] for part, view in zip(tf.split(features, len(views)), views, strict=True)]
        maps = tf.add_n(upright) / len(views)
        mean = tf.add_n(tf.split(logits, len(views))) / len(views)
        return {LOGITS: mean, POOLED: tf.reduce_mean(maps, (1, 2)), FEATURES: maps}

    return forward


def _reversing(axes: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index that reverses these axes of a batch (n, height, width, 3); applied twice it undoes itself."""
    return tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(4))
