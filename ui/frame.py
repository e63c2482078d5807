"""The frame of every page: logo, style, the disclaimer that is always visible, and texts for screen readers."""

from html import escape
from pathlib import Path

import streamlit as st

from ui import wording

ASSETS = Path(__file__).resolve().parent.parent / "assets"
NAME = "Lesionscope"


def configure(title: str) -> None:
    """Give the browser tab the page's name."""
    st.set_page_config(page_title=f"{title} · {NAME}", page_icon=str(ASSETS / "icon.svg"), layout="wide")


def show() -> None:
    """Draw the frame; its last line is only spoken, and exists from the start so that screen readers speak changes."""
    st.logo(str(ASSETS / "logo.svg"), size="large")
    st.html(ASSETS / "theme.css")
    st.html(
        f'<aside class="disclaimer" aria-label="{wording.DISCLAIMER_NAME}">{escape(wording.DISCLAIMER)}</aside>'
        '<p id="announcer" class="unseen" role="status"></p>'
    )
