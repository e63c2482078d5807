"""Notes on photo quality: how many problems are found, and how often a note is shown and right."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.limits import wording
from ui.evaluation.methods import METHODS

GAUGES = "results/gauges.csv"


def gauges(card: Card) -> None:
    """Show what each gauge finds, how often it is right, and how often it leads to a note."""
    table = evidence.table(card, GAUGES)
    rows = table[table["split"] != "validation"]
    st.header(wording.GAUGES)
    st.caption(wording.GAUGES_HINT)
    found = rows[rows["metric"] == "found"].reset_index(drop=True)
    evidence.chart(ForestDisplay(found.assign(group=_asked(found)), wording.FOUND), "gauges")
    with st.expander(evaluation_wording.EVERY_FIGURE):
        told = rows[(rows["metric"] == "told") & (rows["subject"] == ALL)]
        evidence.figures(wording.TOLD, told.assign(name=_where(told)))
        others = rows[rows["metric"].isin(wording.GAUGE_METRICS)]
        names = _asked(others) + ": " + others["metric"].map(wording.GAUGE_METRICS)
        evidence.figures("", others.assign(name=names))
    evidence.origin(card, (GAUGES,), METHODS["gauges"], table, "gauges.csv", wording.GAUGES_COMMAND)


def _where(rows: pd.DataFrame) -> pd.Series:
    """Name gauge and set."""
    named = [
        f"{wording.GAUGE_NAMES[row.gauge]}, {shared.set_name((row.dataset, row.split))}" for row in rows.itertuples()
    ]
    return pd.Series(named, rows.index)


def _asked(rows: pd.DataFrame) -> pd.Series:
    """Return the name of gauge and photos, and the set where sets differ."""
    named = [
        f"{wording.GAUGE_NAMES[row.gauge]}: {wording.truth(row.subject)}"
        + ("" if row.dataset == "copies" else f", {shared.set_name((row.dataset, row.split))}")
        for row in rows.itertuples()
    ]
    return pd.Series(named, rows.index)
