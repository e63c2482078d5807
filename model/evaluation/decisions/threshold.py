"""Results of one threshold for patients, at any prevalence."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.errors import ContractError
from model.evaluation.cases import Question
from model.evaluation.curves import precision_at
from model.evaluation.intervals import WILSON, Z, effective_size, rate_interval

Estimate = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True)
class TwoWay:
    """Sensitivity and specificity of a yes-or-no answer, and how much evidence each rests on.

    Parameters
    ----------
    sensitivity, specificity : tuple of float
        Value, low, high; Wilson's 95 % interval at the effective sample size.
    size_yes, size_no : float
        Effective sample sizes: how many independent images each is worth.
    images, lesions : tuple of int
        Among cases where the right answer is yes, and where it is no.
    """

    sensitivity: Estimate
    specificity: Estimate
    size_yes: float
    size_no: float
    images: tuple[int, int]
    lesions: tuple[int, int]


def two_way(question: Question, threshold: float) -> TwoWay:
    """Answer yes at or above a threshold and measure how often that is right.

    Raises
    ------
    ContractError
        If the question has no case of one of the answers.
    """
    if not question.answerable:
        raise ContractError("one_sided_cases", "A threshold needs cases of both answers; this set has only one.")
    called, found = question.score >= threshold, {}
    for answer in (True, False):
        asked = question.truth == answer
        hits, lesions = called[asked] == answer, question.lesions[asked]
        rate = (float(hits.mean()), *rate_interval(hits, lesions))
        found[answer] = (rate, effective_size(hits, lesions), len(hits), len(np.unique(lesions)))
    (sensitivity, size_yes, *_), (specificity, size_no, *_) = found[True], found[False]
    images, lesions = zip(found[True][2:], found[False][2:], strict=True)
    return TwoWay(sensitivity, specificity, size_yes, size_no, images, lesions)


def predictive_values(rates: TwoWay, prevalence: float) -> dict[str, Estimate]:
    """Return PPV, NPV and the number needed to biopsy at a prevalence, with 95 % intervals.

    Intervals are Mercaldo's on the logit scale (Mercaldo, Lau and Zhou, Stat Med 26:2170, 2007), at effective
    sample sizes; where a sensitivity or specificity is 0 or 1, its adjusted form (half of 1.96 squared added to
    hits and to misses) is used, widened to contain the value. The prevalence is taken as known. The number needed to
    biopsy is 1 / PPV: lesions removed for one that shows the condition.

    Raises
    ------
    ContractError
        If the prevalence is not above 0 and below 1.
    """
    _check_prevalence(prevalence)
    yes, no = rates.sensitivity[0], rates.specificity[0]
    ppv = _logit_interval(yes, rates.size_yes, 1 - no, rates.size_no, prevalence)
    npv = _logit_interval(no, rates.size_no, 1 - yes, rates.size_yes, 1 - prevalence)
    with np.errstate(divide="ignore"):
        needed, fewest, most = (float(1 / np.float64(ppv[at])) for at in (0, 2, 1))
    return {"ppv": ppv, "npv": npv, "number_needed_to_biopsy": (needed, fewest, most)}


def _logit_interval(true_share: float, size_true: float, false_share: float, size_false: float, prior: float):
    """Return the share of right answers among those given, from the share of cases that get it in each group."""
    value = float(precision_at(np.float64(true_share), np.float64(false_share), prior))
    if np.isnan(value):
        return value, value, value
    if {true_share, false_share} & {0.0, 1.0}:
        true_share, false_share = (
            (share * size + Z**2 / 2) / (size + Z**2)
            for share, size in ((true_share, size_true), (false_share, size_false))
        )
        size_true, size_false = size_true + Z**2, size_false + Z**2
    centre = np.log(true_share * prior / (false_share * (1 - prior)))
    variance = (1 - true_share) / (true_share * size_true) + (1 - false_share) / (false_share * size_false)
    low, high = (1 / (1 + np.exp(-(centre + side * Z * np.sqrt(variance)))) for side in (-1, 1))
    return value, min(value, float(low)), max(value, float(high))


def _check_prevalence(prevalence: float) -> None:
    if not 0 < prevalence < 1:
        raise ContractError("prevalence_range", f"A prevalence must be above 0 and below 1, not {prevalence}.")


def threshold_table(question: Question, threshold: float, prevalence: float) -> pd.DataFrame:
    """Return every figure of a threshold with its interval and n.

    Returns
    -------
    DataFrame
        metric, value, low, high, n_images, n_lesions, interval; predictive values are for the given prevalence.
    """
    rates = two_way(question, threshold)
    everyone = (len(question.truth), len(np.unique(question.lesions)))
    rows = [
        ("sensitivity", *rates.sensitivity, rates.images[0], rates.lesions[0], WILSON),
        ("specificity", *rates.specificity, rates.images[1], rates.lesions[1], WILSON),
    ]
    for metric, estimate in predictive_values(rates, prevalence).items():
        rows.append((metric, *estimate, *everyone, "mercaldo logit by lesion"))
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high", "n_images", "n_lesions", "interval"])


def clinic_table(rates: TwoWay, prevalence: float) -> pd.DataFrame:
    """Return the outcomes of 1,000 lesions if every yes is biopsied and no other lesion is.

    Sensitivity and specificity are those measured, their intervals Wilson's; the prevalence is taken as known.
    The interval of the biopsies in all combines the two (MOVER; Zou and Donner, Stat Med 27:1693, 2008).

    Returns
    -------
    DataFrame
        outcome (found, missed, benign_biopsied, benign_spared, biopsies), value, low, high, in lesions.
    """
    _check_prevalence(prevalence)
    ill, well = 1000 * prevalence, 1000 * (1 - prevalence)
    found = ill * np.array(rates.sensitivity)
    spared = well * np.array(rates.specificity)
    biopsied = (well - spared)[[0, 2, 1]]
    value = found[0] + biopsied[0]
    low, high = (
        value + side * np.hypot(found[at] - found[0], biopsied[at] - biopsied[0]) for side, at in ((-1, 1), (1, 2))
    )
    rows: dict[str, Iterable[float]] = {
        "found": found,
        "missed": (ill - found)[[0, 2, 1]],
        "benign_biopsied": biopsied,
        "benign_spared": spared,
        "biopsies": (value, low, high),
    }
    return pd.DataFrame([(name, *row) for name, row in rows.items()], columns=["outcome", "value", "low", "high"])
