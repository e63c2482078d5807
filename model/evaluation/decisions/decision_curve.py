"""Decision curves: the net benefit of acting on a probability, in true positives (Vickers and Elkin 2006)."""

import numpy as np
import pandas as pd

from model.evaluation.cases import Question
from model.evaluation.intervals import RESAMPLES, bootstrap, percentile_interval

THRESHOLDS = np.arange(1, 100) / 100  # probabilities from which a person would act


def net_benefit(
    question: Question,
    thresholds: np.ndarray = THRESHOLDS,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Return true positives per image, minus false positives weighted by the odds of the threshold.

    To act from a probability of 10 % is to accept nine false positives for one true positive (Vickers, van Calster
    and Steyerberg, Diagn Progn Res 3:18, 2019).

    Parameters
    ----------
    question : Question
    thresholds : ndarray, shape (t,), above 0 and below 1
        The answer is yes where the score is at or above it.
    weights : ndarray, shape (r, m), optional
        One row per resample; without it every case counts once and r is 1.

    Returns
    -------
    ndarray, shape (r, t)
    """
    weights = np.ones((1, len(question.truth))) if weights is None else np.atleast_2d(weights)
    called = (question.score[:, None] >= thresholds).astype(float)
    shares, totals = [], []
    for kind in (question.truth, ~question.truth):
        totals.append((weights @ kind)[:, None])
        with np.errstate(invalid="ignore"):  # a resample without one of the answers is undefined
            shares.append(weights @ (called * kind[:, None]) / totals[-1])
    share_of_yes = totals[0] / (totals[0] + totals[1])
    return shares[0] * share_of_yes - shares[1] * (1 - share_of_yes) * thresholds / (1 - thresholds)


def decision_curve(
    question: Question,
    random: np.random.Generator,
    thresholds: np.ndarray = THRESHOLDS,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the net benefit of following the model, and of treat-all and treat-none.

    Returns
    -------
    DataFrame
        threshold, value, low, high (95 %, lesions resampled), treat_all, treat_none; in true positives per image.
    """
    value = net_benefit(question, thresholds)[0]
    low, high = percentile_interval(
        bootstrap(
            lambda weights: net_benefit(question, thresholds, weights),
            question.lesions,
            random,
            resamples,
        )
    )
    curve = pd.DataFrame({"threshold": thresholds, "value": value, "low": low, "high": high})
    return with_simple_rules(curve, question.truth.mean())


def with_simple_rules(curve: pd.DataFrame, prevalence: float) -> pd.DataFrame:
    """Return a decision curve with the net benefit of acting on all (treat_all) and on none (treat_none)."""
    odds = curve["threshold"] / (1 - curve["threshold"])
    return curve.assign(treat_all=prevalence - (1 - prevalence) * odds, treat_none=0.0)
