"""What the network's trunks and its input size are worth, and what they cost."""

import numpy as np
import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.plots import ForestDisplay, LinesDisplay
from model.evaluation.plots.style import with_interval
from ui import evidence
from ui import wording as shared
from ui.method import paired, wording

COST = "results/cost.csv"
COLUMNS = ("kind", "tried", "size", "multiply_adds", *paired.COLUMNS)


def cost(card: Card) -> None:
    """Draw a figure over the multiply-adds of fewer trunks and other sizes, and what each changes."""
    table = evidence.table(card, COST, COLUMNS)
    rows, metric = paired.chosen(table, "cost")
    rows = rows.replace([np.inf, -np.inf], np.nan).dropna(subset=["value", "multiply_adds", "size"])
    trunks = rows[rows["kind"] == "trunks"]
    own = trunks[(trunks[["difference", "difference_low", "difference_high"]] == 0).all(axis=1)]
    if own.empty:
        raise TableError("damaged", wording.NO_TRUNKS.format(COST))
    served = own.iloc[0]
    st.caption(wording.COST_HINT.format(
        billions=served["multiply_adds"] / 1e9, figure=wording.PAIRED[metric],
        value=with_interval(*served[["value", "low", "high"]]),
        set=shared.set_name((served["dataset"], served["split"])),
        size=shared.size(served["n_images"], served["n_lesions"]), better=wording.BETTER[metric == "log_loss"],
        sizes=", ".join(f"{size:g}" for size in sorted(trunks["size"].unique())),
    ))  # fmt: skip
    lines = trunks.assign(
        series=trunks["tried"].map(_spaced), x=trunks["multiply_adds"] / 1e9,
        point=trunks["size"].map(wording.COST_SIZE.format),
    )  # fmt: skip
    lines = pd.concat([lines, lines.loc[own.index[:1]].assign(series=wording.SERVED)])
    named = wording.PAIRED[metric]
    display = LinesDisplay(lines[["series", "x", "value", "point"]], wording.BILLIONS, named, marked=wording.SERVED)
    evidence.chart(display, "cost")
    near = trunks[(trunks["size"] == served["size"]) | (trunks["tried"] == served["tried"])].drop(own.index[0])
    near = near.sort_values("multiply_adds", ascending=False, kind="stable")
    for heading, part in ((wording.LESS, near), (wording.RELEASES, rows[rows["kind"] == "release"])):
        if len(part):
            st.header(heading)
            display = ForestDisplay(_changes(part), wording.COST_CHANGE.format(named), 0.0)
            evidence.chart(display, f"cost_{heading}")
    evidence.origin(card, (COST,), wording.COST_METHOD, rows, f"cost_{metric}.csv", wording.COST_COMMAND)


def _changes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return group, value, low and high of the differences to what is served, in the order of the rows."""
    rows = rows.reset_index(drop=True)
    named = rows[["tried", "size", "multiply_adds"]].itertuples(index=False)
    return rows.assign(
        group=[wording.COST_ROW.format(_spaced(tried), size, adds / 1e9) for tried, size, adds in named],
        n_images=pd.NA,  # the same for all rows and in the caption
        value=rows["difference"], low=rows["difference_low"], high=rows["difference_high"],
    )  # fmt: skip


def _spaced(name: str) -> str:
    return name.replace("_", " ")
