"""Which diagnoses cannot be told apart, and how often the true one is among them."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.decisions.prediction_sets import HALF
from model.evaluation.plots import ForestDisplay
from model.evaluation.subgroups import FEWEST_CASES
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.decisions import wording
from ui.evaluation.methods import METHODS

SETS = "results/prediction_sets.csv"
DRAWN = (ALL, MALIGNANT, "benign", "mel")


def sets(card: Card) -> None:
    """Show how often the set of diagnoses contains the true one, at the chosen level."""
    table = evidence.table(card, SETS)
    st.header(wording.PREDICTION_SETS)
    levels = sorted(table["level"].unique())
    with evidence.bar():
        level = st.segmented_control(
            wording.LEVEL, levels, default=levels[0], format_func=evaluation_wording.share, required=True,
            key="set_level", persist_state="session",
        )  # fmt: skip
    rows = table[table["level"] == level]
    st.caption(f"{wording.SETS_HINT} {_halves(rows)}")
    measured = rows[~rows["split"].str.startswith("validation")]
    drawn = measured[(measured["metric"] == "coverage") & measured["subject"].isin(DRAWN)]
    groups = [
        f"{shared.set_name((row.dataset, row.split))}: {evaluation_wording.subject(row.subject, card.names)}"
        for row in drawn.itertuples()
    ]
    evidence.chart(ForestDisplay(drawn.assign(group=groups), wording.COVERAGE, float(level)), "coverage")
    _every_figure(card, measured)
    evidence.origin(card, (SETS,), METHODS["sets"], table, "prediction_sets.csv")


def _halves(rows: pd.DataFrame) -> str:
    """Write whether the level was reached on validation lesions that the limits were not fitted on."""
    tried = rows[(rows["split"] == HALF) & (rows["metric"] == "coverage") & (rows["subject"] == MALIGNANT)]
    if tried.empty:
        return ""
    row = tried.iloc[0]
    value, low, high = (f"{100 * row[name]:.0f} %" for name in ("value", "low", "high"))
    return wording.HALVES.format(value, row["interval"], low, high)


def _every_figure(card: Card, measured: pd.DataFrame) -> None:
    """Write size, coverage by diagnosis and age, and what is missed, one column per set."""
    places = evidence.ordered_sets(measured)
    cells = measured.set_index(["metric", "subject", "dataset", "split"]).sort_index()
    keys = [key for key in wording.SET_METRICS if key in cells.index]
    keys += [("coverage", name) for name in measured.loc[measured["metric"] == "coverage", "subject"].unique()]
    listed = [(_name(card, *key), *(_cell(cells, (*key, *place)) for place in places)) for key in keys]
    evidence.grid("", (evaluation_wording.FIGURE, *map(shared.set_name, places)), listed)


def _name(card: Card, metric: str, subject: str) -> str:
    said = wording.SUBJECTS.get(subject) or evaluation_wording.subject(subject, card.names).capitalize()
    return wording.SET_METRICS.get((metric, subject)) or wording.HOLDS.format(said)


def _cell(cells: pd.DataFrame, key: tuple[str, str, str, str]) -> str:
    if key not in cells.index:
        return evaluation_wording.NOTHING
    row = cells.loc[key]
    if key[0] != "size" and row["n_images"] < FEWEST_CASES:
        return f"{round(row['value'] * row['n_images'])} of {row['n_images']}"
    return f"{evaluation_wording.estimate(row)}, n = {row['n_images']:,}"
