"""Reader first: a clinician's own diagnosis before the answer, both compared after it, and the cases so far."""

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from model.card import Card
from ui.analyse import samples, state
from ui.analyse.answer import context, measured
from ui.analyse.answer import wording as answer_wording
from ui.analyse.reader import cases, wording
from ui.analyse.wording import headline

if TYPE_CHECKING:
    from model.pipeline import Analysis

SWITCH, BEFORE, SURE, AFTER, TRUTH = "reader_first", "reader_before", "reader_sure", "reader_after", "reader_truth"


def switch() -> None:
    """Offer to judge first; this applies from the next photo on, because the answer to this one has been seen."""
    st.toggle(wording.SWITCH, key=SWITCH, help=wording.SWITCH_HELP, on_change=_switched, persist_state="session")


def _switched() -> None:
    """Show the waiting answer when a person no longer wants to judge first."""
    if not st.session_state[SWITCH]:
        state.show_answer()


def first() -> bool:
    """Whether the answer on the page still waits for the reader."""
    return state.hidden()


def has_cases() -> bool:
    """Whether the session holds cases that closing the page would lose."""
    return bool(st.session_state.get("cases"))


def ask(card: Card) -> str:
    """Ask for diagnosis and confidence, and return them; nothing here depends on the answer."""
    st.html(f'<h1 class="headline" tabindex="-1" data-photo="{state.case()}">{wording.ASK}</h1>')
    names = wording.diagnoses(card)
    options = {"index": None, "placeholder": wording.CHOOSE, "format_func": names.get, "persist_state": "session"}
    diagnosis = st.selectbox(wording.BEFORE, names, key=_key(BEFORE), **options)
    sure = st.segmented_control(
        wording.SURE, wording.SURENESS, key=_key(SURE), format_func=wording.SURENESS.get, persist_state="session"
    )
    st.button(wording.COMMIT, type="primary", disabled=not (diagnosis and sure), on_click=_commit, key="reader_commit")
    st.caption(wording.WHY)
    return wording.ASK


def _commit() -> None:
    """Record the case and let the answer be shown."""
    found: Analysis = st.session_state.analysis
    refused, leads = found.prediction.abstained, found.leading
    decision, alone, codes = leads.decision, leads.photo_alone, found.card.codes
    melanoma = alone.probabilities[codes.index("mel")] if "mel" in codes else None
    sample = samples.chosen()
    before = st.session_state[_key(BEFORE)]
    case = cases.Case(
        case=len(_cases()) + 1,
        photo_sha256=found.photo.sha256,
        model=found.card.release,
        before=before,
        confidence=st.session_state[_key(SURE)],
        named=None if refused else decision.named,
        risk=None if refused else decision.risk,
        malignant=None if refused else alone.malignant,
        melanoma=None if refused or melanoma is None else float(melanoma),
        after=before,
        truth=sample and sample.truth,
    )
    _cases()[state.case()] = case
    st.session_state.update({_key(AFTER): case.after, _key(TRUTH): case.truth})
    state.show_answer()


def _key(name: str) -> str:
    """Return the session key of a question about the photo on the page; the next photo has its own."""
    return f"{name}_{state.case()}"


def _cases() -> dict[int, cases.Case]:
    """Return the session's cases by the number of their photo."""
    return st.session_state.setdefault("cases", {})


def beside(analysis: "Analysis") -> None:
    """Show the reader's diagnosis next to the answer's, and what their agreement means; nothing for other photos.

    What is compared is the answer that the reader had not seen; another frame's answer on the page changes nothing.
    """
    case = _cases().get(state.case())
    if case is None:
        return
    names, card = wording.diagnoses(analysis.card), analysis.card
    answer = names[case.named] if case.named else wording.REFUSED
    refused = analysis.prediction.abstained or analysis.forced
    agreed, same = "", case.malignant == (None if refused else analysis.leading.photo_alone.malignant)
    heading = wording.ANSWER if same else wording.ANSWER_THEN
    if case.named and same:
        answer = f"{headline(analysis.leading.decision)}; named {answer}"
        agreed = _agreed(analysis, wording.malignant(card, case.before))
    st.html(
        f'<table class="beside"><tr><th scope="col">{wording.YOU}</th><th scope="col">{heading}</th></tr>'
        f"<tr><td>{escape(names[case.before])}<br><small>{wording.SURENESS[case.confidence]}</small></td>"
        f'<td>{escape(answer)}</td></tr></table><p class="remark">{agreed}</p>'
    )


def _agreed(analysis: "Analysis", malignant: bool) -> str:
    """Write what agreement means, with chances where such answers were measured."""
    if not measured.applies(analysis):
        return answer_wording.advice(malignant)
    return measured.agreement(analysis.card, analysis.decision, malignant, context.prevalence())


def after(card: Card) -> None:
    """Ask for the reader's diagnosis now and the true diagnosis; nothing for a photo that was not judged first."""
    if state.case() not in _cases():
        return
    names = wording.diagnoses(card)
    options = {"format_func": names.get, "on_change": _changed, "persist_state": "session"}
    now, truth = st.container(key="reader_after").columns(2)
    now.selectbox(wording.NOW, names, key=_key(AFTER), **options)
    truth.selectbox(wording.TRUTH, names, key=_key(TRUTH), index=None, placeholder=wording.UNKNOWN, **options)


def _changed() -> None:
    """Record the reader's diagnosis now, and the true diagnosis."""
    case = _cases()[state.case()]
    _cases()[state.case()] = replace(case, after=st.session_state[_key(AFTER)], truth=st.session_state[_key(TRUTH)])


def summary(card: Card) -> None:
    """Show the cases read in this session, and offer them as a table; nothing before the first one."""
    read = list(_cases().values())
    if not read:
        return
    names = wording.diagnoses(card)
    with st.expander(wording.CASES.format(len(read)), key="reader_cases"):
        for sentence in wording.summary(cases.summarise(read)):
            st.markdown(sentence)
        heads = "".join(f'<th scope="col">{name}</th>' for name in wording.COLUMNS)
        rows = "".join(_row(case, names) for case in read)
        st.html(f'<div class="wide" tabindex="0"><table class="measured"><tr>{heads}</tr>{rows}</table></div>')
        st.caption(wording.STUDIES)
        st.download_button(
            wording.SAVE, lambda: cases.to_csv(read), "cases.csv", "text/csv", on_click="ignore", key="save_cases"
        )


def _row(case: cases.Case, names: dict[str, str]) -> str:
    shown = (case.before, case.named, case.after, case.truth)
    cells = "".join(f"<td>{escape(names.get(code, wording.NONE))}</td>" for code in shown)
    return f'<tr><th scope="row">{case.case}</th>{cells}</tr>'
