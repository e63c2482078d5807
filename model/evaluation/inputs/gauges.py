"""How often gauges of a photo lead to a note, and how often it is right, with n and 95 % intervals."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from model.evaluation import metrics
from model.evaluation.cases import ALL
from model.evaluation.intervals import rate_figure, resampled_figure

RESAMPLES = 500
TOLD, FOUND, RIGHT, AREA, CORRELATION = "told", "found", "right", "auroc", "correlation"
FEWEST = 10  # photos with it and photos without it, for a figure of discrimination


def gauges_table(photos: pd.DataFrame, truths: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of ``results/gauges.csv``.

    Parameters
    ----------
    photos : DataFrame
        One row per gauge and photo as taken: gauge, dataset, split, lesion_id, beyond (above 0 there is a note).
    truths : mapping of str to DataFrame
        By name, for example ``"blur, step 1"``: rows with the same columns and ``true`` (bool). Where photos were not
        changed on purpose they have a ``score`` (float), and the share of right notes is meaningful.

    Returns
    -------
    DataFrame
        gauge, dataset, split, subject, metric, value, low, high, n_images, n_lesions, interval.
    """
    random, found = np.random.default_rng(0), []
    for key, part in photos.groupby(["gauge", "dataset", "split"], sort=False):
        found.append((*key, ALL, TOLD, *_share(part.beyond > 0, part.lesion_id)))
    for subject, rows in truths.items():
        for key, part in rows.groupby(["gauge", "dataset", "split"], sort=False):
            found += [(*key, subject, *figure) for figure in _figures(part, random)]
    columns = ["gauge", "dataset", "split", "subject", "metric", "value", "low", "high", "n_images", "n_lesions",
               "interval"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _figures(part: pd.DataFrame, random: np.random.Generator) -> Iterator[tuple]:
    """Yield the share found, the share of right notes, the area, and the correlation with a score."""
    true, told = part.true.to_numpy(bool), (part.beyond > 0).to_numpy()
    if min(true.sum(), (~true).sum()) < FEWEST:
        return
    beyond = part.beyond.to_numpy(float)
    yield FOUND, *_share(pd.Series(told[true]), part.lesion_id[true])
    yield AREA, *_resampled(lambda weights: metrics.auc(true, beyond, weights), part.lesion_id, random)
    if "score" in part and part.score.notna().all():
        if told.any():
            yield RIGHT, *_share(pd.Series(true[told]), part.lesion_id[told])
        score = part.score.to_numpy(float)
        yield CORRELATION, *_resampled(lambda weights: correlation(beyond, score, weights), part.lesion_id, random)


def correlation(first: np.ndarray, second: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return Pearson's correlation of two columns (n,), for each row of weights (r, n): shape (r,)."""
    weights = np.ones((1, len(first))) if weights is None else weights
    weights = weights / weights.sum(axis=1, keepdims=True)
    first, second = first - weights @ first[:, None], second - weights @ second[:, None]
    products = (
        (weights * one * other).sum(axis=1) for one, other in ((first, second), (first, first), (second, second))
    )
    both, one, other = products
    return both / np.sqrt(one * other)


def _share(hits: pd.Series, lesions: pd.Series) -> tuple:
    return tuple(rate_figure(hits.to_numpy(), pd.factorize(lesions)[0]).values())


def _resampled(statistic, lesions: pd.Series, random: np.random.Generator) -> tuple:
    return tuple(resampled_figure(statistic, pd.factorize(lesions)[0], random, RESAMPLES).values())
