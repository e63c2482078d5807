"""Which pages there are, in the order of the menu."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

PAGES = (
    ("pages/analyse.py", "Analyse"),
    ("pages/batch.py", "Batch"),
    ("pages/evaluation.py", "Evaluation"),
    ("pages/dataset.py", "Dataset"),
    ("pages/method.py", "Method"),
    ("pages/about.py", "About"),
)
FRAMED = "framed"  # session key: the frame was drawn in this run


def router() -> StreamlitPage:
    """Build the menu along the top and return the page to run; the first of `PAGES` is the default."""
    st.session_state[FRAMED] = True
    pages = [
        st.Page(script, title=title, url_path=Path(script).stem, default=(script, title) == PAGES[0])
        for script, title in PAGES
    ]
    return st.navigation(pages, position="top")


def inside_frame() -> None:
    """Restart through app.py if a page runs without it; every page calls this first.

    Before its first run, a server treats each script in ``pages/`` as a separate page. The first address requested
    would then open a page alone, without the disclaimer, and an address that is not a script's name would be unknown.
    Once the menu is built, this no longer happens until the server stops.
    """
    if not st.session_state.pop(FRAMED, False):
        router()
        st.rerun()
