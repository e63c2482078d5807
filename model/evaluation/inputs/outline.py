"""How well outlines of lesions agree with masks drawn by experts, and what is usual of each measurement by class."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from model.evaluation import metrics
from model.evaluation.cases import ALL
from model.evaluation.intervals import rate_figure, resampled_figure

RESAMPLES = 1000
DICE, JACCARD, GOOD_JACCARD = "dice", "jaccard", "jaccard_65"
GOOD = 0.65  # the ISIC 2018 challenge counts a lower Jaccard index as 0
CODES = ("no_lesion", "several_lesions", "lesion_at_border")
MEASURES = (
    "area", "asymmetry_long", "asymmetry_short", "compactness", "solidity", "white", "red", "light_brown", "dark_brown",
    "blue_grey", "black", "colour_count", "heat_inside",
)  # fmt: skip
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
USUAL, FITTED, DIFFERENCE = "centred square", "square around the lesion", "difference"
BARE, ON_LESION = "bare skin", "part of a lesion"
MELANOMA_AUC = "auroc, melanoma against all else"


def outline_table(records: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``results/outline.csv``.

    Parameters
    ----------
    records : DataFrame
        A row a photo: dataset, split, label, lesion_id, `DICE`, `JACCARD` (float) and `CODES` (bool).

    Returns
    -------
    DataFrame
        dataset, split, label, metric, value, low, high, n_images, n_lesions, interval.
    """
    random, found = np.random.default_rng(0), []
    for (dataset, split), part in records.groupby(["dataset", "split"], sort=False):
        for label, rows in _by_class(part):
            found += [{"dataset": dataset, "split": split, "label": label, **row} for row in _figures(rows, random)]
    return pd.DataFrame(found)


def _by_class(records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield ALL, records
    yield from records.groupby("label")


def _figures(rows: pd.DataFrame, random: np.random.Generator) -> Iterator[dict]:
    """Yield the means of the indices over photos, and the shares of photos with a code."""
    lesions = pd.factorize(rows.lesion_id)[0]
    good = rows[JACCARD].where(rows[JACCARD] >= GOOD, 0.0)
    for metric, values in ((DICE, rows[DICE]), (JACCARD, rows[JACCARD]), (GOOD_JACCARD, good)):
        mean = partial(metrics.weighted_mean, values.to_numpy(float))
        yield {"metric": metric, **resampled_figure(mean, lesions, random, RESAMPLES)}
    for code in CODES:
        yield {"metric": code, **rate_figure(rows[code].to_numpy(bool), lesions)}


def measures_table(records: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``results/outline_measures.csv``: quantiles of each measurement over photos.

    Parameters
    ----------
    records : DataFrame
        A row a photo: dataset, split, label, lesion_id, and `MEASURES`; NaN where it could not be measured.

    Returns
    -------
    DataFrame
        dataset, split, label, measure, the quantiles, n_images and n_lesions measured, n_unmeasured.
    """
    found = []
    for (dataset, split), part in records.groupby(["dataset", "split"], sort=False):
        for label, rows in _by_class(part):
            for measure in MEASURES:
                known = rows[rows[measure].notna()]
                quantiles = {name: known[measure].astype(float).quantile(share) for name, share in QUANTILES.items()}
                found.append({
                    "dataset": dataset, "split": split, "label": label, "measure": measure, **quantiles,
                    "n_images": len(known), "n_lesions": known.lesion_id.nunique(),
                    "n_unmeasured": len(rows) - len(known),
                })  # fmt: skip
    return pd.DataFrame(found)


def frame_table(records: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``results/outline_frame.csv``: the melanoma AUC of the same photos in two frames.

    Parameters
    ----------
    records : DataFrame
        A row a photo and margin: dataset, split, lesion_id, margin, melanoma (bool), usual and fitted (the chance of
        melanoma in the centred square and in the square around the lesion).

    Returns
    -------
    DataFrame
        dataset, split, margin, frame, metric, value, low, high, n_images, n_lesions, interval; resamples are shared by
        both frames, so that the interval of the difference is a paired one.
    """
    found = []
    for (dataset, split, margin), part in records.groupby(["dataset", "split", "margin"], sort=False):
        lesions, true = pd.factorize(part.lesion_id)[0], part.melanoma.to_numpy(bool)
        usual, fitted = part.usual.to_numpy(float), part.fitted.to_numpy(float)
        figures = {
            USUAL: partial(metrics.auc, true, usual),
            FITTED: partial(metrics.auc, true, fitted),
            DIFFERENCE: partial(_gained, true, usual, fitted),
        }
        for frame, statistic in figures.items():
            figure = resampled_figure(statistic, lesions, np.random.default_rng(0), RESAMPLES)
            found.append({"dataset": dataset, "split": split, "margin": margin, "frame": frame,
                          "metric": MELANOMA_AUC, **figure})  # fmt: skip
    return pd.DataFrame(found)


def beside_table(records: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``results/outline_beside.csv``: the share of frames of one's own that get no answer.

    Parameters
    ----------
    records : DataFrame
        A row a frame: dataset, split, lesion_id, shows (`BARE` or `ON_LESION`), share (of the photo's shorter side)
        and refused (bool).

    Returns
    -------
    DataFrame
        dataset, split, shows, share, metric, value, low, high, n_images, n_lesions, interval.
    """
    return pd.DataFrame([
        {"dataset": dataset, "split": split, "shows": shows, "share": share, "metric": "refused",
         **rate_figure(part.refused.to_numpy(bool), pd.factorize(part.lesion_id)[0])}
        for (dataset, split, shows, share), part in records.groupby(["dataset", "split", "shows", "share"])
    ])  # fmt: skip


def _gained(true: np.ndarray, usual: np.ndarray, fitted: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the AUC of one score less that of another, for each row of weights."""
    return metrics.auc(true, fitted, weights) - metrics.auc(true, usual, weights)
