"""Where a person's eyes, focus and ears go: to the answer when it is there, and nowhere else without being asked."""

import json
from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "attention.js"


def draw(answer: str, said: str, photo: int, kept: bool) -> None:
    """Tell the browser what is on the page now.

    Parameters
    ----------
    answer : str
        Names the answer; another name means that there is something new to say.
    said : str
        What a screen reader speaks.
    photo : int
        Number of the photo; a new one takes the focus to the answer.
    kept : bool
        Whether something would be lost by closing or reloading the page.
    """
    state = json.dumps({"answer": answer, "said": said, "photo": photo, "kept": kept})
    script = SCRIPT.read_text(encoding="utf-8")
    with st.container(key="attention"):
        st.html(f"<script>{script}\nattend({_inside_script(state)});</script>", unsafe_allow_javascript=True)


def _inside_script(text: str) -> str:
    """Keep text of ours from ending the script it stands in."""
    return text.replace("<", "\\u003c")
