"""The same question in groups of patients."""

import dataclasses

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import choices, wording
from ui.evaluation.methods import METHODS

SUBGROUPS = "results/subgroups.csv"


def subgroups(card: Card) -> None:
    """Show sensitivity, specificity and AUC by age, sex, site, confirmation and skin tone."""
    table = evidence.table(card, SUBGROUPS)
    with evidence.bar():
        chosen = evidence.choose_set(table)
        rows = evidence.of_set(table, chosen)
        subject = choices.subject(card, list(rows["subject"].unique()))
        metric = st.segmented_control(
            wording.FIGURE, wording.SUBGROUP_METRICS, format_func=wording.SUBGROUP_METRICS.get, default="sensitivity",
            required=True, key="subgroup_metric", persist_state="session",
        )  # fmt: skip
    evidence.warn_of_validation(chosen)
    rows = rows[rows["subject"] == subject]
    point = rows.iloc[0]
    st.caption(wording.SUBGROUPS.format(shared.set_name(chosen), point["point"], wording.share(point["threshold"])))
    display = forest(rows, metric)
    few = display.rows["value"].isna()
    evidence.chart(dataclasses.replace(display, rows=display.rows[~few].reset_index(drop=True)), "subgroups")
    st.markdown(wording.SKIN_TONE)
    if few.any():
        with st.expander(wording.TOO_SMALL.format(few.sum())):
            evidence.grid(
                "", (wording.GROUP, wording.IMAGES), [_counted(row) for row in display.rows[few].itertuples()]
            )
    evidence.origin(card, (SUBGROUPS,), METHODS["subgroups"], rows, f"subgroups_{subject}.csv")


def _counted(row) -> tuple[str, str]:
    return row.group, wording.NOT_LABELLED if pd.isna(row.n_images) else f"{row.n_images:,}"


def forest(rows: pd.DataFrame, metric: str) -> ForestDisplay:
    """Return the forest of one metric, everyone first; attributes without any label keep their row."""
    shown = rows[(rows["metric"] == metric) | rows["metric"].isna()].reset_index(drop=True)
    named = [
        wording.group(attribute, group)
        for attribute, group in shown[["attribute", "group"]].itertuples(index=False, name=None)
    ]
    everyone = shown["value"][shown["attribute"] == "everyone"]
    reference = None if everyone.isna().all() else float(everyone.iloc[0])
    shown = shown.assign(group=named, n_images=shown["n_images"].astype("Int64"))
    return ForestDisplay(shown, wording.SUBGROUP_METRICS[metric], reference)
