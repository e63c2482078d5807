"""Evaluation: how often the model is right, on which images, and how sure that is."""

import streamlit as st

from model.card import load_card
from model.errors import BundleError, LesionscopeError
from ui import evaluation, navigation
from ui import evaluation_wording as wording

navigation.inside_frame()
st.title(wording.TITLE)
try:
    card = load_card()
except BundleError as error:
    st.error(str(error))
    st.stop()
section = st.segmented_control(
    wording.SECTION,
    evaluation.SECTIONS,
    default=wording.SECTIONS[0],
    required=True,
    key="section",
    label_visibility="collapsed",
    persist_state="session",
)
for panel in evaluation.SECTIONS[section]:
    try:
        panel(card)
    except LesionscopeError as error:  # a table that is missing or damaged takes only its own panel away
        st.info(str(error))
