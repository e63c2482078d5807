"""Every figure of merit of a set of predictions, with n and a 95 % interval, as the rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.card import Label
from model.errors import ContractError
from model.evaluation import metrics
from model.evaluation.cases import ALL, CLINICAL_QUESTIONS, MALIGNANT, Cases, ask, read_cases, subjects
from model.evaluation.intervals import (
    RESAMPLES,
    WILSON,
    bootstrap,
    bootstrap_name,
    percentile_interval,
    rate_interval,
)

MALIGNANT_THRESHOLD = 0.5  # summed malignant probability from which the two-way answer is "malignant"
Key = tuple[str, str]  # metric, subject


@dataclass(frozen=True)
class Rate:
    """A share of images: which ones are counted, and which of those are hits.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
        The images in the denominator.
    hits : ndarray of bool, shape (m,)
    """

    rows: np.ndarray
    hits: np.ndarray


def two_way_rates(truth: np.ndarray, flagged: np.ndarray) -> dict[str, Rate]:
    """Return sensitivity, specificity and the predictive values of a yes-or-no answer.

    Parameters
    ----------
    truth, flagged : ndarray of bool, shape (n,)
        The right answer and the one given.
    """
    counted = {
        "sensitivity": (truth, flagged),
        "specificity": (~truth, ~flagged),
        "ppv": (flagged, truth),
        "npv": (~flagged, ~truth),
    }
    return {
        metric: Rate(np.flatnonzero(those), hits[those]) for metric, (those, hits) in counted.items() if those.any()
    }


def rates(cases: Cases) -> dict[Key, Rate]:
    """Return the figures that are shares of images.

    A class counts as called when it is named; malignant when the summed malignant probability
    is `MALIGNANT_THRESHOLD` or more. Sensitivity of a class is its recall, ``ppv`` its precision.
    """
    every = np.arange(len(cases.targets))
    found: dict[Key, Rate] = {("accuracy", ALL): Rate(every, cases.correct)}
    for subject in subjects(cases):
        if subject in CLINICAL_QUESTIONS:
            continue
        question = ask(cases, subject)
        flagged = question.score >= MALIGNANT_THRESHOLD
        if subject in cases.codes:
            flagged = cases.predicted == cases.codes.index(subject)
        else:
            found["two_way_accuracy", subject] = Rate(every, flagged == question.truth)
        found |= {(metric, subject): rate for metric, rate in two_way_rates(question.truth, flagged).items()}
    return found


def scores(cases: Cases, weights: np.ndarray | None = None) -> dict[Key, np.ndarray]:
    """Return the figures that are not plain shares, each of shape (r,).

    Parameters
    ----------
    cases : Cases
    weights : ndarray, shape (r, n), optional
        One row per resample; without it every case counts once and r is 1.
    """
    confidence = cases.probabilities.max(axis=1)
    found = {
        ("balanced_accuracy", ALL): metrics.balanced_accuracy(cases, weights),
        ("macro_auc", ALL): metrics.macro_auc(cases, weights),
        ("brier", ALL): metrics.weighted_mean(metrics.squared_errors(cases), weights),
        ("log_loss", ALL): metrics.weighted_mean(metrics.log_losses(cases), weights),
        ("ece", ALL): metrics.calibration_error(confidence, cases.most_probable == cases.targets, weights),
    }
    for subject in subjects(cases):
        question = ask(cases, subject)
        asked = None if weights is None else weights[:, question.rows]
        found["auc", subject] = metrics.auc(question.truth, question.score, asked)
        found["average_precision", subject] = metrics.average_precision(question.truth, question.score, asked)
        if subject == MALIGNANT:
            found["ece", subject] = metrics.calibration_error(question.score, question.truth, asked)
            found["brier", subject] = metrics.weighted_mean((question.score - question.truth) ** 2, asked)
    return found


def summarise(
    predictions: pd.DataFrame,
    labels: Sequence[Label],
    random: np.random.Generator,
    resamples: int = RESAMPLES,
    by: Sequence[str] = ("dataset", "split"),
) -> pd.DataFrame:
    """Return the rows of ``results/metrics.csv``.

    Every group in the predictions is evaluated separately. Shares of images have Wilson's interval at the effective
    sample size by lesion; all other figures have a percentile bootstrap that draws whole lesions.

    Parameters
    ----------
    predictions : DataFrame
        Columns image_id, lesion_id, label, those of ``by`` and ``p_<code>`` of every class.
    labels : sequence of Label
        The card's labels.
    random : Generator
    resamples : int
    by : sequence of str
        Columns whose values make the groups, for example also a corruption and its severity.

    Returns
    -------
    DataFrame
        The columns of ``by``, then metric, subject, value, low, high, n_images, n_lesions, n_positive, interval.
        ``n_images`` and ``n_lesions`` count what the figure is computed over (its denominator),
        ``n_positive`` the images among them that show the subject; it is empty where the subject is "all".
        A figure that cannot be computed from these cases, such as an AUC where all are of one class, has no row.

    Raises
    ------
    ContractError
        If the predictions are not what `read_cases` accepts.
    """
    tables = []
    for values, part in predictions.groupby(list(by), sort=False):
        table = _summarise_set(read_cases(part, labels), random, resamples)
        tables.append(pd.concat([pd.DataFrame([values] * len(table), columns=list(by)), table], axis=1))
    if not tables:
        raise ContractError("predictions_empty", "The predictions contain no image; score at least one.")
    return pd.concat(tables, ignore_index=True)


def _summarise_set(cases: Cases, random: np.random.Generator, resamples: int) -> pd.DataFrame:
    rows = [
        _row(
            cases,
            key,
            rate.rows,
            rate.hits.mean(),
            rate_interval(rate.hits, cases.lesions[rate.rows]),
            WILSON,
        )
        for key, rate in rates(cases).items()
    ]
    values = scores(cases)
    replicates = bootstrap(
        lambda weights: np.stack(list(scores(cases, weights).values()), axis=1),
        cases.lesions,
        random,
        resamples,
    )
    for key, *interval in zip(values, *percentile_interval(replicates), strict=True):
        asked = np.arange(len(cases.targets)) if key[1] == ALL else ask(cases, key[1]).rows
        rows.append(_row(cases, key, asked, values[key].item(), interval, bootstrap_name(resamples)))
    return pd.DataFrame(rows).dropna(subset="value", ignore_index=True).astype({"n_positive": "Int64"})


def _row(cases: Cases, key: Key, rows: np.ndarray, value: float, interval: Sequence[float], method: str) -> dict:
    metric, subject = key
    positive = None
    if subject != ALL:
        question = ask(cases, subject)
        positive = int(np.isin(rows, question.rows[question.truth]).sum())
    return {
        "metric": metric,
        "subject": subject,
        "value": float(value),
        "low": float(interval[0]),
        "high": float(interval[1]),
        "n_images": len(rows),
        "n_lesions": len(np.unique(cases.lesions[rows])),
        "n_positive": positive,
        "interval": method,
    }
