"""What is around every page: logo, look, the disclaimer that never scrolls away, and a voice for screen readers."""

from html import escape
from pathlib import Path

import streamlit as st

from ui import wording

ASSETS = Path(__file__).resolve().parent.parent / "assets"
NAME = "Lesionscope"


def configure(title: str) -> None:
    """Name the tab after the page."""
    st.set_page_config(page_title=f"{title} · {NAME}", page_icon=str(ASSETS / "icon.svg"), layout="wide")


def show() -> None:
    """Draw the frame; its last line is spoken, never seen, and stands from the start so that changes are heard."""
    st.logo(str(ASSETS / "logo.svg"), size="large")
    st.html(ASSETS / "theme.css")
    st.html(
        f'<aside class="disclaimer" aria-label="{wording.DISCLAIMER_NAME}">{escape(wording.DISCLAIMER)}</aside>'
        '<p id="announcer" class="unseen" role="status"></p>'
    )
