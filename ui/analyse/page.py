"""The page as a whole: reading a photo, asking for one, and the layout of answer, refusal and reader-first mode."""

from typing import TYPE_CHECKING

import streamlit as st

from ui import sections
from ui.analyse import attention, map, photo, source, state, wording
from ui.analyse.answer import context, refusal
from ui.analyse.answer import page as answer
from ui.analyse.closer import lesion, maps
from ui.analyse.reader import page as reader

if TYPE_CHECKING:
    from model.pipeline import Analysis


def show() -> None:
    """Show the current state; a waiting file is read first, after the previous answer is removed."""
    if state.waiting():
        _read()
    found = state.analysis(sections.the_model()) if state.answered() else None
    with st.container(key="page"):
        error = state.trouble()
        if found is None:
            _ask(error)
            return
        source.bar()
        if error:
            st.error(str(error))
        _show(found)


def _read() -> None:
    """Read the waiting file in a separate run, whose first element replaces all earlier ones."""
    st.empty().html(f'<p class="reading" role="status">{wording.READING}</p>')
    attention.draw(f"reading {state.generation()}", wording.READING, 0, kept=False)
    state.read(sections.the_model())
    st.rerun()


def _ask(error: Exception | None) -> None:
    """Show every way to provide a photo, and load the model while a person chooses."""
    if error:
        st.error(str(error))
    source.open_source()
    attention.draw("none", "", 0, kept=reader.has_cases())
    with st.spinner(wording.LOADING):
        sections.the_model()


def _show(analysis: "Analysis") -> None:
    """Show the photo, and next to it what may be shown now; before a reader has judged, nothing of the answer."""
    if reader.first():
        _hidden(analysis)
        return
    if analysis.prediction.abstained:
        _refused(analysis)
    else:
        _answered(analysis)
    reader.summary(analysis.card)


def _stage(parts: int):
    """Lay out the photo, the text on it, and the map if there is one; the style sheet places them."""
    return st.container(key=f"stage_{parts}_{state.side()}").columns(parts)


def _hidden(analysis: "Analysis") -> None:
    left, right = _stage(parts=2)
    with left:
        photo.panel(analysis)
    with right:
        said = reader.ask(analysis.card)
    attention.draw(state.name(), said, state.case(), kept=True)


def _refused(analysis: "Analysis") -> None:
    left, right = _stage(parts=2)
    with left:
        photo.panel(analysis)
    with right:
        reader.beside(analysis)
        said = refusal.panel(analysis)
        reader.after(analysis.card)
    attention.draw(state.name(), said, state.case(), kept=True)


def _answered(analysis: "Analysis") -> None:
    with st.container(key="side_switch"):
        st.segmented_control(
            wording.SIDE,
            wording.SIDES,
            key="side",
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
    left, middle, right, below = _stage(parts=4)
    with left:
        photo.panel(analysis)
    with middle:
        reader.beside(analysis)
        said = answer.panel(analysis)
    with right:
        map.panel(analysis)
    with below:
        reader.after(analysis.card)
        context.row(analysis)
        lesion.panel(analysis)
        maps.panel(analysis)
    attention.draw(state.name(), said, state.case(), kept=True)
