"""The answer to a photo: the risk, the named diagnosis, near ties, and how often such answers are right."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from model.answer import sentences
from model.answer.decision import LOW
from ui import bars
from ui.analyse import samples, state, wording
from ui.analyse.answer import centred, context, downloads, measured, notes
from ui.analyse.answer import wording as answer_wording
from ui.wording import percent

if TYPE_CHECKING:
    from model.pipeline import Analysis


def panel(analysis: "Analysis") -> str:
    """Show the answer to the photo alone, and return what a screen reader speaks."""
    decision, card, leads = analysis.decision, analysis.card, analysis.leading
    heading, levels = wording.headline(leads.decision), decision.points
    if analysis.forced:
        heading, levels = wording.FORCED_HEADING, ()
    in_frame = "" if analysis.centred else f'<p class="remark">{wording.IN_FRAME}</p>'
    with st.container(key="verdict"):
        st.html(
            f'<h1 class="headline" tabindex="-1" data-photo="{state.case()}">{escape(heading)}</h1>'
            f'<p class="sums">{_sums(leads)}</p>{notes.html(analysis)}{_decided(analysis)}{samples.truth(card)}'
            f"{in_frame}{bars.table(card, analysis.photo_alone, levels)}{_like_this(analysis)}"
        )
        if measured.applies(analysis):
            measured.levels(card, decision)
        downloads.row(analysis.informed(state.patient()))
    return f"{heading}. {centred.sums(leads)}"


def _sums(analysis: "Analysis") -> str:
    return " ".join(
        f"<span>{wording.SUBJECTS[name].capitalize()} <b>{percent(share)}</b></span>"
        for name, share in centred.shares(analysis).items()
    )


def _decided(analysis: "Analysis") -> str:
    """Write how often the risk was right, the named diagnosis, near ties and what cannot be told apart.

    Of a refused picture nothing is decided: only probabilities are shown, and that they were not measured.
    """
    if analysis.forced:
        return f'<p class="band">{sentences.FORCED[analysis.prediction.reason]}</p>{centred.html(analysis)}'
    said = wording.OTHER_FRAME
    if measured.applies(analysis):
        said = measured.sentence(analysis.card, analysis.decision)
    elif analysis.leading.decision.risk == LOW:
        said = f"{answer_wording.NO_ALL_CLEAR} {said}"
    found = f'{centred.html(analysis)}<p class="found">{said}</p>'
    if analysis.leading is not analysis:
        return found
    names = {code: escape(name) for code, name in analysis.card.names.items()}
    return found + "".join(f"<p class='named'>{line}</p>" for line in wording.named(analysis.decision, names))


def _like_this(analysis: "Analysis") -> str:
    """Write how often such answers were malignant, here and in the clinic; nothing if that was not measured."""
    if not measured.applies(analysis):
        return f'<p class="remark">{wording.NOT_ADJUSTED}</p>' if context.prevalence() else ""
    card = analysis.card
    lines = (
        measured.like_this(card, analysis.photo_alone.malignant),
        measured.adjusted(card, analysis.decision, context.prevalence()),
    )
    return "".join(f'<p class="remark">{line}</p>' for line in lines if line)
