"""What a person chooses in more than one section of the dataset page."""

import pandas as pd
import streamlit as st

from ui.dataset import wording


def choose_set(table: pd.DataFrame) -> str:
    """Let a person choose one of the image sets that a table contains."""
    return st.selectbox(
        wording.SET, list(dict.fromkeys(table["dataset"])), format_func=wording.set_name,
        key=f"image_set_{table['dataset'].nunique()}", persist_state="session",
    )  # fmt: skip


def logarithmic() -> bool:
    """Let a person choose the scale on which images are drawn."""
    return st.toggle(wording.SCALE, key="logarithmic", persist_state="session")
