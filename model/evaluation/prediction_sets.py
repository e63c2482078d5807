"""Which diagnoses cannot be told apart: conformal prediction sets with one limit a side.

Least ambiguous sets (Sadinle, Lei and Wasserman, JASA 114:223, 2019): a class is in the set where its probability
reaches a limit. The limits are quantiles of the probability of the true class on validation, one over the malignant
and one over the benign images (class-conditional conformal prediction; Vovk 2012), so that a rare malignant lesion is
covered as often as a common benign one. The promise holds for lesions like those of validation, not for another clinic.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from model.card import Card, Label
from model.decision import BENIGN, MALIGNANT, MELANOMA
from model.evaluation.cases import ALL, Cases, read_cases
from model.evaluation.intervals import WILSON, bootstrap, bootstrap_name, percentile_interval, rate_interval

LEVELS = (0.90, 0.95)
YOUNG = 40  # years; below it every network measured so far tells malignant from benign less well
YOUNG_SUBJECT = f"malignant, under {YOUNG} years"
HALF = "validation_half"  # the half of validation that the limits of this check were not fitted on
RESAMPLES = 1000


def fit_limits(cases: Cases, levels: Sequence[float] = LEVELS) -> list[dict]:
    """Return for each level the least probability of a malignant and of a benign class in a set."""
    malignant = np.array([label.malignant for label in cases.labels])[cases.targets]
    true_class = cases.probabilities[np.arange(len(cases.targets)), cases.targets]
    sides = {MALIGNANT: true_class[malignant], BENIGN: true_class[~malignant]}
    return [
        {"level": level} | {side: _lower_quantile(values, 1 - level) for side, values in sides.items()}
        for level in levels
    ]


def _lower_quantile(values: np.ndarray, missed: float) -> float:
    """Return the score that at most a share ``missed`` of new cases lies below: the floor(missed (n + 1))-th smallest.

    0, which lets every class in, where there are too few cases for the level.
    """
    place = int(np.floor(missed * (len(values) + 1)))
    return float(np.sort(values)[place - 1]) if place else 0.0


def sets_of(cases: Cases, limits: dict) -> np.ndarray:
    """Return which classes are in each case's set: ndarray of bool, shape (n, classes); `model.decision` for many."""
    least = np.array([limits[MALIGNANT if label.malignant else BENIGN] for label in cases.labels])
    inside = cases.probabilities >= least
    empty = ~inside.any(axis=1)
    inside[empty, cases.predicted[empty]] = True
    return inside


def measure_sets(
    predictions: pd.DataFrame, card: Card, levels: list[dict], random: np.random.Generator
) -> pd.DataFrame:
    """Return the rows of ``results/prediction_sets.csv``.

    Returns
    -------
    DataFrame
        dataset, split, level, metric, subject, value, low, high, n_images, n_lesions, interval. ``coverage``: the set
        holds the truth; ``size``: mean number of classes; ``no_malignant``: malignant lesions whose set holds no
        malignant class. Split ``validation_half``: limits fitted on the other half of the validation lesions.
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
    return pd.DataFrame([*rows, *_half_check(home, card.labels, random)])


def _half_check(home: pd.DataFrame, labels: Sequence[Label], random: np.random.Generator) -> Iterator[dict]:
    """Fit on one half of the validation lesions and measure on the other: whether the promise is kept there."""
    lesions = home.lesion_id.unique()
    chosen = home.lesion_id.isin(random.permutation(lesions)[: len(lesions) // 2])
    other = home[~chosen]
    for limits in fit_limits(read_cases(home[chosen], labels)):
        base = {"dataset": home.dataset.iloc[0], "split": HALF, "level": limits["level"]}
        for row in _measured(read_cases(other, labels), _young(other), limits, random):
            yield base | row


def _young(part: pd.DataFrame) -> np.ndarray:
    return (part["age"] < YOUNG).to_numpy() if "age" in part else np.zeros(len(part), bool)


def _measured(cases: Cases, young: np.ndarray, limits: dict, random: np.random.Generator) -> Iterator[dict]:
    inside = sets_of(cases, limits)
    flagged = np.array([label.malignant for label in cases.labels])
    malignant = flagged[cases.targets]
    covered = inside[np.arange(len(inside)), cases.targets]
    groups = {ALL: np.ones(len(inside), bool), MALIGNANT: malignant, BENIGN: ~malignant}
    groups |= {cases.codes[place]: cases.targets == place for place in cases.present}
    for subject, those in (groups | {YOUNG_SUBJECT: malignant & young}).items():
        if those.any():
            yield _share("coverage", subject, covered[those], cases.lesions[those])
    for subject, those in {MALIGNANT: malignant, MELANOMA: groups.get(MELANOMA, malignant & False)}.items():
        if those.any():
            yield _share("no_malignant", subject, ~inside[those][:, flagged].any(axis=1), cases.lesions[those])
    sizes = inside.sum(axis=1).astype(float)
    drawn = bootstrap(lambda w: (w @ sizes / w.sum(axis=1))[:, None], cases.lesions, random, RESAMPLES)
    low, high = (value.item() for value in percentile_interval(drawn))
    yield {"metric": "size", "subject": ALL, "value": sizes.mean(), "low": low, "high": high, "n_images": len(sizes),
           "n_lesions": len(np.unique(cases.lesions)), "interval": bootstrap_name(RESAMPLES)}  # fmt: skip


def _share(metric: str, subject: str, hits: np.ndarray, lesions: np.ndarray) -> dict:
    low, high = rate_interval(hits, lesions)
    return {"metric": metric, "subject": subject, "value": hits.mean(), "low": low, "high": high,
            "n_images": len(hits), "n_lesions": len(np.unique(lesions)), "interval": WILSON}  # fmt: skip
