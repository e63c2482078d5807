"""Which diagnoses cannot be told apart: conformal prediction sets with one limit per side.

Least ambiguous sets (Sadinle, Lei and Wasserman, JASA 114:223, 2019): a class is in the set where its probability
reaches a limit. The limits are quantiles of the probability of the true class on validation, one over the malignant
and one over the benign images (class-conditional conformal prediction; Vovk 2012), so that a rare malignant lesion is
covered as often as a common benign one. The level applies to lesions like those of validation, not to another clinic.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from model.answer.decision import BENIGN, MALIGNANT, MELANOMA
from model.card import Card
from model.evaluation.cases import ALL, Cases, read_cases
from model.evaluation.intervals import percentile_interval, rate_figure, resampled_figure
from model.evaluation.metrics import weighted_mean

LEVELS = (0.90, 0.95)
YOUNG = 40  # years; below it every network measured so far tells malignant from benign less well
YOUNG_SUBJECT = f"under {YOUNG} years"
MALIGNANT_YOUNG = f"{MALIGNANT}, {YOUNG_SUBJECT}"
HALF = "validation_half"  # limits fitted on one half of the validation lesions, measured on the other
HALVINGS = 200  # one alone depends on luck: of 2,000, malignant coverage at .90 was between .76 and .99
RESAMPLES = 1000


def fit_limits(cases: Cases, levels: Sequence[float] = LEVELS) -> list[dict]:
    """Return for each level the least probability of a malignant and of a benign class in a set."""
    malignant = cases.malignant[cases.targets]
    true_class = cases.probabilities[np.arange(len(cases.targets)), cases.targets]
    sides = {MALIGNANT: true_class[malignant], BENIGN: true_class[~malignant]}
    return [
        {"level": level} | {side: _lower_quantile(values, 1 - level) for side, values in sides.items()}
        for level in levels
    ]


def _lower_quantile(values: np.ndarray, missed: float) -> float:
    """Return the score below which at most a share ``missed`` of new cases is: the floor(missed (n + 1))-th smallest.

    0, which lets every class in, where there are too few cases for the level.
    """
    place = int(np.floor(missed * (len(values) + 1) + 1e-9))  # .1 of ten cases is one, 1 - .9 of them is not
    return float(np.sort(values)[place - 1]) if place else 0.0


def sets_of(cases: Cases, limits: dict) -> np.ndarray:
    """Return which classes are in each case's set: ndarray of bool, shape (n, classes); see `model.answer.decision`."""
    least = np.array([limits[MALIGNANT if label.malignant else BENIGN] for label in cases.labels])
    inside = cases.probabilities >= least
    empty = ~inside.any(axis=1)
    inside[empty, cases.most_probable[empty]] = True
    return inside


def measure_sets(
    predictions: pd.DataFrame, card: Card, levels: list[dict], random: np.random.Generator
) -> pd.DataFrame:
    """Return the rows of ``results/prediction_sets.csv``.

    Returns
    -------
    DataFrame
        dataset, split, level, metric, subject, value, low, high, n_images, n_lesions, interval. ``coverage``: the set
        contains the truth; ``size``: mean number of classes; ``no_malignant``: malignant lesions whose set contains no
        malignant class. Split ``validation_half``: test of the level, see `_halved`.
    """
    rows = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases, young = read_cases(part, card.labels), _young(part)
        for limits in levels:
            base = {"dataset": dataset, "split": split, "level": limits["level"]}
            rows += [base | row for row in _measured(cases, young, limits, random)]
    home = predictions[
        (predictions.split == "validation") & (predictions.dataset == card.raw["calibration"]["dataset"])
    ]
    base = {"dataset": home.dataset.iloc[0], "split": HALF}
    return pd.DataFrame([*rows, *(base | row for row in _halved(read_cases(home, card.labels), _young(home), random))])


def _halved(cases: Cases, young: np.ndarray, random: np.random.Generator) -> Iterator[dict]:
    """Fit on one half of the validation lesions and measure on the other, many times, to test the level.

    Value, low and high are the mean and the 95 % range over the halvings; n counts all that were halved.
    """
    found: dict[tuple, list[float]] = {}
    lesions = np.unique(cases.lesions)
    for _ in range(HALVINGS):
        first = np.isin(cases.lesions, random.permutation(lesions)[: len(lesions) // 2])
        for limits in fit_limits(cases.part(first)):
            for key, (values, _) in _figures(cases.part(~first), young[~first], limits).items():
                found.setdefault((limits["level"], *key), []).append(values.mean())
    whole = _figures(cases, young, fit_limits(cases)[0])
    for (level, metric, subject), shares in found.items():
        low, high = map(float, percentile_interval(np.array(shares)))
        those = whole[metric, subject][1]
        yield {"level": level, "metric": metric, "subject": subject, "value": np.mean(shares), "low": low,
               "high": high, "n_images": int(those.sum()), "n_lesions": len(np.unique(cases.lesions[those])),
               "interval": f"95 % range over {HALVINGS} halvings"}  # fmt: skip


def _young(part: pd.DataFrame) -> np.ndarray:
    return (part["age"] < YOUNG).to_numpy() if "age" in part else np.zeros(len(part), bool)


def _figures(cases: Cases, young: np.ndarray, limits: dict) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """Return by (metric, subject) the value of each image in the denominator, and which images those are."""
    inside = sets_of(cases, limits)
    flagged = cases.malignant
    malignant, every = flagged[cases.targets], np.ones(len(inside), bool)
    covered, harmless = inside[np.arange(len(inside)), cases.targets], ~inside[:, flagged].any(axis=1)
    groups = {ALL: every, MALIGNANT: malignant, BENIGN: ~malignant}
    groups |= {cases.codes[place]: cases.targets == place for place in cases.present}
    groups |= {YOUNG_SUBJECT: young, MALIGNANT_YOUNG: malignant & young}
    found = {("coverage", subject): (covered, those) for subject, those in groups.items()}
    found |= {("no_malignant", name): (harmless, groups[name]) for name in (MALIGNANT, MELANOMA) if name in groups}
    found["size", ALL] = inside.sum(axis=1).astype(float), every
    return {key: (values[those], those) for key, (values, those) in found.items() if those.any()}


def _measured(cases: Cases, young: np.ndarray, limits: dict, random: np.random.Generator) -> Iterator[dict]:
    for (metric, subject), (values, those) in _figures(cases, young, limits).items():
        lesions = cases.lesions[those]
        figure = (
            resampled_figure(partial(weighted_mean, values), lesions, random, RESAMPLES)
            if metric == "size"
            else rate_figure(values, lesions)
        )
        yield {"metric": metric, "subject": subject, **figure}
