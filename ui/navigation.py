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


def router() -> StreamlitPage:
    """Build the menu along the top and return the page to run; the first of `PAGES` opens by itself.

    An address that is a script's own name would, as the first one that a server is asked for, run that script
    alone, without the disclaimer around it; so addresses differ from names.
    """
    pages = [
        st.Page(script, title=title, url_path=f"see-{Path(script).stem}", default=(script, title) == PAGES[0])
        for script, title in PAGES
    ]
    return st.navigation(pages, position="top")
