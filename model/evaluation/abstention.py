"""What leaving the least certain answers out would change, and what it would not."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from model.card import Card
from model.decision import MALIGNANT, MELANOMA, weigh
from model.evaluation.cases import ALL, Cases, read_cases
from model.evaluation.intervals import WILSON, bootstrap, bootstrap_name, percentile_interval, rate_interval

COVERAGES = tuple(share / 20 for share in range(20, 7, -1))  # 100 % of the answers down to 40 %
RESAMPLES = 1000


def measure_abstention(
    predictions: pd.DataFrame, card: Card, log_offsets: np.ndarray, random: np.random.Generator
) -> pd.DataFrame:
    """Return the rows of ``results/abstention.csv``: the most certain answers of each set, fewer and fewer.

    Certainty is the highest probability; the diagnosis is named by the decision rule.

    Returns
    -------
    DataFrame
        dataset, split, coverage, metric, subject, value, low, high, n_images, n_lesions, interval.
        ``balanced_accuracy`` and ``sensitivity`` of melanoma and malignant are those among the images answered;
        ``missed`` counts, of all malignant images of the set, those answered and named benign.
    """
    rows = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, card.labels)
        named = weigh(cases.probabilities, log_offsets).argmax(axis=1)
        order = np.argsort(-cases.probabilities.max(axis=1), kind="stable")
        for coverage in COVERAGES:
            answered = np.zeros(len(order), bool)
            answered[order[: round(coverage * len(order))]] = True
            base = {"dataset": dataset, "split": split, "coverage": coverage}
            rows += [base | row for row in _measured(cases, named, answered, random)]
    return pd.DataFrame(rows)


def _measured(cases: Cases, named: np.ndarray, answered: np.ndarray, random: np.random.Generator) -> Iterator[dict]:
    flagged = np.array([label.malignant for label in cases.labels])
    malignant, melanoma = flagged[cases.targets], _is(cases, MELANOMA)
    yield _balanced(cases, named, answered, random)
    if (malignant & answered).any():
        yield _row("sensitivity", MALIGNANT, flagged[named][malignant & answered], cases.lesions[malignant & answered])
        missed = (answered & ~flagged[named])[malignant]
        yield _row("missed", MALIGNANT, missed, cases.lesions[malignant])
    if (melanoma & answered).any():
        hits = _is_named(cases, named, MELANOMA)[melanoma & answered]
        yield _row("sensitivity", MELANOMA, hits, cases.lesions[melanoma & answered])


def _is(cases: Cases, code: str) -> np.ndarray:
    return cases.targets == cases.codes.index(code) if code in cases.codes else np.zeros(len(cases.targets), bool)


def _is_named(cases: Cases, named: np.ndarray, code: str) -> np.ndarray:
    return named == cases.codes.index(code)


def _balanced(cases: Cases, named: np.ndarray, answered: np.ndarray, random: np.random.Generator) -> dict:
    truth, hit, lesions = cases.targets[answered], (named == cases.targets)[answered], cases.lesions[answered]
    classes = [truth == place for place in np.unique(truth)]

    def mean(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.mean([weights @ (hit & here) / (weights @ here) for here in classes], axis=0)[:, None]

    low, high = (value.item() for value in percentile_interval(bootstrap(mean, lesions, random, RESAMPLES)))
    value = mean(np.ones((1, len(hit)))).item()
    return {"metric": "balanced_accuracy", "subject": ALL, "value": value, "low": low, "high": high,
            "n_images": len(hit), "n_lesions": len(np.unique(lesions)),
            "interval": bootstrap_name(RESAMPLES)}  # fmt: skip


def _row(metric: str, subject: str, hits: np.ndarray, lesions: np.ndarray) -> dict:
    low, high = rate_interval(hits, lesions)
    return {"metric": metric, "subject": subject, "value": hits.mean(), "low": low, "high": high,
            "n_images": len(hits), "n_lesions": len(np.unique(lesions)), "interval": WILSON}  # fmt: skip
