"""Choose the thresholds at which a probability becomes an answer, on validation data only."""

from dataclasses import dataclass

import numpy as np

from model.errors import ContractError


@dataclass(frozen=True)
class OperatingPoint:
    """A level: the answer is yes where the score is at or above it.

    Parameters
    ----------
    name : str
        For example ``"malignant, balanced"``.
    subject : str
        The question it answers, as in `model.evaluation.cases.ask`.
    threshold : float
        Between two observed scores, so that rounding in a table cannot move a case across it.
    chosen_for : str
        What it was chosen for, as text.
    role : str
        ``"rule_out"``, ``"balanced"`` or ``"confirm"``, see `model.answer.decision`.
    """

    name: str
    subject: str
    threshold: float
    chosen_for: str
    role: str


def threshold_for_sensitivity(truth: np.ndarray, score: np.ndarray, target: float) -> float:
    """Return the highest threshold whose sensitivity is at least the target.

    Parameters
    ----------
    truth : ndarray of bool, shape (n,)
    score : ndarray of float, shape (n,)
    target : float
        Sensitivity wanted, above 0 up to 1.

    Raises
    ------
    ContractError
        If there is no yes or no no among the cases, or the target is out of range.
    """
    thresholds, sensitivity, _ = candidates(truth, score)
    return float(thresholds[sensitivity >= _share(target)][-1])


def threshold_for_specificity(truth: np.ndarray, score: np.ndarray, target: float) -> float:
    """Return the lowest threshold whose specificity is at least the target; parameters as above."""
    thresholds, _, specificity = candidates(truth, score)
    return float(thresholds[specificity >= _share(target)][0])


def balanced_threshold(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the threshold at which sensitivity and specificity are most nearly equal: the highest lesser of the two.

    Of several equally good thresholds the lowest is chosen: it misses fewer. The highest sum of the two (Youden 1950)
    is not a useful level between those of high sensitivity and high specificity: the top of a lesion classifier's curve
    is flat, so the highest sum can be anywhere, for melanoma and malignancy below the high-sensitivity levels.
    """
    thresholds, sensitivity, specificity = candidates(truth, score)
    return float(thresholds[np.argmax(np.minimum(sensitivity, specificity).round(12))])


def candidates(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every threshold that makes a difference, with its sensitivity and specificity.

    Returns
    -------
    thresholds : ndarray, shape (k + 1,)
        Ascending: 0, halfway between each two of the k distinct scores, and just above the highest.
    sensitivity, specificity : ndarray, shape (k + 1,)
    """
    if not truth.any() or truth.all():
        raise ContractError("one_sided_cases", "A threshold needs cases of both answers; this set has only one.")
    distinct = np.unique(score)
    above = np.nextafter(distinct[-1], np.inf)
    thresholds = np.concatenate([[0.0], (distinct[:-1] + distinct[1:]) / 2, [above]])
    missed = np.searchsorted(np.sort(score[truth]), thresholds, side="left") / truth.sum()
    spared = np.searchsorted(np.sort(score[~truth]), thresholds, side="left") / (~truth).sum()
    return thresholds, 1 - missed, spared


def _share(target: float) -> float:
    if not 0 < target <= 1:
        raise ContractError("target_range", f"A target must be above 0 and at most 1, not {target}.")
    return target - 1e-12  # 0.95 of 20 cases is 19, in spite of the rounding of 1 - 1 / 20
