"""Analyse one photo: take it, ask the model, show what it found."""

from typing import TYPE_CHECKING

import streamlit as st

from model.errors import BundleError
from ui import cached, components, navigation, source, state, wording

if TYPE_CHECKING:
    from model.pipeline import Analyser, Analysis


def model(waiting_text: str) -> "Analyser":
    """Return the model, or say in one sentence why there is none and end the page."""
    try:
        with st.spinner(waiting_text):
            return cached.analyser()
    except BundleError as error:
        st.error(str(error))
        st.stop()


def ask_for_photo() -> None:
    """Show every way to a photo, and load the model while a person chooses."""
    if state.trouble():
        st.error(str(state.trouble()))
    source.open_source()
    model(wording.LOADING)


def show(analysis: "Analysis") -> None:
    """Show photo, map and answer side by side, and the details below."""
    screen = state.screen()
    answered = not analysis.prediction.abstained
    with st.container(key="answer"):
        photo, heat_map, answer = st.columns([16, 16, 10])
    with photo:
        components.photo_panel(analysis, *screen)
    with heat_map:
        if answered:
            components.map_panel(analysis, *screen)
    with answer:
        components.answer_panel(analysis)
    with st.container(key="details"):
        another, more, files = st.columns([16, 16, 10])
    with another:
        source.next_photo()
    with more.container(horizontal=True):
        source.other_source()
        components.evidence(analysis.card)
    with files:
        if answered:
            components.downloads(analysis)


navigation.inside_frame()
analysis = state.analysis(model(wording.READING)) if state.waiting() else None
if analysis:
    show(analysis)
else:
    ask_for_photo()
