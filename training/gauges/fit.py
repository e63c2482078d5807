"""After the four commands: fit the notes on a photo that go with its answer, and measure how often they are right.

    python -m training.gauges --data DATA [--work runs/data] [--bundle model/bundle]

Hair and fluid are learnt from MILK10k's MONET scores (Kim et al., Nature Medicine 2024) by a ridge regression on the
network's own pooled features. Whether the frame cuts the lesion off is measured on its outline and judged by masks that
people drew. Sharpness, exposure and marks are measured on pixels; blurred, darker or brighter, and marked copies say
whether they hold. Limits are fitted on validation; what does not hold there is not packed. Writes ``gauges.npz``, the
card's entry "gauges" and ``results/gauges.csv``.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from model.answer.quality import CUT_OFF, EXPOSURE, GEL, HAIR, INK, RESOLUTION, SHARPNESS, Head, Limits
from model.evaluation import metrics
from model.evaluation.inputs.gauges import gauges_table
from model.evaluation.intervals import wilson
from model.pipeline import Analyser
from training.command import one_sentence
from training.data.provenance import file_sha256
from training.data.splits import TRAIN, VALIDATION
from training.gate.fit import folders, split_images
from training.gate.pictures import AS_TAKEN, features_of
from training.gauges.pictures import CUT, gauge_pictures, on_pixels, truths_of
from training.judging.sealing import write_json, write_tables

ORDER = (SHARPNESS, EXPOSURE, RESOLUTION, CUT_OFF, HAIR, INK, GEL)
PENALTIES = (1e3, 3e3, 1e4, 3e4)
LEAST_AREA = 0.8  # on validation; a head that tells less well apart is not packed
LEAST_RIGHT = 0.5  # of the validation photos that a head tells of: lower end of Wilson's interval
TOLD_AT_MOST = 0.10  # of any set's validation photos get a note from a head: a note on every photo is not read
BEYOND = 0.01  # of each set's validation photos lie beyond a limit of what is measured on pixels
UNMARKED = "ham10000"  # hardly any of its photos carry ink, so its validation photos say what is no ink
CORRUPTED = {SHARPNESS: "blur", EXPOSURE: "brightness", INK: "ink", HAIR: "hair"}  # copies that must get the note


@dataclass(frozen=True, eq=False)
class Fitted:
    """A gauge with its values of all pictures (n,), its limits, what these are for, and its head if it has one."""

    values: np.ndarray
    limits: Limits
    chosen_for: str
    head: Head | None = None


def fit_head(pooled: np.ndarray, truth: pd.DataFrame, rows: pd.DataFrame) -> Head:
    """Return the ridge regression whose penalty tells validation photos apart best.

    Parameters
    ----------
    pooled : ndarray, shape (n, channels)
    truth : DataFrame
        A row a picture: score and true; NaN where unknown.
    rows : DataFrame
        A row a picture: split.
    """
    known = truth.score.notna().to_numpy()
    train, judged = (known & (rows.split == split).to_numpy() for split in (TRAIN, VALIDATION))
    mean, deviation = pooled[train].mean(axis=0), pooled[train].std(axis=0) + 1e-6
    scaled, true = (pooled - mean) / deviation, truth.true[judged].to_numpy(bool)
    tried = []
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty).fit(scaled[train], truth.score[train])
        tried.append((metrics.auc(true, model.predict(scaled[judged])).item(), -penalty, model))
    model = max(tried, key=lambda entry: entry[:2])[2]
    kernel = model.coef_ / deviation
    return Head(kernel.astype(np.float32), float(model.intercept_ - mean @ kernel))


def head_limit(values: np.ndarray, truth: pd.DataFrame, rows: pd.DataFrame) -> float | None:
    """Return the lowest limit with enough right notes and not too many; None if there is none.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Readings of the head.
    truth, rows : DataFrame
        As in `fit_head`.
    """
    taken = ((rows.split == VALIDATION) & (rows.corruption == AS_TAKEN)).to_numpy()
    judged = taken & truth.score.notna().to_numpy()
    scores, true = values[judged], truth.true[judged].to_numpy(bool)
    if metrics.auc(true, scores).item() < LEAST_AREA:
        return None
    order = np.argsort(-scores)
    right, _ = wilson(np.cumsum(true[order]), np.arange(1, len(order) + 1))
    enough = np.flatnonzero(right >= LEAST_RIGHT)
    if not len(enough) or enough[-1] + 1 == len(order):
        return None
    least = scores[order[enough[-1] + 1]]
    most = max(
        np.quantile(values[taken & (rows.kind == kind)], 1 - TOLD_AT_MOST, method="higher")
        for kind in rows.kind[taken].unique()
    )
    return float(max(least, most))


def often_right(told: np.ndarray, truth: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Say whether enough of the notes on validation photos are right; parameters as `head_limit`, told: bool (n,)."""
    judged = told & ((rows.split == VALIDATION) & (rows.corruption == AS_TAKEN) & truth.score.notna()).to_numpy()
    right, _ = wilson(truth.true[judged].sum(), judged.sum())
    return bool(right >= LEAST_RIGHT)


