"""What tables of paired differences share: the image set and the figure that a reader chooses."""

import pandas as pd
import streamlit as st

from ui import wording as shared
from ui.evaluation.wording import FIGURE
from ui.method import wording

COLUMNS = (
    "dataset", "split", "metric", "value", "low", "high", "difference", "difference_low", "difference_high",
    "n_images", "n_lesions",
)  # fmt: skip


def chosen(table: pd.DataFrame, key: str) -> tuple[pd.DataFrame, str]:
    """Let a reader choose an image set and a figure; return their rows and the figure's name in the table.

    ``key`` tells the choices of one section from those of another.
    """
    left, right = st.columns(2)
    name = left.selectbox(
        wording.JUDGED_ON, list(dict.fromkeys(table["dataset"])), format_func=lambda one: shared.SETS.get(one, one),
        key=f"{key}_set", persist_state="session",
    )  # fmt: skip
    of_set = table[table["dataset"] == name]
    metrics = [metric for metric in wording.PAIRED if metric in set(of_set["metric"])]
    metric = right.selectbox(
        FIGURE, metrics, format_func=wording.PAIRED.get, key=f"{key}_metric", persist_state="session"
    )
    return of_set[of_set["metric"] == metric], metric
