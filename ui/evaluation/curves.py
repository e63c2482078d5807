"""One threshold seen four ways: on the curves, in figures, in a clinic, and as a decision."""

import streamlit as st

from model.card import Card
from model.evaluation.cases import Question
from model.evaluation.decisions.threshold import clinic_table, threshold_table, two_way
from model.evaluation.plots import ClinicDisplay, CurveDisplay, DecisionDisplay
from model.evaluation.stored import DECISIONS, stored_decision
from ui import evidence
from ui import wording as shared
from ui.evaluation import choices, wording
from ui.evaluation.choices import CURVE_COLUMNS, CURVES, METRIC_COLUMNS, METRICS, PREDICTIONS
from ui.evaluation.methods import METHODS


def curves(card: Card) -> None:
    """Show both curves of a question and what one threshold on them means."""
    chosen, cases = choices.cases_of_set(card)
    question = choices.question(card, chosen, cases, choices.asked(cases), "curves")
    name = {question.subject: wording.question(question.subject, choices.names(card))}
    threshold, prevalence = choices.threshold(card, question.subject), choices.prevalence()
    bands = evidence.of_set(evidence.optional(card, CURVES, wording.NO_BANDS, CURVE_COLUMNS), chosen)
    areas = evidence.of_set(evidence.optional(card, METRICS, wording.NO_AREAS, METRIC_COLUMNS), chosen)
    displays = [
        CurveDisplay.from_cases(kind, cases, name, bands, areas, threshold, prevalence)
        for kind in ("roc", "precision_recall")
    ]
    titles = (wording.ROC, wording.PRECISION.format(wording.share(prevalence)))
    for column, title, display in zip(st.columns(2), titles, displays, strict=True):
        with column:
            st.header(title)
            evidence.chart(display, display.kind)
    st.caption(wording.CURVE_MARK)
    origin = (PREDICTIONS, CURVES, METRICS)
    evidence.origin(card, origin, METHODS["curves"], displays[0].table(), f"curve_{question.subject}.csv")
    _at_threshold(card, question, threshold, prevalence)


def _at_threshold(card: Card, question: Question, threshold: float, prevalence: float) -> None:
    rows = threshold_table(question, threshold, prevalence)
    heading = wording.AT_THRESHOLD.format(wording.share(threshold), wording.share(prevalence))
    biopsies = wording.METRICS["number_needed_to_biopsy"]
    evidence.figures(heading, rows.assign(name=rows["metric"].map(wording.METRICS)), {biopsies: 1})
    saved = rows.assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), METHODS["threshold"], saved, f"threshold_{question.subject}.csv")


def clinic(card: Card) -> None:
    """Show what would happen to 1,000 lesions, with every assumption in words."""
    chosen, cases = choices.cases_of_set(card)
    offered = [subject for subject in choices.asked(cases) if subject in DECISIONS]
    question = choices.question(card, chosen, cases, offered, "clinic")
    threshold, prevalence = choices.threshold(card, question.subject), choices.prevalence()
    display = ClinicDisplay(clinic_table(two_way(question, threshold), prevalence), wording.OUTCOMES)
    st.header(wording.CLINIC.format(wording.share(prevalence)))
    evidence.chart(display, "clinic")
    st.markdown(wording.ASSUMPTIONS)
    st.markdown(wording.PUBLISHED)
    saved = display.table().assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), METHODS["clinic"], saved, f"clinic_{question.subject}.csv")


def decision(card: Card) -> None:
    """Show whether following the model is worth more than acting on all or on none."""
    table = evidence.table(card, CURVES)
    table = table[table["curve"] == "decision"]
    chosen = evidence.choose_set(table)
    rows = evidence.of_set(table, chosen)
    answerable = [subject for subject in DECISIONS if subject in set(rows["subject"])]
    subject = choices.subject(card, chosen, answerable, "decision")
    counted = rows[rows["subject"] == subject].iloc[0]
    said = shared.size(counted["n_images"], counted["n_lesions"], counted["n_positive"])
    st.caption(f"{shared.set_name(chosen)}: {said}.")
    display = DecisionDisplay(stored_decision(rows, subject))
    evidence.chart(display, "decision")
    st.markdown(wording.DECISION.format(wording.share(counted["n_positive"] / counted["n_images"])))
    evidence.origin(card, (CURVES,), METHODS["decision"], display.table(), f"decision_{subject}.csv")
