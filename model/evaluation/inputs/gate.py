"""What a gate refuses and what it accepts, with n and 95 % intervals."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from model.evaluation import metrics
from model.evaluation.cases import ALL
from model.evaluation.intervals import rate_figure, resampled_figure

TAKEN = "as taken"
RESAMPLES = 500
AGE_BANDS = ((0, 40, "under 40"), (40, 60, "40 to 59"), (60, 200, "60 and over"))


def gate_table(
    rows: pd.DataFrame,
    scores: Mapping[str, np.ndarray],
    limits: Mapping[str, float],
    unseen: Mapping[str, tuple[np.ndarray, float]],
) -> pd.DataFrame:
    """Return the rows of ``results/gate.csv``.

    Parameters
    ----------
    rows : DataFrame
        One row per picture: kind, real (a dermoscopic photo), split, lesion_id, label, side, age, skin_tone,
        corruption, step.
    scores : mapping of str to ndarray, shape (n,)
        By method; above its limit a picture is refused.
    limits : mapping of str to float
    unseen : mapping of str to (ndarray, float)
        By kind: scores and limit of a gate that has learnt without that kind.

    Returns
    -------
    DataFrame
        method, kind, split, subject, left_out, metric, value, low, high, n_images, n_lesions, interval.
    """
    judged = ~rows.split.isin(["train"])
    found = []
    for method, values in scores.items():
        refused = values > limits[method]
        for kind, split, subject, those in _groups(rows, judged.to_numpy()):
            found.append(_refused(method, kind, split, subject, False, refused[those], rows.lesion_id[those]))
        found += _areas(method, rows, values, judged.to_numpy())
    first = next(iter(scores))
    for kind, (values, limit) in unseen.items():
        for split in rows.split[judged].unique():
            those = (judged & (rows.kind == kind) & (rows.split == split)).to_numpy()
            if those.any():
                hits = values[those] > limit
                found.append(_refused(first, kind, split, ALL, True, hits, rows.lesion_id[those]))
    return pd.DataFrame(found)


def _groups(rows: pd.DataFrame, judged: np.ndarray) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Yield kind, split, subject and the pictures of each group that is counted."""
    taken = judged & (rows.corruption == TAKEN).to_numpy()
    for (kind, split), part in rows[taken].groupby(["kind", "split"], sort=False):
        mine = taken & (rows.kind == kind).to_numpy() & (rows.split == split).to_numpy()
        yield kind, split, ALL, mine
        if not part.real.iloc[0]:
            continue
        for column in ("side", "label", "skin_tone"):
            for value in sorted(part[column].dropna().unique()):
                name = f"skin tone {value:.0f}" if column == "skin_tone" else str(value)
                yield kind, split, name, mine & (rows[column] == value).to_numpy()
        for low, high, name in AGE_BANDS:
            aged = mine & (rows.age >= low).to_numpy() & (rows.age < high).to_numpy()
            if aged.any():
                yield kind, split, name, aged
    worse = judged & ~taken & rows.real.to_numpy(bool)
    for (split, corruption, step), _ in rows[worse].groupby(["split", "corruption", "step"], sort=False):
        alike = (rows.corruption == corruption) & (rows.step == step) & (rows.split == split)
        yield "worse photos", split, f"{corruption}, step {step}", worse & alike.to_numpy()


def _refused(
    method: str, kind: str, split: str, subject: str, left_out: bool, hits: np.ndarray, lesions: pd.Series
) -> dict:
    return {"method": method, "kind": kind, "split": split, "subject": subject, "left_out": left_out,
            "metric": "refused", **rate_figure(hits, pd.factorize(lesions)[0])}  # fmt: skip


def _areas(method: str, rows: pd.DataFrame, values: np.ndarray, judged: np.ndarray) -> Iterator[dict]:
    """Yield how well each kind is separated from the dermoscopic photos of all sets of the same split."""
    taken, random = judged & rows.real.to_numpy(bool) & (rows.corruption == TAKEN).to_numpy(), np.random.default_rng(0)
    for (kind, split), _ in rows[judged & ~rows.real.to_numpy(bool)].groupby(["kind", "split"], sort=False):
        mine = judged & (rows.kind == kind).to_numpy() & (rows.split == split).to_numpy()
        both = mine | (taken & (rows.split == split).to_numpy())
        lesions = pd.factorize(rows.lesion_id[both])[0]
        area = resampled_figure(partial(metrics.auc, mine[both], values[both]), lesions, random, RESAMPLES)
        yield {"method": method, "kind": kind, "split": split, "subject": ALL, "left_out": False, "metric": "auroc",
               **area}  # fmt: skip