def pixel_limits(values: pd.DataFrame, rows: pd.DataFrame) -> dict[str, tuple[Limits, str]]:
    """Return the limits of what is measured on pixels, values of all pictures by code, and what each is for."""
    taken = ((rows.split == VALIDATION) & (rows.corruption == AS_TAKEN)).to_numpy()
    by_set = values[taken].groupby(rows.kind[taken].to_numpy())
    low, high = by_set.quantile(BEYOND, "lower"), by_set.quantile(1 - BEYOND, "higher")
    each = f"at most {BEYOND:.0%} of each set's validation photos lie beyond a limit"
    return {
        SHARPNESS: (Limits(low=float(low[SHARPNESS].min())), each),
        EXPOSURE: (Limits(float(low[EXPOSURE].min()), float(high[EXPOSURE].max())), each),
        RESOLUTION: (Limits(low=1.0), "the square has fewer pixels than the network reads"),
        INK: (Limits(high=float(high[INK][UNMARKED])), f"at most {BEYOND:.0%} of {UNMARKED}'s validation photos lie "
              "beyond the limit, hardly any of which carry ink"),
    }  # fmt: skip


def fit(pooled: np.ndarray, pixels: pd.DataFrame, truths: dict[str, pd.DataFrame], rows: pd.DataFrame) -> dict:
    """Return what was fitted by code, in the order of the notes; heads that fail on validation are left out."""
    found = {
        code: Fitted(pixels[code].to_numpy(), *limits) for code, limits in pixel_limits(pixels, rows).items()
    }  # fmt: skip
    if CUT_OFF in truths and often_right(pixels[CUT_OFF].to_numpy() > CUT, truths[CUT_OFF], rows):
        said = f"the lesion's outline covers {CUT:.0%} of an edge of the frame"
        found[CUT_OFF] = Fitted(pixels[CUT_OFF].to_numpy(), Limits(high=CUT), said)
    for code, truth in truths.items():
        if code == CUT_OFF:
            continue
        head = fit_head(pooled, truth, rows)
        values = head.read(pooled)
        limit = head_limit(values, truth, rows)
        if limit is not None:
            said = f"at least {LEAST_RIGHT:.0%} of those told are right, at most {TOLD_AT_MOST:.0%} of any set are told"
            found[code] = Fitted(values, Limits(high=limit), said, head)
    return {code: found[code] for code in ORDER if code in found}


def measured(fitted: dict[str, Fitted], truths: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of results/gauges.csv."""
    judged, taken = rows.split != TRAIN, rows.corruption == AS_TAKEN
    told = {
        code: rows.assign(gauge=code, dataset=rows.kind, beyond=gauge.limits.beyond(gauge.values))[judged]
        for code, gauge in fitted.items()
    }  # fmt: skip
    known = {}
    for code, truth in truths.items():
        if code in told:
            mine = told[code].assign(true=truth.true, score=truth.score)
            known[truth.attrs["name"]] = mine[mine.score.notna()]
    for code, corruption in CORRUPTED.items():
        if code not in told:
            continue
        for step in (1, 2, 3):
            copies = (rows.corruption == corruption) & (rows.step == step)
            originals = taken & rows.image_id.isin(rows.image_id[copies])
            both = told[code][(copies | originals)[judged]]
            known[f"{corruption}, step {step}"] = both.assign(true=both.corruption != AS_TAKEN, dataset="copies")
    photos = pd.concat([part[part.corruption == AS_TAKEN] for part in told.values()])
    return gauges_table(photos, known)


def pack(bundle: Path, fitted: dict[str, Fitted], truths: dict[str, pd.DataFrame], table: pd.DataFrame) -> None:
    """Write the heads, the card's entry and the table."""
    path = bundle / "gauges.npz"
    arrays: dict[str, Any] = {}
    for code, gauge in fitted.items():
        if gauge.head is not None:
            arrays |= {f"{code}_kernel": gauge.head.kernel, f"{code}_bias": np.float32(gauge.head.bias)}
    np.savez(path, **arrays)
    card = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    card["gauges"] = {
        "file": path.name, "sha256": file_sha256(path), "weights_sha256": card["weights"]["sha256"],
        "fitted_on": VALIDATION,
        "limits": [{"code": code, "low": gauge.limits.low, "high": gauge.limits.high, "chosen_for": gauge.chosen_for,
                    "learnt_from": truths[code].attrs["name"] if gauge.head is not None else None}
                   for code, gauge in fitted.items()],
        "not_held": [truth.attrs["name"] for code, truth in truths.items() if code not in fitted],
    }  # fmt: skip
    write_json(bundle / "card.json", card)
    write_tables(bundle, {"results/gauges.csv": table.round(6)})


def run(images: pd.DataFrame, data: Path, bundle: Path, work: Path) -> pd.DataFrame:
    """Fit, measure and pack; return the rows of results/gauges.csv."""
    analyser = Analyser(bundle)
    pictures = gauge_pictures(images, tuple(CORRUPTED.values()))
    rows = pd.DataFrame([picture.row for picture in pictures])
    pooled = features_of(pictures, analyser, work / "features")
    pixels = on_pixels(pictures, analyser)
    truths = truths_of(rows, images, data)
    if CUT_OFF not in pixels:  # the model draws no outlines
        del truths[CUT_OFF]
    fitted = fit(pooled, pixels, truths, rows)
    table = measured(fitted, truths, rows)
    pack(bundle, fitted, truths, table)
    return table


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    options = folders(__doc__, arguments)
    table = run(split_images(options.work, options.bundle), options.data, options.bundle, options.work)
    columns = ["gauge", "dataset", "split", "subject", "metric", "value", "low", "high", "n_images"]
    print(table[table.split != VALIDATION][columns].round(3).to_string(index=False))
    return 0
