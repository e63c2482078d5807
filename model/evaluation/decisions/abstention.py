"""What changes if the least certain answers are left out, and what does not."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from model.answer.decision import MALIGNANT, MELANOMA
from model.card import Card
from model.evaluation.cases import ALL, Cases, read_cases
from model.evaluation.decisions.decision_rules import by_rule
from model.evaluation.intervals import rate_figure, resampled_figure
from model.evaluation.metrics import balanced_accuracy

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
        judged = by_rule(cases, log_offsets)
        order = np.argsort(-cases.probabilities.max(axis=1), kind="stable")
        for coverage in COVERAGES:
            answered = np.zeros(len(order), bool)
            answered[order[: max(1, round(coverage * len(order)))]] = True
            base = {"dataset": dataset, "split": split, "coverage": coverage}
            rows += [base | row for row in _measured(judged, answered, random)]
    return pd.DataFrame(rows)


def _measured(cases: Cases, answered: np.ndarray, random: np.random.Generator) -> Iterator[dict]:
    flagged = cases.malignant
    malignant, called = flagged[cases.targets], flagged[cases.predicted]
    melanoma = np.array(cases.codes)[cases.targets] == MELANOMA
    part = cases.part(answered)
    balanced = resampled_figure(partial(balanced_accuracy, part), part.lesions, random, RESAMPLES)
    yield {"metric": "balanced_accuracy", "subject": ALL, **balanced}
    figures = {
        ("sensitivity", MALIGNANT): (called, malignant & answered),
        ("missed", MALIGNANT): (answered & ~called, malignant),
        ("sensitivity", MELANOMA): (cases.correct, melanoma & answered),
    }
    for (metric, subject), (hits, those) in figures.items():
        if (those & answered).any():
            yield {"metric": metric, "subject": subject, **rate_figure(hits[those], cases.lesions[those])}
