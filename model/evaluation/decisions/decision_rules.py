"""Which diagnosis is named: the rule that weights probabilities by harm, fitted and measured separately.

The probabilities do not change, nor do AUC and calibration: only the named diagnosis changes. The separation of harms
from probabilities follows Barata et al., Nature Medicine 29:1941 (2023).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from model.answer.decision import MELANOMA, TIE, weigh
from model.card import Card, Label
from model.evaluation.cases import ALL, MALIGNANT, Cases, read_cases
from model.evaluation.intervals import rate_figure, resampled_figure
from model.evaluation.metrics import balanced_accuracy

MOST_PROBABLE, BALANCED_RULE = "most_probable", "balanced"
HARMS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)  # one missed melanoma counts as this many other mistakes
# Powers of a class's share in training that are divided out (Menon et al. 2021).
EXPONENTS = tuple(np.arange(19) / 20)
REACHED = (
    "melanoma_named",
    "benign_spared",
    "balanced_accuracy",
)  # on validation; the first in the set that has least, the last as mean over the sets
LEAST_MELANOMA = 0.77  # melanomas named on validation of every set
LEAST_SPECIFICITY = 0.84  # benign images named benign on validation of the first set


def fit_rule(validation: pd.DataFrame, labels: Sequence[Label], shares: np.ndarray) -> dict:
    """Return the card's entry "decision", chosen on validation predictions.

    Of all rules that name `LEAST_MELANOMA` of the melanomas of every set and spare `LEAST_SPECIFICITY` of the benign
    images, the one with the highest balanced accuracy, mean over the sets; without such a rule, the one that misses
    these limits least. The entry records what was reached, so that it shows whether the rule meets the limits.

    Parameters
    ----------
    validation : DataFrame
        Rows of results/predictions.csv, the set that the model is calibrated on first.
    shares : ndarray, shape (classes,)
        Of each class among the training images of that set.
    """
    sets = [read_cases(part, labels) for _, part in validation.groupby("dataset", sort=False)]
    tried = [_judge(sets, labels, shares, harm, exponent) for harm, exponent in product(HARMS, EXPONENTS)]
    best = max(tried, key=lambda rule: (-rule["lacking"], rule["balanced_accuracy"]))
    return {
        "rule": BALANCED_RULE,
        "method": "probability times harm of missing the class, divided by a power of its share in training",
        "harms": {label.code: best["harm"] if label.code == MELANOMA else 1.0 for label in labels},
        "share_exponent": best["exponent"],
        "log_offsets": [round(float(value), 6) for value in best["offsets"]],
        "chosen_for": f"the highest mean balanced accuracy of the sets with {LEAST_MELANOMA:.0%} of melanomas in each "
        f"and, in {validation.dataset.iloc[0]}, {LEAST_SPECIFICITY:.0%} of benign images named so",
        "reached": {name: round(float(best[name]), 4) for name in REACHED} | {"as_wanted": bool(best["lacking"] == 0)},
        "near_tie": near_tie(sets, best["offsets"]),
        "fitted_on": "validation",
        "datasets": list(validation.dataset.unique()),
        "n_images": len(validation),
        "n_lesions": int(validation.lesion_id.nunique()),
    }


def _judge(sets: list[Cases], labels: Sequence[Label], shares: np.ndarray, harm: float, exponent: float) -> dict:
    harms = np.array([harm if label.code == MELANOMA else 1.0 for label in labels])
    log_offsets = np.log(harms) - exponent * np.log(shares)
    judged = [by_rule(cases, log_offsets) for cases in sets]
    figures = [_figures(cases) for cases in judged]
    named = [found["sensitivity", MELANOMA].mean() for found in figures if ("sensitivity", MELANOMA) in found]
    melanoma = min(named, default=np.nan)
    spared = figures[0]["specificity", MALIGNANT].mean()
    return {
        "harm": harm,
        "exponent": exponent,
        "offsets": log_offsets,
        "melanoma_named": melanoma,
        "benign_spared": spared,
        "balanced_accuracy": np.mean([balanced_accuracy(cases).item() for cases in judged]),
        "lacking": max(0.0, LEAST_MELANOMA - melanoma) + max(0.0, LEAST_SPECIFICITY - spared),
    }


def near_tie(sets: Sequence[Cases], log_offsets: np.ndarray) -> dict:
    """Return from which ratio two diagnoses are called a near tie, and how often either was right there.

    Parameters
    ----------
    sets : sequence of Cases
        Validation images.
    log_offsets : ndarray, shape (classes,)
    """
    images, named_right, second_right = 0, 0, 0
    for cases in sets:
        weighed = weigh(cases.probabilities, log_offsets)
        second, named = np.argsort(weighed, axis=1)[:, -2:].T
        every = np.arange(len(weighed))
        tied = weighed[every, second] >= TIE * weighed[every, named]
        images += int(tied.sum())
        named_right += int((named == cases.targets)[tied].sum())
        second_right += int((second == cases.targets)[tied].sum())
    return {"ratio": TIE, "n_images": images, "named_right": named_right, "second_right": second_right}


def by_rule(cases: Cases, log_offsets: np.ndarray) -> Cases:
    """Return the cases as the rule names them; their probabilities stay."""
    return replace(cases, named=weigh(cases.probabilities, log_offsets).argmax(axis=1))


def _figures(cases: Cases) -> dict[tuple[str, str], np.ndarray]:
    """Return hits of the images in each figure's denominator."""
    malignant = cases.malignant
    truth, called = malignant[cases.targets], malignant[cases.predicted]
    found = {("accuracy", ALL): cases.correct}
    for place in cases.present:
        found["sensitivity", cases.codes[place]] = cases.correct[cases.targets == place]
    if truth.any() and not truth.all():
        found["sensitivity", MALIGNANT], found["specificity", MALIGNANT] = called[truth], ~called[~truth]
    return found


def _rows(cases: Cases, key: tuple[str, str]) -> np.ndarray:
    malignant = cases.malignant[cases.targets]
    metric, subject = key
    if subject == ALL:
        return np.arange(len(cases.targets))
    if subject == MALIGNANT:
        return np.flatnonzero(malignant if metric == "sensitivity" else ~malignant)
    return np.flatnonzero(cases.targets == cases.codes.index(subject))


def measure_rules(predictions: pd.DataFrame, card: Card, log_offsets: np.ndarray, random: np.random.Generator):
    """Return both rules' figures in every set: the rows of ``results/decision_rules.csv``.

    Returns
    -------
    DataFrame
        dataset, split, rule, metric (accuracy, balanced_accuracy, sensitivity, specificity), subject, value, low, high,
        n_images, n_lesions, interval. Sensitivity of a class is the share of its images that are named so.
    """
    rules, rows = {MOST_PROBABLE: np.zeros(len(card.labels)), BALANCED_RULE: log_offsets}, []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, card.labels)
        for rule, values in rules.items():
            base = {"dataset": dataset, "split": split, "rule": rule}
            rows += [base | row for row in _measured(by_rule(cases, values), random)]
    return pd.DataFrame(rows)


def _measured(cases: Cases, random: np.random.Generator) -> list[dict]:
    rows = [
        {"metric": key[0], "subject": key[1], **rate_figure(hits, cases.lesions[_rows(cases, key)])}
        for key, hits in _figures(cases).items()
    ]
    balanced = resampled_figure(partial(balanced_accuracy, cases), cases.lesions, random)
    return [*rows, {"metric": "balanced_accuracy", "subject": ALL, **balanced}]
