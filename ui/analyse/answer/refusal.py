"""What is shown for a photo without an answer: why, what that means for the lesion, and what to do."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from model.answer.gate import OUTSIDE
from ui import wording as shared
from ui.analyse import state, wording
from ui.analyse.answer import notes

if TYPE_CHECKING:
    from model.pipeline import Analysis


def panel(analysis: "Analysis") -> str:
    """Write why there is no answer, offer to show it anyway where possible, and return the text."""
    reason = analysis.prediction.reason
    heading, body = wording.REFUSED if reason == OUTSIDE else (wording.BLANK, shared.NOTES[reason])
    st.html(
        f'<h1 class="headline" tabindex="-1" data-photo="{state.case()}">{escape(heading)}</h1>'
        f'<div class="refused">{body}</div>{notes.html(analysis)}'
    )
    if reason == OUTSIDE:
        st.button(wording.ANYWAY, on_click=state.answer_anyway, key="answer_anyway")
        st.caption(wording.ANYWAY_HINT)
    return heading
