"""Figures of merit on arrays, each for one weighting of the cases or for thousands at once.

Weights have shape (r, n): one row per resample, one column per case. Without weights every case counts once and
the result has shape (1,). A figure that is undefined for a weighting is NaN.
"""

import numpy as np

from model.evaluation.cases import SMALLEST_PROBABILITY, Cases, ask

ECE_BINS = 15


def _weights(count: int, weights: np.ndarray | None) -> np.ndarray:
    return np.ones((1, count)) if weights is None else np.atleast_2d(weights)


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full_like(above, np.nan, dtype=float), where=below > 0)


def weighted_mean(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean of per-case values, shape (r,).

    Parameters
    ----------
    values : ndarray, shape (n,)
        A loss or a hit (0 or 1) of every case.
    weights : ndarray, shape (r, n), optional
    """
    weights = _weights(len(values), weights)
    return _divide(weights @ values, weights.sum(axis=1))


def auc(truth: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the ROC curve: the chance that a yes scores above a no, a tie counting half.

    The scores are sorted once; every weighting then costs one cumulative sum.

    Parameters
    ----------
    truth : ndarray of bool, shape (n,)
    score : ndarray of float, shape (n,)
    weights : ndarray, shape (r, n), optional

    Returns
    -------
    ndarray, shape (r,), range [0, 1]
    """
    weights = _weights(len(truth), weights)
    weight_yes, asked = weights[:, truth], score[truth]
    below, not_above, total = _weight_below(score[~truth], weights[:, ~truth], asked)
    wins = np.einsum("rp,rp->r", weight_yes, below + not_above) / 2
    return _divide(wins, weight_yes.sum(axis=1) * total)


def average_precision(truth: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the precision-recall curve as a sum of steps.

    The mean over cases of yes of the precision at their score; not interpolated, which would be too
    optimistic (Davis and Goadrich, ICML 2006). Parameters and result as for `auc`.
    """
    weights = _weights(len(truth), weights)
    weight_yes, asked = weights[:, truth], score[truth]
    below, _, total = _weight_below(asked, weight_yes, asked)
    found = total[:, None] - below
    below, _, total = _weight_below(score[~truth], weights[:, ~truth], asked)
    called = found + total[:, None] - below
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return _divide(np.einsum("rp,rp->r", weight_yes, precision), weight_yes.sum(axis=1))


def _weight_below(
    score: np.ndarray, weights: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weight of scores below each one asked, of those not above it (r, asked), and of all (r,)."""
    order = np.argsort(score)
    sums = np.zeros((len(weights), len(score) + 1))
    np.cumsum(weights[:, order], axis=1, out=sums[:, 1:])
    below, not_above = (np.searchsorted(score[order], asked, side=side) for side in ("left", "right"))
    return sums[:, below], sums[:, not_above], sums[:, -1]


def recalls(cases: Cases, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the share named rightly of every class that occurs, shape (r, present classes)."""
    weights = _weights(len(cases.targets), weights)
    belongs = (cases.targets[:, None] == cases.present).astype(float)
    return _divide(weights @ (belongs * cases.correct[:, None]), weights @ belongs)


def balanced_accuracy(cases: Cases, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean recall of the classes that occur, shape (r,): the metric of ISIC 2018 and 2019."""
    return recalls(cases, weights).mean(axis=1)


def macro_auc(cases: Cases, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the plain mean of the one-against-rest AUCs of the classes that occur, shape (r,)."""
    questions = [ask(cases, cases.codes[column]) for column in cases.present]
    return np.mean([auc(question.truth, question.score, weights) for question in questions], axis=0)


def squared_errors(cases: Cases) -> np.ndarray:
    """Return the Brier score of every case, range [0, 2], shape (n,): summed over classes (Brier 1950)."""
    wanted = np.eye(len(cases.labels))[cases.targets]
    return ((cases.probabilities - wanted) ** 2).sum(axis=1)


def log_losses(cases: Cases) -> np.ndarray:
    """Return minus the natural logarithm of the true class's probability, shape (n,)."""
    given = cases.probabilities[np.arange(len(cases.targets)), cases.targets]
    return -np.log(given.clip(SMALLEST_PROBABILITY))


def calibration_bins(confidence: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """Return the bin of every confidence, 0 to bins - 1: equal widths on [0, 1], each with its upper edge."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")


def calibration_error(
    confidence: np.ndarray, hits: np.ndarray, weights: np.ndarray | None = None, bins: int = ECE_BINS
) -> np.ndarray:
    """Return the expected calibration error (Guo et al., ICML 2017).

    The mean over bins, by their weight, of the distance between mean confidence and share of hits.

    Parameters
    ----------
    confidence : ndarray, shape (n,), range [0, 1]
        Highest probability of every case, or the probability of yes.
    hits : ndarray of bool, shape (n,)
        Whether that answer was right, or whether yes was.
    weights : ndarray, shape (r, n), optional
    bins : int
        Bins of equal width.

    Returns
    -------
    ndarray, shape (r,), range [0, 1]
    """
    weights = _weights(len(confidence), weights)
    belongs = np.eye(bins)[calibration_bins(confidence, bins)]
    gaps = weights @ (belongs * (confidence - hits)[:, None])
    return _divide(np.abs(gaps).sum(axis=1), weights.sum(axis=1))
