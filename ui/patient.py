"""What a person may tell beside the photo: age, sex and site, each of them optional."""

import streamlit as st

from model.card import Card
from model.patient import OLDEST, SEXES
from ui import wording


def panel(card: Card) -> None:
    """Ask for age, sex and site below an answer; nothing where the model takes a photo alone."""
    if card.effects is None:
        return
    with st.expander(wording.PATIENT), st.container(key="patient"):
        st.number_input(wording.AGE, 0, OLDEST, value=None, step=1, key="patient_age", persist_state="session")
        st.segmented_control(
            wording.SEX, SEXES, format_func=wording.SEXES.get, key="patient_sex", persist_state="session"
        )
        st.selectbox(
            wording.SITE,
            list(card.effects.sites),
            index=None,
            format_func=lambda code: wording.SITES.get(code, code),
            key="patient_site",
            placeholder=wording.NOT_TOLD,
            persist_state="session",
        )
        st.caption(wording.PATIENT_HINT.format(card.effects.youngest, card.effects.oldest))
