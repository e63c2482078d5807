"""ROC and precision-recall curves, with bands from resampling lesions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.evaluation.cases import Question
from model.evaluation.intervals import RESAMPLES, bootstrap, percentile_interval

GRID = np.linspace(0, 1, 101)  # false positive rates, or sensitivities, at which a band is given
SLACK = 1e-9  # for rounding; at a sensitivity of 0 precision is that of the first case found


@dataclass(frozen=True)
class Walk:
    """Sensitivity and false positive rate as the threshold falls from above the highest score to the lowest.

    Parameters
    ----------
    thresholds : ndarray, shape (k + 1,)
        Infinity, then every distinct score, descending; the answer is yes at or above it.
    sensitivity, false_positive_rate : ndarray, shape (r, k + 1)
        Rising from 0 to 1, one row per weighting.
    """

    thresholds: np.ndarray
    sensitivity: np.ndarray
    false_positive_rate: np.ndarray


def walk(question: Question, weights: np.ndarray | None = None) -> Walk:
    """Lower the threshold through every distinct score.

    Parameters
    ----------
    question : Question
    weights : ndarray, shape (r, m), optional
        One row per resample, one column per case of the question; without it every case counts once and r is 1.
    """
    weights = np.ones((1, len(question.truth))) if weights is None else np.atleast_2d(weights)
    order = np.argsort(-question.score, kind="stable")
    score, truth = question.score[order], question.truth[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    shares = []
    for kind in (truth, ~truth):
        reached = np.zeros((len(weights), len(last_of_tie) + 1))
        reached[:, 1:] = np.cumsum(weights[:, order] * kind, axis=1)[:, last_of_tie]
        with np.errstate(invalid="ignore"):  # a resample without one of the answers is undefined
            shares.append(reached / reached[:, -1:])
    return Walk(np.append(np.inf, score[last_of_tie]), *shares)


def precision_at(
    sensitivity: float | np.ndarray, false_positive_rate: float | np.ndarray, prevalence: float | np.ndarray
) -> np.ndarray:
    """Return the share of yes among those answered yes, by Bayes' rule; NaN where no answer is yes."""
    found = np.asarray(sensitivity * prevalence, dtype=float)
    called = found + false_positive_rate * (1 - prevalence)
    return np.divide(found, called, out=np.full_like(called, np.nan), where=called > 0)


def move_prevalence(probability: np.ndarray, given: float | np.ndarray, wanted: float) -> np.ndarray:
    """Convert a probability, or a precision, from one prevalence to another by Bayes' rule.

    The likelihood ratio behind it stays the same; the odds change by the ratio of the two prior odds (Saerens et
    al., Neural Comput 14:21, 2002).

    Parameters
    ----------
    probability : ndarray, range [0, 1]
    given, wanted : float
        Prevalence at which it is given, and the one wanted; above 0 and below 1.
    """
    factor = wanted / (1 - wanted) / (given / (1 - given))
    return probability * factor / (probability * factor + 1 - probability)


def curve_points(question: Question, prevalence: float | None = None) -> pd.DataFrame:
    """Return both curves of a question, point by point.

    Parameters
    ----------
    question : Question
        With at least one case of each answer.
    prevalence : float, optional
        At which precision is given; that of the cases when left out.

    Returns
    -------
    DataFrame
        threshold, sensitivity, false_positive_rate, precision (NaN at the first point, where no answer is yes).
    """
    path = walk(question)
    prevalence = question.truth.mean() if prevalence is None else prevalence
    sensitivity, false_positive_rate = path.sensitivity[0], path.false_positive_rate[0]
    return pd.DataFrame(
        {
            "threshold": path.thresholds,
            "sensitivity": sensitivity,
            "false_positive_rate": false_positive_rate,
            "precision": precision_at(sensitivity, false_positive_rate, prevalence),
        }
    )


def sensitivity_on_grid(path: Walk, grid: np.ndarray = GRID) -> np.ndarray:
    """Return the sensitivity at given false positive rates, straight lines between points, shape (r, grid)."""
    rows = zip(path.false_positive_rate, path.sensitivity, strict=True)
    return np.array([np.interp(grid, *row) for row in rows])


def precision_on_grid(path: Walk, prevalence: float, grid: np.ndarray = GRID) -> np.ndarray:
    """Return the precision where a sensitivity is first reached, at a fixed prevalence, shape (r, grid)."""
    reached = np.array([np.searchsorted(row, grid.clip(SLACK) - SLACK / 2) for row in path.sensitivity])
    reached = reached.clip(1, len(path.thresholds) - 1)
    found, called = (np.take_along_axis(rate, reached, axis=1) for rate in (path.sensitivity, path.false_positive_rate))
    return precision_at(found, called, prevalence)


def curve_bands(question: Question, random: np.random.Generator, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return pointwise 95 % bands of both curves on a grid.

    The precision band applies to the prevalence of the cases, which is fixed while lesions are resampled, so that
    `move_prevalence` converts it exactly to any other.

    Returns
    -------
    DataFrame
        curve ("roc" or "precision_recall"), x (false positive rate or sensitivity), value, low, high.
    """
    prevalence = question.truth.mean()

    def both(weights: np.ndarray | None) -> np.ndarray:
        path = walk(question, weights)
        return np.stack([sensitivity_on_grid(path), precision_on_grid(path, prevalence)], axis=1)

    value = both(None)[0]
    low, high = percentile_interval(bootstrap(both, question.lesions, random, resamples))
    bands = [
        pd.DataFrame({"curve": name, "x": GRID, "value": value[row], "low": low[row], "high": high[row]})
        for row, name in enumerate(["roc", "precision_recall"])
    ]
    return pd.concat(bands, ignore_index=True)
