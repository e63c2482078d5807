"""Calibration: temperature scaling, reliability in bins, and figures before and after temperature scaling."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from model.card import COOLEST, HOTTEST
from model.evaluation.cases import ALL, Cases, ask
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval, rate_interval
from model.evaluation.metrics import (
    ECE_BINS,
    calibration_bins,
    calibration_error,
    log_losses,
    squared_errors,
    weighted_mean,
)


@dataclass(frozen=True)
class Temperature:
    """A fitted temperature and the mean log loss without and with it, in nats."""

    value: float
    loss_before: float
    loss_after: float


def mean_log_loss(logits: np.ndarray, targets: np.ndarray, temperature: float = 1.0) -> float:
    """Return the mean negative log-likelihood of the true classes, in nats.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes)
    targets : ndarray of int, shape (n,)
        Index of the true class.
    temperature : float
        What the logits are divided by, greater than 0.
    """
    log_probabilities = log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
    return float(-log_probabilities[np.arange(len(targets)), targets].mean())


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> Temperature:
    """Find the temperature with the least log loss (Guo et al., ICML 2017).

    The loss is convex in 1 / temperature, so the one minimum between `COOLEST` and `HOTTEST` is found; where
    the loss keeps falling (no case is wrong), the value stops near that end.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes)
        Of the validation images, views already averaged.
    targets : ndarray of int, shape (n,)
    """
    fitted = minimize_scalar(
        lambda inverse: mean_log_loss(logits, targets, 1 / inverse),
        bounds=(1 / HOTTEST, 1 / COOLEST),
        method="bounded",
        options={"xatol": 1e-7},
    )
    value = float(1 / fitted.x)
    return Temperature(value, mean_log_loss(logits, targets), mean_log_loss(logits, targets, value))


def undo_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities as they were before a temperature was applied.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n, classes)
        Calibrated; rows sum to 1.
    temperature : float
        The one they were made with.
    """
    raised = np.asarray(probabilities, dtype=np.float64) ** temperature
    return raised / raised.sum(axis=1, keepdims=True)


def uncalibrated(cases: Cases, temperature: float) -> Cases:
    """Return the cases with the probabilities they had before a temperature was applied."""
    return dataclasses.replace(cases, probabilities=undo_temperature(cases.probabilities, temperature))


def confidence_and_hits(cases: Cases, subject: str = ALL) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the probabilities, the outcomes and the lesions, each of shape (m,).

    For ``all``: the highest probability and whether its class was right; for a question: the probability of yes
    and whether the answer was yes.
    """
    if subject == ALL:
        return cases.probabilities.max(axis=1), cases.most_probable == cases.targets, cases.lesions
    question = ask(cases, subject)
    return question.score, question.truth, question.lesions


def reliability_table(cases: Cases, subject: str = ALL, bins: int = ECE_BINS) -> pd.DataFrame:
    """Return the reliability diagram's bins.

    Parameters
    ----------
    cases : Cases
    subject : str
        ``all`` for the most probable class, or a question.
    bins : int
        Bins of equal width on [0, 1], each with its upper edge.

    Returns
    -------
    DataFrame
        bin_low, bin_high, n_images, n_lesions, confidence (mean), share (of hits), low, high (Wilson's 95 %
        interval at the effective sample size); NaN in a bin without images.
    """
    confidence, hits, lesions = confidence_and_hits(cases, subject)
    member, edges, rows = calibration_bins(confidence, bins), np.linspace(0, 1, bins + 1), []
    for number in range(bins):
        inside = member == number
        count = int(inside.sum())
        means = (confidence[inside].mean(), hits[inside].mean()) if count else (np.nan, np.nan)
        interval = rate_interval(hits[inside], lesions[inside])
        rows.append((edges[number], edges[number + 1], count, len(np.unique(lesions[inside])), *means, *interval))
    columns = ["bin_low", "bin_high", "n_images", "n_lesions", "confidence", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def error_by_chance(
    confidence: np.ndarray, random: np.random.Generator, draws: int = 1000
) -> tuple[float, float, float]:
    """Return the calibration error that would be found if every probability were right, on as many cases.

    The error is a sum of absolute values, so chance alone makes it positive, the more so the fewer the cases. Outcomes
    are drawn from the probabilities themselves (Vaicenavicius et al., AISTATS 2019), images as if each were a lesion.

    Parameters
    ----------
    confidence : ndarray, shape (n,), range [0, 1]
    random : Generator
    draws : int

    Returns
    -------
    mean, low, high : float
        Range [0, 1]; 95 % of the draws lie between low and high.
    """
    count = len(confidence)
    belongs = np.eye(ECE_BINS)[calibration_bins(confidence, ECE_BINS)]  # made once: a page draws on each visit
    gaps = [(confidence - (random.random(count) < confidence)) @ belongs for _ in range(draws)]
    errors = np.abs(gaps).sum(axis=1) / count
    low, high = np.quantile(errors, [0.025, 0.975])
    return float(np.mean(errors)), float(low), float(high)


def calibration_figures(
    cases: Cases, temperature: float, random: np.random.Generator, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Return calibration error, Brier score and log loss before and after temperature, and the paired change.

    Parameters
    ----------
    cases : Cases
        With the probabilities as served, after the temperature.
    temperature : float
        The card's.

    Returns
    -------
    DataFrame
        metric, state ("before", "after", "change": after minus before), value, low, high, n_images, n_lesions,
        interval.
    """
    states = (uncalibrated(cases, temperature), cases)

    def figures(weights: np.ndarray | None) -> np.ndarray:
        before, after = (_figures(state, weights) for state in states)
        return np.stack([before, after, after - before], axis=2)

    value = figures(None)[0]
    low, high = percentile_interval(bootstrap(figures, cases.lesions, random, resamples))
    names = pd.MultiIndex.from_product(
        [["ece", "brier", "log_loss"], ["before", "after", "change"]], names=["metric", "state"]
    )
    table = names.to_frame(index=False).assign(value=value.ravel(), low=low.ravel(), high=high.ravel())
    return table.assign(
        n_images=len(cases.targets),
        n_lesions=len(np.unique(cases.lesions)),
        interval=bootstrap_name(resamples),
    )


def _figures(cases: Cases, weights: np.ndarray | None) -> np.ndarray:
    confidence, hits, _ = confidence_and_hits(cases)
    found = [
        calibration_error(confidence, hits, weights),
        weighted_mean(squared_errors(cases), weights),
        weighted_mean(log_losses(cases), weights),
    ]
    return np.stack(found, axis=1)
