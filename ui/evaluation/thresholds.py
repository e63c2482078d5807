"""One threshold in five views: figures, 1,000 lesions, both curves, decision curve, and levels."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import Cases, Question, ask, read_cases
from model.evaluation.decisions.threshold import clinic_table, threshold_table, two_way
from model.evaluation.plots import CurveDisplay, DecisionDisplay, LesionsDisplay
from model.evaluation.stored import stored_decision
from ui import evidence
from ui.evaluation import choices, wording
from ui.evaluation.choices import CURVE_COLUMNS, CURVES, METRIC_COLUMNS, METRICS, POINTS, PREDICTIONS
from ui.evaluation.methods import METHODS


def thresholds(card: Card) -> None:
    """Let a person choose set, question, threshold and prevalence once, and show all results for them."""
    predictions = evidence.table(card, PREDICTIONS)
    with evidence.bar():
        chosen = evidence.choose_set(predictions)
        cases = read_cases(evidence.of_set(predictions, chosen), card.labels)
        subject = choices.subject(card, choices.asked(cases))
        threshold = choices.threshold(card, subject)
        prevalence = choices.prevalence()
    question = ask(cases, subject)
    evidence.measured_on(chosen, len(question.truth), len(set(question.lesions)), question.truth.sum())
    left, right = st.columns(2, gap="large")
    with left:
        _clinic(card, question, threshold, prevalence)
    with right:
        _figures(card, question, threshold, prevalence)
    _curves(card, chosen, cases, question, threshold, prevalence)
    left, right = st.container(key="pair_decision").columns(2, gap="large")
    with left:
        _decision(card, chosen, question)
    with right:
        _levels(card, chosen)


def _clinic(card: Card, question: Question, threshold: float, prevalence: float) -> None:
    """Draw the outcomes of 1,000 lesions."""
    display = LesionsDisplay(clinic_table(two_way(question, threshold), prevalence), wording.OUTCOMES)
    st.header(wording.CLINIC.format(wording.share(prevalence)))
    evidence.chart(display, "clinic")
    with st.expander(wording.ASSUMED):
        st.markdown(wording.ASSUMPTIONS)
        st.markdown(wording.PUBLISHED)
    saved = display.table().assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), METHODS["clinic"], saved, f"clinic_{question.subject}.csv")


def _figures(card: Card, question: Question, threshold: float, prevalence: float) -> None:
    rows = threshold_table(question, threshold, prevalence)
    st.header(wording.AT_THRESHOLD.format(wording.share(threshold), wording.share(prevalence)))
    biopsies = wording.METRICS["number_needed_to_biopsy"]
    evidence.figures("", rows.assign(name=rows["metric"].map(wording.METRICS)), {biopsies: 1})
    saved = rows.assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), METHODS["threshold"], saved, f"threshold_{question.subject}.csv")


def _curves(
    card: Card, chosen: evidence.Set, cases: Cases, question: Question, threshold: float, prevalence: float
) -> None:
    """Show both curves of the question, the threshold marked on them."""
    name = {question.subject: wording.question(question.subject, card.names)}
    bands = evidence.of_set(evidence.optional(card, CURVES, wording.NO_BANDS, CURVE_COLUMNS), chosen)
    areas = evidence.of_set(evidence.optional(card, METRICS, wording.NO_AREAS, METRIC_COLUMNS), chosen)
    displays = [
        CurveDisplay.from_cases(kind, cases, name, bands, areas, threshold, prevalence)
        for kind in ("roc", "precision_recall")
    ]
    titles = (wording.ROC, wording.PRECISION.format(wording.share(prevalence)))
    for column, title, display in zip(st.columns(2, gap="large"), titles, displays, strict=True):
        with column:
            st.header(title)
            evidence.chart(display, display.kind)
    st.caption(wording.CURVE_MARK)
    origin = (PREDICTIONS, CURVES, METRICS)
    evidence.origin(card, origin, METHODS["curves"], displays[0].table(), f"curve_{question.subject}.csv")


def _decision(card: Card, chosen: evidence.Set, question: Question) -> None:
    """Show whether following the model is worth more than acting on all or on none."""
    rows = evidence.of_set(evidence.optional(card, CURVES, wording.NO_DECISION, CURVE_COLUMNS), chosen)
    rows = rows[(rows["curve"] == "decision") & (rows["subject"] == question.subject)]
    if rows.empty:
        return
    st.header(wording.DECISION_CURVE)
    display = DecisionDisplay(stored_decision(rows, question.subject))
    evidence.chart(display, "decision")
    with st.expander(wording.NET_BENEFIT):
        st.markdown(wording.DECISION.format(wording.share(question.truth.mean())))
    evidence.origin(card, (CURVES,), METHODS["decision"], display.table(), f"decision_{question.subject}.csv")


def _levels(card: Card, chosen: evidence.Set) -> None:
    """List what each level does on the chosen set, at its own share of positive images."""
    points = evidence.of_set(evidence.table(card, POINTS), chosen)
    st.header(wording.POINTS)
    rows = []
    for (name, threshold), part in points.groupby(["point", "threshold"], sort=False):
        cells = part.set_index("metric")
        rows.append(
            (f"{name}, {wording.share(threshold)}", *(_cell(cells, metric) for metric in wording.POINT_METRICS))
        )
    evidence.grid("", (wording.POINT, *(wording.METRICS[metric] for metric in wording.POINT_METRICS)), rows)
    st.caption(wording.POINTS_HINT)
    evidence.origin(card, (POINTS,), METHODS["points"], points, "operating_points.csv")


def _cell(rows: pd.DataFrame, metric: str) -> str:
    if metric not in rows.index:
        return wording.NOTHING
    row = rows.loc[metric]
    return f"{wording.estimate(row)}, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{row['n_images']:,.0f}"
