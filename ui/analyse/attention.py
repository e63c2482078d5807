"""Moves scroll position, focus and screen reader to a new answer, and never otherwise."""

import json
from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "attention.js"


def draw(answer: str, said: str, photo: int, kept: bool) -> None:
    """Tell the browser what is on the page now.

    Parameters
    ----------
    answer : str
        Identifies the answer; a new value means that there is something new to speak.
    said : str
        What a screen reader speaks.
    photo : int
        Number of the photo; a new one takes the focus to the answer.
    kept : bool
        Whether closing or reloading the page would lose something.
    """
    state = json.dumps({"answer": answer, "said": said, "photo": photo, "kept": kept})
    script = SCRIPT.read_text(encoding="utf-8")
    with st.container(key="attention"):
        st.html(f"<script>{script}\nattend({_inside_script(state)});</script>", unsafe_allow_javascript=True)


def _inside_script(text: str) -> str:
    """Escape text so that it cannot end the script that contains it."""
    return text.replace("<", "\\u003c")
