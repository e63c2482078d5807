"""Maps that come from answers to changed copies of the view: a finer Grad-CAM, Score-CAM and occlusion.

Each is a generator of its progress in [0, 1] and at last of the map; closing it ends the work after the current pass.
"""

from collections.abc import Generator

import cv2
import numpy as np

from model.explain import class_maps
from model.maps.closed import gradcam
from model.predict import Classifier, softmax

Steps = Generator[float | np.ndarray, None, None]

BATCH = 4  # copies at once; larger batches are no faster and need more memory
CHANNELS = 32  # of Score-CAM
FINER = 2  # parts of a cell's edge
PATCH = 2 / 7  # of the view's edge that occlusion covers
EPSILON = 1e-7  # as Keras


def finer(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    """Yield Grad-CAM at twice the resolution, from a second pass over the view moved by half a cell.

    The cells of the moved view have their centres where four cells of the view meet. Both maps are interpolated
    linearly onto half cells and averaged; then every cell is set back to what it adds to the logit, so that the fine
    map is as additive as the coarse one.

    Parameters
    ----------
    classifier : Classifier
    view : ndarray, uint8, shape (size, size, 3)
        What the network was given.
    features : ndarray, float32, shape (rows, columns, channels)
        Of the view.
    code_index : int
        Class, in card order.

    Yields
    ------
    float or ndarray
        Progress, then float32, shape (2 rows, 2 columns), in logit units.
    """
    yield 0.0
    raw = gradcam(features, classifier.kernel, code_index)
    moved = classifier.run(half_a_cell_on(view, raw.shape[0])[None].astype(np.float32)).features[0]
    yield additive(between(raw, gradcam(moved, classifier.kernel, code_index)), raw)


def half_a_cell_on(view: np.ndarray, rows: int) -> np.ndarray:
    """Return the view (size, size, 3) moved up and left by half of one of ``rows`` cells, mirrored at the far edges."""
    half = round(view.shape[0] / rows / 2)
    return np.pad(view, ((0, half), (0, half), (0, 0)), "reflect")[half:, half:]


def between(raw: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return the mean of a map and that of the view moved by half a cell, on half cells: shape (2 rows, 2 columns)."""
    rows, columns = (FINER * cells for cells in raw.shape)
    first = cv2.resize(raw, (columns, rows), interpolation=cv2.INTER_LINEAR)
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    places = [(place + 0.5) / FINER - 1 for place in (across, down)]
    second = cv2.remap(moved, places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return (first + second) / (2 * FINER**2)


def additive(fine: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Return a fine map (2 rows, 2 columns) with the same amount added in each cell, so that cells sum to ``raw``."""
    rows, columns = raw.shape
    sums = fine.reshape(rows, FINER, columns, FINER).sum(axis=(1, 3))
    return fine + np.kron(raw - sums, np.full((FINER, FINER), 1 / FINER**2, np.float32))


def scorecam(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    """Yield Score-CAM (Wang et al., CVPRW 2020) of the channels that vary most over the cells.

    Each of these channels, enlarged and scaled to [0, 1], is laid over the view as a mask; its weight is the class's
    probability in the masked view. Parameters as `finer`.

    Yields
    ------
    float or ndarray
        Progress, then float32, shape (rows, columns), 0 or more, without a unit.
    """
    size = view.shape[0]
    chosen = np.argsort(-features.std(axis=(0, 1)), kind="stable")[:CHANNELS]
    channels = np.moveaxis(features[..., chosen], -1, 0)
    masks = np.stack([cv2.resize(channel, (size, size), interpolation=cv2.INTER_LINEAR) for channel in channels])
    low, high = (end(masks, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    masks = (masks - low) / (high - low + EPSILON)
    weights = np.zeros(len(masks))
    for start in range(0, len(masks), BATCH):
        yield start / len(masks)
        masked = (view * masks[start : start + BATCH, ..., None]).astype(np.float32)
        weights[start : start + BATCH] = softmax(classifier.run(masked, features=False).logits)[:, code_index]
    yield np.maximum(np.tensordot(weights, channels, axes=1), 0).astype(np.float32)


def occlusion(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    """Yield how much the logit falls where a patch covers the view (Zeiler and Fergus, ECCV 2014).

    The patch has the view's mean colour and moves by half a cell; each half cell gets the mean of the patches that
    cover it. Parameters as `finer`.

    Yields
    ------
    float or ndarray
        Progress, then float32, shape (2 rows, 2 columns), in logit units, negative where covering raises the logit.
    """
    edges = [np.rint(np.linspace(0, view.shape[0], FINER * cells + 1)).astype(int) for cells in features.shape[:2]]
    units = [len(line) - 1 for line in edges]
    patch = max(1, round(PATCH * min(units)))
    places = [(top, left) for top in range(units[0] - patch + 1) for left in range(units[1] - patch + 1)]
    logit = class_maps(features, classifier.kernel)[code_index].sum() + classifier.bias[code_index]
    mean_colour = view.mean(axis=(0, 1))
    fall, times = (np.zeros(units) for _ in range(2))
    for start in range(0, len(places), BATCH):
        yield start / len(places)
        some = places[start : start + BATCH]
        copies = np.repeat(view[None].astype(np.float32), len(some), axis=0)
        for copy, (top, left) in zip(copies, some, strict=True):
            copy[edges[0][top] : edges[0][top + patch], edges[1][left] : edges[1][left + patch]] = mean_colour
        logits = classifier.run(copies, features=False).logits[:, code_index]
        for (top, left), covered in zip(some, logits, strict=True):
            fall[top : top + patch, left : left + patch] += logit - covered
            times[top : top + patch, left : left + patch] += 1
    yield (fall / times).astype(np.float32)
