"""Short notes on the photo, each shown only if it applies."""

from typing import TYPE_CHECKING

import streamlit as st

from ui import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis


def show(analysis: "Analysis") -> None:
    """Write what was done to the photo, and what in it may mislead."""
    for code in analysis.notes:
        st.caption(wording.NOTES[code])
