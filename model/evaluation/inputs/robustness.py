"""How answers and heat maps change when the same photos are degraded."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import ask, read_cases
from model.evaluation.intervals import RESAMPLES, rate_figure, resampled_figure
from model.evaluation.metrics import weighted_mean

MELANOMA = "mel"
IDENTITY = ["dataset", "split", "corruption", "severity", "setting"]


def robustness_table(
    answers: pd.DataFrame,
    labels: Sequence[Label],
    threshold: float | None,
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the rows of ``results/robustness.csv``.

    Parameters
    ----------
    answers : DataFrame
        One row per photo and state: as for `read_cases`, and dataset, split, corruption, severity (0 for the photo
        as taken), setting, and agreement: Spearman's rank correlation of the heat map with that of the photo as
        taken, in [-1, 1], empty where there is none.
    labels : sequence of Label
    threshold : float or None
        Of the named operating point for melanoma, if there is one.

    Returns
    -------
    DataFrame
        dataset, split, corruption, severity, setting, metric, value, low, high, n_images, n_lesions, interval.
    """
    tables = []
    for identity, part in answers.groupby(IDENTITY, sort=False):
        rows = [*_shares(part, labels, threshold), *_agreement(part, random, resamples)]
        tables.append(pd.DataFrame([dict(zip(IDENTITY, identity, strict=True)) | row for row in rows]))
    return pd.concat(tables, ignore_index=True)


def _shares(part: pd.DataFrame, labels: Sequence[Label], threshold: float | None) -> list[dict]:
    cases = read_cases(part, labels)
    melanoma = ask(cases, MELANOMA)
    called = cases.predicted == cases.codes.index(MELANOMA)
    asked = {
        "accuracy": (np.ones(len(part), dtype=bool), cases.correct),
        "melanoma_sensitivity": (melanoma.truth, called),
    }
    if threshold is not None:
        flagged = melanoma.score >= threshold
        asked["melanoma_sensitivity_at_point"] = (melanoma.truth, flagged)
        asked["melanoma_specificity_at_point"] = (~melanoma.truth, ~flagged)
    rows = []
    for metric, (those, hits) in asked.items():
        if those.any():
            rows.append({"metric": metric} | rate_figure(hits[those], cases.lesions[those]))
    return rows


def _agreement(part: pd.DataFrame, random: np.random.Generator, resamples: int) -> list[dict]:
    known = part.dropna(subset="agreement")
    if known.empty:
        return []
    values, lesions = known["agreement"].to_numpy(float), pd.factorize(known["lesion_id"])[0]
    figure = resampled_figure(partial(weighted_mean, values), lesions, random, resamples)
    return [{"metric": "map_agreement"} | figure]
