"""What more images, more draws and teachers give to a network of the same size."""

import numpy as np
import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.plots import ForestDisplay
from model.evaluation.plots.style import with_interval
from ui import evidence
from ui import wording as shared
from ui.method import paired, wording

GAINS = "results/gains.csv"
NEEDED = ("share", "draws", "teachers", "train_images")
COLUMNS = (*NEEDED, "seed", "learner", *paired.COLUMNS)
CHANGES = ["difference", "difference_low", "difference_high"]


def gains(card: Card) -> None:
    """Draw what each change of images, draws, teachers or seed does to a figure."""
    table = evidence.table(card, GAINS, COLUMNS)
    rows, metric = paired.chosen(table, "gains")
    rows = rows.replace([np.inf, -np.inf], np.nan).dropna(subset=["value", *NEEDED, *CHANGES])
    own = rows[(rows[CHANGES] == 0).all(axis=1)]
    if own.empty or len(rows) == 1:
        raise TableError("damaged", wording.NO_START.format(GAINS))
    start = own.iloc[0]
    named = wording.PAIRED[metric]
    st.caption(wording.GAINS_HINT.format(
        learner=start["learner"], images=start["train_images"], draws=start["draws"], figure=named,
        value=with_interval(*start[["value", "low", "high"]]),
        set=shared.set_name((start["dataset"], start["split"])),
        size=shared.size(start["n_images"], start["n_lesions"]),
    ))  # fmt: skip
    others = rows.drop(own.index[0]).reset_index(drop=True)
    changes = others[CHANGES].set_axis(["value", "low", "high"], axis=1).assign(
        group=[_change(row, start) for _, row in others.iterrows()],
        n_images=pd.NA,  # the same for all rows and in the caption
    )  # fmt: skip
    evidence.chart(ForestDisplay(changes, wording.GAINS_CHANGE.format(named), 0.0), "gains")
    evidence.origin(card, (GAINS,), wording.GAINS_METHOD, rows, f"gains_{metric}.csv", wording.GAINS_COMMAND)


def _change(row: pd.Series, start: pd.Series) -> str:
    """Write in what a network differs from the first."""
    said = []
    if row["share"] != start["share"]:
        said.append(wording.GAIN_IMAGES.format(row["train_images"], 100 * row["share"]))
    if row["teachers"]:
        said.append(wording.GAIN_TEACHERS[row["teachers"] == 1].format(row["teachers"]))
    if row["draws"] != start["draws"]:
        said.append(wording.GAIN_DRAWS.format(row["draws"]))
    return ", ".join(said) or wording.GAIN_SEED
