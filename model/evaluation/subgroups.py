"""The same question in groups of patients; too small a group is shown as a count, never as a rate."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import Question, ask, read_cases
from model.evaluation.intervals import RESAMPLES, rate_figure, resampled_figure
from model.evaluation.metrics import auc

FEWEST_CASES = 30  # below it a rate is misleading: only the count is given
NOT_RECORDED = "not recorded"
NOT_ASSESSED = "not assessed"
AGE_BANDS = {"under 30": 30, "30 to 49": 50, "50 to 69": 70, "70 and over": np.inf}  # years, upper end left out


def age_bands(years: pd.Series) -> pd.Series:
    """Return the age band of each age in years; a missing age stays missing."""
    bands = pd.cut(years, [-np.inf, *AGE_BANDS.values()], right=False, labels=list(AGE_BANDS))
    return bands.astype("object").where(years.notna(), None)


def attributes_of(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return image_id and the attributes that a predictions table knows of each patient, missing ones empty.

    Age in years becomes `age_bands`, spellings that differ by an underscore become one, and a skin tone is named by the
    number of its class.
    """
    known = predictions.reindex(columns=["image_id", "age", "sex", "site", "confirmation", "skin_tone"])
    words = {name: known[name].astype("object").str.replace("_", " ") for name in ("sex", "site", "confirmation")}
    tones = pd.to_numeric(known["skin_tone"])
    named = [None if pd.isna(tone) else f"class {tone:.0f}" for tone in tones]
    attributes = {"image_id": known["image_id"], "age_band": age_bands(pd.to_numeric(known["age"])), **words}
    return pd.DataFrame(attributes).assign(skin_tone=pd.Series(named, index=known.index, dtype="object"))


def subgroup_table(
    predictions: pd.DataFrame,
    attributes: pd.DataFrame,
    labels: Sequence[Label],
    subject: str,
    threshold: float,
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return sensitivity, specificity and AUC of a question in every group, and in everyone.

    Parameters
    ----------
    predictions : DataFrame
        Of one dataset and split, as for `read_cases`.
    attributes : DataFrame
        ``image_id`` and one column per attribute (age band, sex, ...); a missing value becomes "not recorded", an
        attribute without any value "not assessed".
    labels : sequence of Label
    subject : str
        The question, as in `ask`.
    threshold : float
        The answer is yes at or above it.

    Returns
    -------
    DataFrame
        attribute, group, metric, subject, value, low, high, n_images, n_lesions, interval. ``n_images`` is what a
        rate is divided by; for AUC the rarer answer. Where it is below `FEWEST_CASES`, value, low and high are
        empty. A row "not assessed" has no counts either.
    """
    question = ask(read_cases(predictions, labels), subject)
    known = predictions[["image_id"]].merge(attributes, on="image_id", how="left", validate="one_to_one")
    rows = []
    for attribute, group, members in _groups(known.iloc[question.rows].reset_index(drop=True)):
        figures = _figures(_part(question, members), threshold, random, resamples) if members.any() else [{}]
        rows += [{"attribute": attribute, "group": group, "subject": subject} | figure for figure in figures]
    columns = ["attribute", "group", "metric", "subject", "value", "low", "high"]
    table = pd.DataFrame(rows, columns=[*columns, "n_images", "n_lesions", "interval"])
    return table.astype({"n_images": "Int64", "n_lesions": "Int64"})


def _groups(known: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    yield "everyone", "everyone", np.ones(len(known), dtype=bool)
    for attribute in known.columns.drop("image_id"):
        values = known[attribute]
        if values.isna().all():
            yield attribute, NOT_ASSESSED, np.zeros(len(known), dtype=bool)
            continue
        named = values.astype("object").where(values.notna(), NOT_RECORDED).astype(str)
        for group in sorted(named.unique(), key=lambda name: (name == NOT_RECORDED, _rank(name), name)):
            yield attribute, group, (named == group).to_numpy()


def _rank(group: str) -> int:
    return list(AGE_BANDS).index(group) if group in AGE_BANDS else 0


def _part(question: Question, members: np.ndarray) -> Question:
    return replace(
        question,
        rows=question.rows[members],
        truth=question.truth[members],
        score=question.score[members],
        lesions=question.lesions[members],
    )


def _figures(question: Question, threshold: float, random: np.random.Generator, resamples: int) -> list[dict]:
    called = question.score >= threshold
    figures: list[dict[str, Any]] = []
    for metric, answer in (("sensitivity", True), ("specificity", False)):
        asked = question.truth == answer
        hits, lesions = called[asked] == answer, question.lesions[asked]
        figures.append({"metric": metric, "n_images": len(hits), "n_lesions": len(np.unique(lesions))})
        if len(hits) >= FEWEST_CASES:
            figures[-1] |= rate_figure(hits, lesions)
    rarer = min(figures, key=lambda figure: figure["n_images"])
    area = {"metric": "auc", "n_images": rarer["n_images"], "n_lesions": rarer["n_lesions"]}
    if rarer["n_images"] >= FEWEST_CASES:
        statistic = partial(auc, question.truth, question.score)
        area = resampled_figure(statistic, question.lesions, random, resamples) | area
    return [*figures, area]
