"""How often answers like the one on the page were right on test images, in natural frequencies."""

from typing import TYPE_CHECKING

import streamlit as st

from model.answer.decision import BALANCED, CONFIRM, HIGH, LOW, MALIGNANT, RULE_OUT
from model.card import Card
from model.errors import LesionscopeError
from model.evaluation.decisions.evidence import (
    after_both,
    answers_like_this,
    outside_statements,
    point_evidence,
    posterior,
)
from ui import evidence
from ui.analyse.answer import wording

if TYPE_CHECKING:
    from model.answer.decision import Decision, PointReached
    from model.evaluation.decisions.evidence import Found, PointEvidence
    from model.pipeline import Analysis


def applies(analysis: "Analysis") -> bool:
    """Say whether the answer is one of those that were measured: to the largest centred square, and not refused."""
    return not analysis.forced and analysis.centred


def sentence(card: Card, decision: "Decision") -> str:
    """Write what was measured at the level that decides the headline, over all test sets; nothing without a table."""
    reached = deciding(decision)
    try:
        found = [(point, point_evidence(card, point.name, evidence.table)) for point in reached]
    except LesionscopeError as error:
        return str(error)
    if decision.risk == LOW:
        return wording.below([(point, known, _range(card, point, known)) for point, known in found])
    return wording.above(*found[0], _range(card, *found[0])) if found else ""


def deciding(decision: "Decision") -> list["PointReached"]:
    """Return the levels that the headline is about, melanoma's first."""
    role = CONFIRM if decision.risk == HIGH else RULE_OUT
    of_role = [point for point in decision.points if point.role == role]
    return of_role if decision.risk == LOW else [point for point in of_role if point.above]


def _range(card: Card, point: "PointReached", known: "PointEvidence") -> list[float]:
    """Return what the level found in every set, including sets on which only others measured this version."""
    outside = [
        entry["sensitivity"]
        for entry in outside_statements(card)
        if entry["point"] == point.name and entry["model"] == card.version
    ]
    return sorted([rate.share for rate in known.found] + outside)


def like_this(card: Card, malignant: float) -> str:
    """Write how many test images with about the same malignant sum were malignant."""
    try:
        rates = answers_like_this(card, malignant, evidence.table)
    except LesionscopeError as error:
        return str(error)
    return wording.like_this(rates) if rates else ""


def levels(card: Card, decision: "Decision") -> None:
    """Show the levels, whether this photo reaches them, what was found there and which others reach them."""
    points = [point for point in decision.points if point.role != BALANCED]  # no headline comes from those
    if not points:
        return
    with st.expander(wording.LEVELS):
        try:
            known = [point_evidence(card, point.name, evidence.table) for point in points]
        except LesionscopeError as error:
            st.markdown(str(error))
            return
        evidence.grid("", wording.LEVEL_COLUMNS, list(map(wording.level_row, points, known)))
        st.caption(wording.LEVELS_HINT)


def adjusted(card: Card, decision: "Decision", prevalence: float | None) -> str:
    """Convert the predictive value of the malignant level that applies here to the clinic's prevalence.

    Nothing where melanoma's level alone is reached: a figure for "below" malignancy's would contradict the headline.
    """
    points = [point for point in decision.points if point.subject == MALIGNANT and point.role != BALANCED]
    below = not any(point.above for point in points)
    if prevalence is None or not points or (below and decision.risk != LOW):
        return ""
    point = max((point for point in points if point.above), key=lambda point: point.threshold, default=points[0])
    try:
        found, alarms = _first(card, point.name)
    except LesionscopeError as error:
        return str(error)
    ends = [(found.share, 1 - alarms.share), (found.low, 1 - alarms.high), (found.high, 1 - alarms.low)]
    return wording.adjusted(point, prevalence, found, [posterior(*rates, prevalence) for rates in ends])


def agreement(card: Card, decision: "Decision", reader_malignant: bool, prevalence: float | None) -> str:
    """Write what it means that reader and answer agree or disagree on malignant against benign.

    Chances are given for malignancy's high-sensitivity level alone: where only melanoma's is reached, the answer is
    not benign and no figure of that level applies.
    """
    points = [point for point in decision.points if point.subject == MALIGNANT and point.role == RULE_OUT]
    try:
        rates = _rates(card, points[0].name) if points and (points[0].above or decision.risk == LOW) else None
    except LesionscopeError:
        rates = None
    if rates is None:
        return wording.advice(reader_malignant)
    chances = after_both(wording.DERMATOLOGISTS, rates, prevalence or wording.REFERRED)
    return f"{wording.advice(reader_malignant)} {wording.both(chances, reader_malignant, points[0].above, prevalence)}"


def _rates(card: Card, point: str) -> tuple[float, float]:
    """Return sensitivity and specificity of a level on the card's first test set."""
    found, alarms = _first(card, point)
    return found.share, 1 - alarms.share


def _first(card: Card, point: str) -> tuple["Found", "Found"]:
    """Return what a level found and its false alarms on the card's first test set."""
    known = point_evidence(card, point, evidence.table)
    return known.found[0], known.alarms[0]
