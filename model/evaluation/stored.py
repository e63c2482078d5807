"""Figures that need thousands of resamples, as tables that a bundle stores and a page only reads."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.calibration import calibration_figures
from model.evaluation.cases import MALIGNANT, Question, ask, read_cases, subjects
from model.evaluation.curves import curve_bands
from model.evaluation.decisions.decision_curve import decision_curve, with_simple_rules
from model.evaluation.intervals import RESAMPLES, bootstrap_name
from model.evaluation.subgroups import attributes_of, subgroup_table

DECISIONS = ("mel", MALIGNANT)  # questions on which a clinician acts


def by_set(predictions: pd.DataFrame, measure: Callable[[pd.DataFrame], list[pd.DataFrame]]) -> pd.DataFrame:
    """Return the tables that a function makes of each dataset and split, one below the other, named by both."""
    tables = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        for table in measure(part.reset_index(drop=True)):
            table.insert(0, "dataset", dataset)
            table.insert(1, "split", split)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def stored_curves(
    predictions: pd.DataFrame,
    labels: Sequence[Label],
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return every curve with its band, for every question that a dataset and split can answer.

    Returns
    -------
    DataFrame
        dataset, split, subject, curve ("roc", "precision_recall", "decision"), x, value, low, high, n_images,
        n_lesions, n_positive, interval. x is the false positive rate, the sensitivity or the threshold; a
        precision, and a net benefit, apply to the prevalence ``n_positive / n_images``.
    """

    def curves_of_set(part: pd.DataFrame) -> list[pd.DataFrame]:
        cases = read_cases(part, labels)
        return [_curves_of(ask(cases, subject), random, resamples) for subject in subjects(cases)]

    return by_set(predictions, curves_of_set)


def _curves_of(question: Question, random: np.random.Generator, resamples: int) -> pd.DataFrame:
    curves = curve_bands(question, random, resamples)
    if question.subject in DECISIONS:
        decision = decision_curve(question, random, resamples=resamples).rename(columns={"threshold": "x"})
        decision.insert(0, "curve", "decision")
        curves = pd.concat([curves, decision[list(curves.columns)]], ignore_index=True)
    curves.insert(0, "subject", question.subject)
    return curves.assign(
        n_images=len(question.truth),
        n_lesions=len(np.unique(question.lesions)),
        n_positive=int(question.truth.sum()),
        interval=bootstrap_name(resamples),
    )


def stored_decision(curves: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Return a stored decision curve in the columns of `decision_curve`, empty where none is stored.

    Parameters
    ----------
    curves : DataFrame
        Rows of `stored_curves` of one dataset and split.
    subject : str
        One of `DECISIONS`.
    """
    rows = curves[(curves["curve"] == "decision") & (curves["subject"] == subject)]
    curve = rows.rename(columns={"x": "threshold"})[["threshold", "value", "low", "high"]].reset_index(drop=True)
    if rows.empty:
        return curve
    return with_simple_rules(curve, rows["n_positive"].iloc[0] / rows["n_images"].iloc[0])


def stored_reliability(
    predictions: pd.DataFrame,
    labels: Sequence[Label],
    temperature: float,
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the rows of ``results/reliability.csv``: dataset, split, then as `calibration_figures` gives them."""

    def figures_of_set(part: pd.DataFrame) -> list[pd.DataFrame]:
        return [calibration_figures(read_cases(part, labels), temperature, random, resamples)]

    return by_set(predictions, figures_of_set)


def stored_subgroups(
    predictions: pd.DataFrame,
    labels: Sequence[Label],
    points: Sequence[Mapping],
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the rows of ``results/subgroups.csv``: the question of each level in groups of patients.

    Parameters
    ----------
    predictions : DataFrame
        As for `read_cases`, with the columns that `attributes_of` reads where they are known.
    labels : sequence of Label
    points : sequence of mapping
        name, subject and value; of several for one subject only the first is used.

    Returns
    -------
    DataFrame
        dataset, split, point, threshold, then as `subgroup_table` gives them.
    """
    first: dict[str, Mapping] = {}
    for point in points:
        first.setdefault(point["subject"], point)

    def groups_of_set(part: pd.DataFrame) -> list[pd.DataFrame]:
        answerable, attributes = subjects(read_cases(part, labels)), attributes_of(part)
        return [
            _named(subgroup_table(part, attributes, labels, subject, point["value"], random, resamples), point)
            for subject, point in first.items()
            if subject in answerable
        ]

    return by_set(predictions, groups_of_set)


def _named(table: pd.DataFrame, point: Mapping) -> pd.DataFrame:
    table.insert(0, "point", point["name"])
    table.insert(1, "threshold", point["value"])
    return table
