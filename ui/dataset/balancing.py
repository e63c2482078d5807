"""How each balancing method changes an epoch, and its effect on a layer trained with it."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.plots import EpochDisplay, ForestDisplay
from ui import evidence
from ui.dataset import wording
from ui.dataset.choices import logarithmic

BALANCING, STUDY = "dataset/balancing.csv", "results/balancing_study.csv"
STUDY_COLUMNS = ("method", "options", "metric", "value", "low", "high", "n_images", "n_lesions", "split", "interval")
SHOWN_BESIDE = ("balanced_accuracy", "melanoma_sensitivity", "melanoma_specificity", "melanoma_auc")


def balancing(card: Card) -> None:
    """Show how a balancing method changes an epoch, and its effect on a head trained with it."""
    table = evidence.table(card, BALANCING)
    ways = list(table[["method", "options"]].drop_duplicates().itertuples(index=False, name=None))
    way = st.selectbox(wording.METHOD, ways, format_func=lambda chosen: wording.method(*chosen), key="way",
                       persist_state="session")  # fmt: skip
    st.caption(wording.BALANCING_HINT)
    rows = _of_way(table, way).reset_index(drop=True)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(wording.EPOCH)
        display = EpochDisplay(rows, card.names, logarithmic())
        evidence.chart(display, "epoch")
    with right:
        st.header(wording.MEASURED)
        _measured(card, way)
    cells = display.table()[["name", "images", "draws", "class_weight"]].itertuples(index=False)
    grid = [
        (name, f"{images:,}", f"{draws:,.0f}", f"{1:.3f}", f"{weight:.3f}") for name, images, draws, weight in cells
    ]
    evidence.grid("", wording.EPOCH_COLUMNS, grid)
    evidence.origin(card, (BALANCING,), wording.COMPUTED["balancing"], display.table(), f"epoch_{way[0]}.csv",
                    wording.TABLES_COMMAND)  # fmt: skip


def _of_way(table: pd.DataFrame, way: tuple[str, str]) -> pd.DataFrame:
    return table[(table["method"] == way[0]) & (table["options"] == way[1])]


def _measured(card: Card, way: tuple[str, str]) -> None:
    study = evidence.optional(card, STUDY, "", STUDY_COLUMNS)
    rows = _of_way(study, way).set_index("metric")
    known = [metric for metric in SHOWN_BESIDE if metric in rows.index]
    if known:
        shown = rows.loc[known].reset_index().assign(name=[wording.MEASURES[metric] for metric in known])
        evidence.figures(wording.method(*way), shown)
        st.caption(wording.STUDY_NOTE.format(rows["features"].iloc[0]))
    elif len(study):
        st.info(wording.NOT_MEASURED)


def study(card: Card) -> None:
    """Compare all balancing methods by one figure."""
    st.header(wording.MEASURED_ALL)
    table = evidence.table(card, STUDY)
    offered = [metric for metric in wording.MEASURES if metric in set(table["metric"])]
    metric = st.selectbox(wording.MEASURE, offered, format_func=wording.MEASURES.get, key="measure",
                          persist_state="session")  # fmt: skip
    rows = table[table["metric"] == metric]
    names = [wording.short_method(*way) for way in rows[["method", "options"]].itertuples(index=False)]
    plain = rows["value"][rows["method"] == "none"]
    reference = None if plain.empty else float(plain.iloc[0])
    display = ForestDisplay(rows.assign(group=names), wording.MEASURES[metric], reference)
    evidence.chart(display, "study")
    st.caption(f"{wording.STUDY_LINE} {wording.STUDY_NOTE.format(rows['features'].iloc[0])}")
    method = wording.COMPUTED["study"].format(rows["interval"].iloc[0])
    evidence.origin(card, (STUDY,), method, rows, f"balancing_{metric}.csv", wording.STUDY_COMMAND)
