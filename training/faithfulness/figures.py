"""Figures of one map of one photo, each from its paper."""

import cv2
import numpy as np
from scipy.stats import rankdata

from model.maps.methods import heat_of
from model.predict import Classifier, softmax
from training.faithfulness.judged import GRID, drawn, on_grid
from training.faithfulness.photos import Seen
from training.gate.pictures import seeded

STEPS = 8  # of equal numbers of units between the photo and its blurred copy
INSERTION, DELETION, NET = "insertion", "deletion", "insertion less deletion"
POINTING, ENERGY = "pointing game", "energy in the lesion"


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return the rank correlation of two maps of one shape, with signs; NaN where one is the same everywhere."""
    ranks = [rankdata(array.ravel()) for array in (first, second)]
    if min(rank.std() for rank in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def looks(array: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Return whether the strongest heat is in the lesion, and how much of all heat.

    The pointing game (Zhang et al., ECCV 2016) without tolerance around the lesion, and the energy-based one (Wang et
    al., CVPRW 2020). Where several pixels have the strongest heat, the share of them that is in the lesion.

    Parameters
    ----------
    array : ndarray, shape (rows, columns)
    mask : ndarray of bool, shape (size, size)

    Returns
    -------
    dict of str to float
        Each in [0, 1]; empty where the map has no heat.
    """
    if heat_of(array).max() == 0:
        return {}
    heat = drawn(array, mask.shape[0])
    strongest = heat >= heat.max()
    return {POINTING: float(mask[strongest].mean()), ENERGY: float(heat[mask].sum() / heat.sum())}


def curves(array: np.ndarray, photo: Seen, classifier: Classifier) -> dict[str, float]:
    """Return the areas under the insertion and deletion curves (Petsiuk et al., BMVC 2018).

    Units of the view, the strongest of the map first, appear in a blurred copy, or are replaced by it; the curves are
    the probability of the class against the share of units. Units of one strength come in a random order.

    Parameters
    ----------
    array : ndarray, shape (rows, columns)
        With signs; only the order counts.
    photo : Seen
    classifier : Classifier

    Returns
    -------
    dict of str to float
        Areas in [0, 1], and their difference: higher is more faithful.
    """
    size = photo.view.shape[0]
    unit = size // GRID
    place = seeded("order", photo.name).permutation(GRID * GRID)
    order = place[np.argsort(-on_grid(array).ravel()[place], kind="stable")]
    turn = np.empty(GRID * GRID, int)
    turn[order] = np.arange(GRID * GRID)
    turns = cv2.resize(turn.reshape(GRID, GRID).astype(np.float32), (size, size), interpolation=cv2.INTER_NEAREST)
    sharp = photo.view.astype(np.float32)
    blurred = cv2.GaussianBlur(sharp, (0, 0), unit)
    inner = [turns[..., None] < round(GRID * GRID * step / STEPS) for step in range(1, STEPS)]
    copies = [np.where(those, new, old) for new, old in ((sharp, blurred), (blurred, sharp)) for those in inner]
    none, whole, *rest = _probabilities([blurred, sharp, *copies], photo, classifier)
    inserted, deleted = [none, *rest[: STEPS - 1], whole], [whole, *rest[STEPS - 1 :], none]
    areas = {name: float(np.trapezoid(line) / STEPS) for name, line in ((INSERTION, inserted), (DELETION, deleted))}
    return areas | {NET: areas[INSERTION] - areas[DELETION]}


def _probabilities(copies: list[np.ndarray], photo: Seen, classifier: Classifier) -> np.ndarray:
    logits = [classifier.run(copy[None], features=False).logits[0] for copy in copies]
    return softmax(np.stack(logits) / classifier.card.temperature)[:, photo.code_index]
