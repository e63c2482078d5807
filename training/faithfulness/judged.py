"""What is judged: the methods of the application, candidates that it could have, and baselines that see no network."""

from collections.abc import Callable

import cv2
import numpy as np

from model.explain import upsample
from model.maps.closed import gradcam
from model.maps.methods import METHODS, compute, finished, heat_of
from model.maps.perturbed import between, half_a_cell_on
from model.predict import Classifier
from training.faithfulness.photos import Seen
from training.gate.pictures import seeded

GRID = 14  # units an edge on which maps are compared, and which insertion and deletion replace
WIDTH = 0.25  # standard deviation of the centred Gaussian, as a share of the view's edge
SLOW = tuple(name for name, method in METHODS.items() if method.passes > 1)

Map = Callable[[Seen, Classifier], np.ndarray]


def _method(name: str) -> Map:
    return lambda photo, classifier: finished(compute(name, classifier, photo.view, photo.features, photo.code_index))


def _linear(photo: Seen, classifier: Classifier) -> np.ndarray:
    """Return the mean of two passes half a cell apart, without setting cells back to their sums."""
    raw = gradcam(photo.features, classifier.kernel, photo.code_index)
    view = half_a_cell_on(photo.view, len(raw))
    return between(raw, _other_pass(photo, view, classifier))


def _mirrored(photo: Seen, classifier: Classifier) -> np.ndarray:
    """Return the mean of the map and that of the mirrored view, mirrored back."""
    raw = gradcam(photo.features, classifier.kernel, photo.code_index)
    return (raw + _other_pass(photo, np.ascontiguousarray(photo.view[:, ::-1]), classifier)[:, ::-1]) / 2


def _other_pass(photo: Seen, view: np.ndarray, classifier: Classifier) -> np.ndarray:
    features = classifier.run(view[None].astype(np.float32)).features[0]
    return gradcam(features, classifier.kernel, photo.code_index)


def _gaussian(photo: Seen, classifier: Classifier) -> np.ndarray:
    away = (np.arange(GRID) + 0.5) / GRID - 0.5
    line = np.exp(-((away / WIDTH) ** 2) / 2)
    return np.outer(line, line).astype(np.float32)


def _mask(photo: Seen, classifier: Classifier) -> np.ndarray:
    return cv2.resize(photo.mask.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


def _uniform(photo: Seen, classifier: Classifier) -> np.ndarray:
    return np.ones((GRID, GRID), np.float32)


def _random(photo: Seen, classifier: Classifier) -> np.ndarray:
    return seeded("map", photo.name).uniform(size=photo.features.shape[:2]).astype(np.float32)


MAPS: dict[str, Map] = {name: _method(name) for name in METHODS}
CANDIDATES: dict[str, Map] = {"two passes, linear": _linear, "mirrored": _mirrored}
BASELINES: dict[str, Map] = {"gaussian": _gaussian, "mask": _mask, "uniform": _uniform, "random": _random}


def on_grid(array: np.ndarray) -> np.ndarray:
    """Return a map on `GRID` units an edge, between centres or as means: float32, shape (GRID, GRID)."""
    way = cv2.INTER_AREA if array.shape[0] > GRID else cv2.INTER_LINEAR
    return cv2.resize(array.astype(np.float32), (GRID, GRID), interpolation=way)


def drawn(array: np.ndarray, size: int) -> np.ndarray:
    """Return the heat of a map as it is drawn over the view: float32, shape (size, size), range [0, 1]."""
    return upsample(heat_of(array), size)
