"""Curves that take thousands of resamples, as one table that a bundle stores and a page only reads."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import MALIGNANT, Question, ask, read_cases, subjects
from model.evaluation.curves import curve_bands
from model.evaluation.decision import decision_curve, with_simple_rules
from model.evaluation.intervals import RESAMPLES, bootstrap_name

DECISIONS = ("mel", MALIGNANT)  # questions on which a clinician acts


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
        precision holds at the prevalence ``n_positive / n_images``, a net benefit too.
    """
    tables = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, labels)
        for subject in subjects(cases):
            table = _curves_of(ask(cases, subject), random, resamples)
            table.insert(0, "dataset", dataset)
            table.insert(1, "split", split)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


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
