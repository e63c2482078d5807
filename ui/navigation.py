"""Which pages there are, in the order of the menu."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

PAGES = (
    ("pages/analyse.py", "Analyse"),
    ("pages/evaluation.py", "Evaluation"),
    ("pages/dataset.py", "Dataset"),
    ("pages/method.py", "Method"),
    ("pages/about.py", "About"),
)
FRAMED = "framed"  # session key: the frame was drawn in this run


def router() -> StreamlitPage:
    """Build the menu along the top and return the page to run; the first of `PAGES` opens by itself."""
    st.session_state[FRAMED] = True
    pages = [
        st.Page(script, title=title, url_path=Path(script).stem, default=(script, title) == PAGES[0])
        for script, title in PAGES
    ]
    return st.navigation(pages, position="top")


def inside_frame() -> None:
    """Start over through app.py where a page runs without it; every page calls this first.

    A server that has run nothing yet takes the scripts in ``pages/`` for pages by themselves: an address that is the
    first one it is asked for would open one alone, without the disclaimer, and an address that is no script's
    name would be called unknown. Building the menu ends that for as long as the server runs.
    """
    if not st.session_state.pop(FRAMED, False):
        router()
        st.rerun()
