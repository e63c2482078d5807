"""What a person may enter with the photo: age, sex and site, and how many lesions are malignant in the clinic."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from model.answer.patient import OLDEST, SEXES
from ui import wording as shared
from ui.analyse import state, wording

if TYPE_CHECKING:
    from model.pipeline import Analysis

PREVALENCE = "clinic_prevalence"  # session key: malignant lesions of 100 in the clinic, kept for the next photo


def row(analysis: "Analysis") -> None:
    """Ask in one row, and write in one line what the patient's data changes."""
    with st.container(key="context"):
        if analysis.card.effects is None:
            _prevalence(st.columns([5, 8])[0])
            return
        age, sex, site, prevalence = st.columns(4)
        _patient(analysis, age, sex, site)
        _prevalence(prevalence)
        informed = analysis.leading.informed(state.patient())
        if informed.patient.known:
            st.html(f'<p class="effect" role="status">{escape(effect(informed))}</p>')
        st.html(f'<p class="remark">{wording.PATIENT_HINT}</p>')


def _patient(analysis: "Analysis", age, sex, site) -> None:
    age.number_input(
        wording.AGE, 0, OLDEST, value=None, step=1, key="patient_age", persist_state="session",
        placeholder=wording.NOT_TOLD,
    )  # fmt: skip
    sex.segmented_control(
        wording.SEX, SEXES, format_func=shared.SEXES.get, key="patient_sex", persist_state="session", width="stretch"
    )
    site.selectbox(
        wording.SITE,
        list(analysis.card.effects.sites),
        index=None,
        format_func=lambda code: shared.SITES.get(code, code),
        key="patient_site",
        placeholder=wording.NOT_TOLD,
        persist_state="session",
    )


def _prevalence(place) -> None:
    place.number_input(
        wording.PREVALENCE, 0.1, 60.0, value=None, step=0.5, key=PREVALENCE, persist_state="session",
        placeholder=wording.NOT_SET, help=wording.PREVALENCE_HELP, format="%g",
    )  # fmt: skip


def prevalence() -> float | None:
    """Return the share of malignant lesions among those seen in the clinic, or None if it was not entered."""
    told = st.session_state.get(PREVALENCE)
    return None if told is None else told / 100


def effect(informed: "Analysis") -> str:
    """Write the two probabilities with age, sex and site, next to those of the photo alone."""
    codes = informed.card.codes
    pairs = [(wording.SUBJECTS["malignant"], informed.prediction.malignant, informed.photo_alone.malignant)]
    if "mel" in codes:
        shares = (answer.probabilities[codes.index("mel")] for answer in (informed.prediction, informed.photo_alone))
        pairs.append((wording.SUBJECTS["mel"], *shares))
    told = "; ".join(
        wording.EFFECT.format(name, shared.percent(now), shared.percent(alone)) for name, now, alone in pairs
    )
    return wording.WITH.format(shared.patient(informed.patient), told)
