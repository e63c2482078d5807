"""What is shown for a photo without an answer: why, what that means for the lesion, and what to do."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from model.answer import sentences
from model.answer.gate import BLANK
from ui.analyse import state, wording
from ui.analyse.answer import centred, notes

if TYPE_CHECKING:
    from model.pipeline import Analysis


def panel(analysis: "Analysis") -> str:
    """Write why there is no answer, offer to show it anyway where possible, and return the text."""
    reason = analysis.prediction.reason
    heading, body = sentences.REFUSED[reason], f"<p>{sentences.MEANS[reason]}</p><p>{wording.REFUSED[reason]}</p>"
    st.html(
        f'<h1 class="headline" tabindex="-1" data-photo="{state.case()}">{escape(heading)}</h1>'
        f'<div class="refused">{body}</div>{centred.html(analysis)}{notes.html(analysis)}'
    )
    if reason != BLANK:
        st.button(wording.ANYWAY, on_click=state.answer_anyway, key="answer_anyway")
        st.caption(wording.ANYWAY_HINT)
    return heading
