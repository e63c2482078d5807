"""Short notes on the photo, each only where it matters."""

from typing import TYPE_CHECKING

import streamlit as st

from ui import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis


def show(analysis: "Analysis") -> None:
    """Say what was done to the photo, and what about it may mislead."""
    for code in analysis.notes:
        st.caption(wording.NOTES[code])
