"""Results of the tables for one answer: how often such answers were right, and what a level found and missed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from model.answer.decision import MALIGNANT
from model.card import Card
from model.errors import ContractError
from model.evaluation.cases import ask, read_cases
from model.evaluation.curves import precision_at
from model.evaluation.intervals import rate_figure
from model.evaluation.tables import load_table

Reader = Callable[[Card, str], pd.DataFrame]
EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)  # of the malignant probability
COLUMNS = [
    "dataset", "split", "above", "below", "n_images", "n_lesions", "n_malignant", "value", "low", "high", "interval",
]  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A rate of one set as a count: ``count`` of ``images`` images, with the share's 95 % interval."""

    dataset: str
    split: str
    count: int
    images: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Return the rate, 0 to 1."""
        return self.count / self.images


@dataclass(frozen=True)
class FoundInBin(Found):
    """The same of images whose malignant probability is ``above`` or more and less than ``below``."""

    above: float
    below: float


@dataclass(frozen=True)
class PointEvidence:
    """What one operating point found, and its false alarms, in every held-out set, the card's first set first.

    Parameters
    ----------
    found, alarms : tuple of Found
        Images of the subject at or above the level, and other images there.
    """

    found: tuple[Found, ...]
    alarms: tuple[Found, ...]


def point_evidence(card: Card, point: str, read: Reader = load_table) -> PointEvidence:
    """Return the results of a point of the card, by its name, on every test set; ``read`` may cache the tables."""
    table = read(card, "results/operating_points.csv")
    rows = _held_out(table[table.point == point], card)
    found = [_found(row, row.value) for row in rows[rows.metric == "sensitivity"].itertuples()]
    alarms = [_found(row, 1 - row.value) for row in rows[rows.metric == "specificity"].itertuples()]
    if not found:
        raise ContractError("unknown_point", f"No test set was judged at the point {point!r}.")
    return PointEvidence(tuple(found), tuple(alarms))


def answers_like_this(card: Card, malignant: float, read: Reader = load_table) -> tuple[FoundInBin, ...]:
    """Return for each test set how many images with a malignant probability of the same bin were malignant."""
    table = _held_out(read(card, "results/answers_like_this.csv"), card)
    inside = (table.above <= malignant) & ((malignant < table.below) | (table.below == EDGES[-1]))
    return tuple(
        FoundInBin(
            row.dataset, row.split, int(row.n_malignant), int(row.n_images), row.low, row.high, row.above, row.below
        )
        for row in table[inside & (table.n_images > 0)].itertuples()
    )


def outside_statements(card: Card) -> list[dict]:
    """Return what others measured on images that are not in the tables: set, model, point, sensitivity."""
    return card.raw.get("human", {}).get("measured_outside", [])


def _held_out(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Leave validation out and put the set that the model is calibrated on first."""
    table = table[~table.split.str.startswith("validation")]
    home = card.raw["calibration"].get("dataset")
    return table.iloc[np.argsort(table.dataset != home, kind="stable")]


def _found(row, share: float) -> Found:
    low, high = (row.low, row.high) if row.metric == "sensitivity" else (1 - row.high, 1 - row.low)
    return Found(row.dataset, row.split, round(share * row.n_images), int(row.n_images), low, high)


def measure_answers(predictions: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Return the rows of ``results/answers_like_this.csv``: images by their malignant probability.

    Returns
    -------
    DataFrame
        `COLUMNS`: above and below are the bin's edges, value the share of malignant images.
    """
    rows = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        question = ask(read_cases(part, card.labels), MALIGNANT)
        bins = np.clip(np.digitize(question.score, EDGES) - 1, 0, len(EDGES) - 2)
        for place, edges in enumerate(pairwise(EDGES)):
            hits, lesions = question.truth[bins == place], question.lesions[bins == place]
            rows.append(
                {"dataset": dataset, "split": split, "above": edges[0], "below": edges[1],
                 "n_malignant": int(hits.sum()), **rate_figure(hits, lesions)}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def posterior(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Return the positive and negative predictive value at a prevalence; all in [0, 1].

    NaN where the answer in question never occurs. `threshold` has them with intervals, where the images behind the
    rates are at hand.
    """
    return (
        float(precision_at(sensitivity, 1 - specificity, prevalence)),
        float(precision_at(specificity, 1 - sensitivity, 1 - prevalence)),
    )


def after_both(
    reader: tuple[float, float], model: tuple[float, float], prevalence: float
) -> dict[tuple[bool, bool], float]:
    """Return the probability of malignancy after the reader's and the model's judgement.

    Parameters
    ----------
    reader, model : tuple of float
        Sensitivity and specificity of each.
    prevalence : float
        Before either judgement.

    Returns
    -------
    dict
        By (reader says malignant, model says malignant). The errors of the two are assumed independent given the
        truth, which overstates agreement: the same lesions are hard for readers and models.
    """
    return {
        (first, second): float(
            precision_at(
                _chance(reader[0], first) * _chance(model[0], second),
                _chance(1 - reader[1], first) * _chance(1 - model[1], second),
                prevalence,
            )
        )
        for first in (True, False)
        for second in (True, False)
    }


def _chance(share: float, happens: bool) -> float:
    return share if happens else 1 - share
