"""What changes if the least certain answers are left out, and what does not."""

import numpy as np
import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.plots import LinesDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.decisions import wording
from ui.evaluation.methods import METHODS

ABSTENTION = "results/abstention.csv"
LISTED = 0.8  # share of the images answered that is written as figures


def abstention(card: Card) -> None:
    """Show the effect of answering only the most certain photos, and what is still missed among them in every set."""
    table = evidence.table(card, ABSTENTION)
    places = evidence.ordered_sets(table[table["split"] != "validation"])
    rows, listed = evidence.of_set(table, places[0]), table[np.isclose(table["coverage"], LISTED)]
    everyone, (missed, malignant) = _images(rows), _missed(evidence.of_set(listed, places[0]))
    st.header(wording.ABSTENTION)
    said = (shared.set_name(places[0]), missed, malignant, evaluation_wording.share(LISTED), everyone)
    st.caption(wording.ABSTENTION_HINT.format(*said))
    keys = list(zip(rows["metric"], rows["subject"], strict=True))
    lines = rows.assign(x=100 * rows["coverage"], series=[wording.ABSTENTION_LINES.get(key) for key in keys])
    lines = lines.dropna(subset="series")
    evidence.chart(LinesDisplay(lines, wording.ANSWERED, wording.SHARE_OF_IMAGES), "abstention")
    first, *others = wording.ABSTENTION_COLUMNS
    columns = (first.format(evaluation_wording.share(LISTED)), *others)
    evidence.grid("", columns, [_row(evidence.of_set(listed, place), place) for place in places])
    evidence.origin(card, (ABSTENTION,), METHODS["abstention"], table, "abstention.csv")


def _images(rows: pd.DataFrame) -> int:
    """Return how many images the set has: those answered at full coverage."""
    return int(rows.loc[rows["metric"] == "balanced_accuracy", "n_images"].max())


def _missed(rows: pd.DataFrame) -> tuple[int, int]:
    """Return how many malignant images among those answered were named benign, and how many were answered."""
    figures = rows.set_index(["metric", "subject"])
    if ("sensitivity", MALIGNANT) not in figures.index:
        return 0, 0
    found = figures.loc[("sensitivity", MALIGNANT)]
    return round((1 - found["value"]) * found["n_images"]), int(found["n_images"])


def _row(rows: pd.DataFrame, place: evidence.Set) -> tuple[str, ...]:
    figures = rows.set_index(["metric", "subject"])
    accuracy = figures.loc[("balanced_accuracy", ALL)]
    _, malignant = _missed(rows)
    return (
        f"{shared.set_name(place)}, {accuracy['n_images']:,} images",
        evaluation_wording.estimate(accuracy),
        _count(figures, ("sensitivity", "mel"), True),
        _count(figures, ("sensitivity", MALIGNANT), False) if malignant else evaluation_wording.NOTHING,
    )


def _count(figures: pd.DataFrame, key: tuple[str, str], hits: bool) -> str:
    """Write a share as a count with its interval; ``hits`` False counts the others."""
    if key not in figures.index:
        return evaluation_wording.NOTHING
    value, low, high = figures.loc[key, ["value", "low", "high"]]
    value, low, high = (value, low, high) if hits else (1 - value, 1 - high, 1 - low)
    images = int(figures.loc[key, "n_images"])
    interval = evaluation_wording.bracket(shared.number(low), shared.number(high))
    return f"{round(value * images)} of {images}, {shared.number(value)} {interval}"
