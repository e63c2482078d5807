"""Run an exported network in ONNX Runtime or TFLite; neither Keras nor TensorFlow is loaded.

An exported file takes one photo, looks at it in all of the card's views, and gives

- ``probabilities`` (views, classes), calibrated, of each view alone;
- ``features`` (rows, columns, channels), averaged over the views, a flipped view's flipped back;
- ``maps`` (classes, rows, columns), Grad-CAM of every class before its ReLU, from these features.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.special import softmax

from model.card import Card
from model.errors import LesionscopeError

INPUT = "photo"
OUTPUTS = ("probabilities", "features", "maps")
REQUIREMENTS = "training/export/requirements.txt"
RUNNERS = {"onnx": "onnxruntime", "tflite": "ai_edge_litert"}  # format -> package that runs it
Run = Callable[[np.ndarray], dict[str, np.ndarray]]


class ExportError(LesionscopeError):
    """A network could not be exported, or an exported file is not what its description says."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What an exported file says about one photo.

    Parameters
    ----------
    probabilities : ndarray, float64, shape (classes,)
        Calibrated, over all views, summing to 1.
    features : ndarray, float32, shape (rows, columns, channels)
    maps : ndarray, float32, shape (classes, rows, columns)
        Evidence of each cell in logit units, as `model.explain.class_maps` gives it.
    """

    probabilities: np.ndarray
    features: np.ndarray
    maps: np.ndarray


class Engine:
    """An exported file, loaded; one thread at a time, since TFLite's interpreter keeps its tensors."""

    def __init__(self, path: Path) -> None:
        self._run = OPENERS[path.suffix[1:]](path)

    def __call__(self, photo: np.ndarray) -> Answer:
        """Answer one photo: ndarray, float32, shape (1, size, size, 3), range [0, 255]."""
        found = self._run(photo)
        return Answer(combine(found["probabilities"]), found["features"], found["maps"])


def combine(probabilities: np.ndarray) -> np.ndarray:
    """Return what calibrating the mean logits of the views gives, from each view's own probabilities.

    Logits divided by the temperature are log probabilities up to a constant in each view, which softmax does
    not see: the answer is the views' geometric mean, made to sum to 1.

    Parameters
    ----------
    probabilities : ndarray, shape (views, classes)

    Returns
    -------
    ndarray, float64, shape (classes,)
    """
    smallest = np.finfo(np.float32).tiny  # below it float32 has nothing but 0, of which there is no logarithm
    return softmax(np.log(np.maximum(probabilities.astype(np.float64), smallest)).mean(axis=0))


def load(path: Path) -> Engine:
    """Load an exported file after checking it against its JSON file.

    Raises
    ------
    ExportError
        ``no_export``, ``changed_export`` or ``no_package``.
    """
    require(RUNNERS[path.suffix[1:]])
    description = described_by(path)
    if not (path.is_file() and description.is_file()):
        raise ExportError("no_export", f"{path} or {description.name} is missing; run python -m training.export.")
    promised = json.loads(description.read_text(encoding="utf-8"))["sha256"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != promised:
        raise ExportError(
            "changed_export", f"{path} is not the file that {description.name} describes; export it again."
        )
    return Engine(path)


def exported_path(folder: Path, card: Card, kind: str) -> Path:
    """Return where the bundle with this card is exported to, in the format ``kind`` of `RUNNERS`."""
    return folder / f"{card.model_id}-{card.version}.{kind}"


def described_by(path: Path) -> Path:
    """Return the JSON file that belongs to an exported file."""
    return path.with_name(path.name + ".json")


def require(*packages: str) -> None:
    """Raise ExportError ``no_package`` if one of these cannot be imported, before anything slow is begun."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        sentence = f"Not installed: {', '.join(missing)}; run pip install -r {REQUIREMENTS}."
        raise ExportError("no_package", sentence)


def _open_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda photo: dict(zip(OUTPUTS, session.run(OUTPUTS, {INPUT: photo}), strict=True))


def _open_tflite(path: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    # TFLite uses one thread by default; the other engines use every core
    runner = Interpreter(model_path=str(path), num_threads=os.cpu_count()).get_signature_runner()
    return lambda photo: runner(**{INPUT: photo})


OPENERS: dict[str, Callable[[Path], Run]] = {"onnx": _open_onnx, "tflite": _open_tflite}
