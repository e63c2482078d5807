"""Which pages there are, in the order of the menu."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

PAGES = (
    ("pages/analyse.py", "Analyse"),
    ("pages/evaluation.py", "Evaluation"),
)


def router() -> StreamlitPage:
    """Build the menu along the top and return the page to run; the first of `PAGES` opens by itself."""
    pages = [st.Page(script, title=title, default=(script, title) == PAGES[0]) for script, title in PAGES]
    return st.navigation(pages, position="top")
