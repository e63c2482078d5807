"""How the answers change on degraded photos."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.plots import LinesDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording
from ui.evaluation.methods import METHODS

ROBUSTNESS = "results/robustness.csv"
AS_TAKEN = "none"  # the corruption of a photo that was left alone
MOST_BANDS = 3  # with more shaded bands than this, they hide each other


def robustness(card: Card) -> None:
    """Show one figure over the severity of every corruption chosen."""
    table = evidence.table(card, ROBUSTNESS)
    metrics = [name for name in wording.ROBUSTNESS_METRICS if name in set(table["metric"])]
    with evidence.bar():
        metric = st.selectbox(
            wording.FIGURE, metrics, format_func=wording.ROBUSTNESS_METRICS.get, key="robust_metric",
            width=2 * evidence.CHOICE, persist_state="session",
        )  # fmt: skip
    rows = table[table["metric"] == metric]
    names = list(rows["corruption"][rows["corruption"] != AS_TAKEN].unique())
    picked = st.pills(
        wording.CORRUPTIONS, names, selection_mode="multi", default=names, key="corruptions", persist_state="session"
    )
    counted = rows.iloc[0]
    said = shared.size(counted["n_images"], counted["n_lesions"])
    st.caption(f"{shared.set_name((counted['dataset'], counted['split']))}: {said}. {wording.ROBUSTNESS}")
    if not picked:
        st.info(wording.NO_CORRUPTION)
        return
    evidence.chart(lines(rows, picked, metric), "robustness")
    with st.expander(wording.EVERY_FIGURE):
        evidence.figures(wording.ROBUSTNESS_METRICS[metric], rows.assign(name=rows["setting"]))
    command = wording.ROBUSTNESS_COMMAND
    evidence.origin(card, (ROBUSTNESS,), METHODS["robustness"], table, "robustness.csv", command)


def lines(rows: pd.DataFrame, picked: list[str], metric: str) -> LinesDisplay:
    """Return one line per corruption, from the photo as taken to the most severe step; bands only if readable."""
    start, parts = rows[rows["corruption"] == AS_TAKEN], []
    for name in picked:
        parts.append(pd.concat([start, rows[rows["corruption"] == name]]).assign(series=name))
    shown = pd.concat(parts, ignore_index=True).rename(columns={"severity": "x"})
    shown = shown[["series", "x", "value", "low", "high", "setting", "n_images", "n_lesions"]]
    if len(picked) > MOST_BANDS:
        shown = shown.drop(columns=["low", "high"])
    return LinesDisplay(shown, wording.SEVERITY, wording.ROBUSTNESS_METRICS[metric], wording.SEVERITIES)
