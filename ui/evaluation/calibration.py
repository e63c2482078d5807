"""Whether probabilities are right as often as they say, before and after temperature scaling."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.calibration import confidence_and_hits, error_by_chance, reliability_table
from model.evaluation.cases import ALL, Cases, read_cases
from model.evaluation.intervals import resampled_figure
from model.evaluation.metrics import ECE_BINS, calibration_error, weighted_mean
from model.evaluation.plots import ReliabilityDisplay
from ui import evidence
from ui.evaluation import choices, wording
from ui.evaluation.choices import METRIC_COLUMNS, METRICS, PREDICTIONS
from ui.evaluation.methods import METHODS

RELIABILITY = "results/reliability.csv"


def calibration(card: Card) -> None:
    """Show the reliability diagram and its figures, as served; what temperature scaling changed on request."""
    predictions = evidence.table(card, PREDICTIONS)
    with evidence.bar():
        chosen = evidence.choose_set(predictions)
        cases = read_cases(evidence.of_set(predictions, chosen), card.labels)
        subject = choices.subject(card, [ALL, *choices.asked(cases)])
    confidence, _, lesions = confidence_and_hits(cases, subject)
    evidence.measured_on(chosen, len(confidence), len(set(lesions)))
    display = ReliabilityDisplay({wording.SERVED: reliability_table(cases, subject)})
    left, right = st.columns([4, 3], gap="large")
    with left:
        evidence.chart(display, "reliability")
        method = METHODS["calibration"].format(ECE_BINS)
        evidence.origin(card, (PREDICTIONS,), method, display.table(), f"reliability_{subject}.csv")
    with right:
        if subject == ALL:
            _figures(card, chosen, cases)
        else:
            _of_question(card, chosen, cases, subject)


def _of_question(card: Card, chosen: evidence.Set, cases: Cases, subject: str) -> None:
    """Show error and Brier score of the probability of yes, as served: the published ones, or computed now."""
    score, truth, lesions = confidence_and_hits(cases, subject)
    metrics = evidence.of_set(evidence.optional(card, METRICS, "", METRIC_COLUMNS), chosen)
    rows = metrics[(metrics["subject"] == subject) & metrics["metric"].isin(["ece", "brier"])].assign(subject=ALL)
    source = METRICS
    if rows.empty:
        source = PREDICTIONS
        random = np.random.default_rng(2018)
        found = {
            "ece": resampled_figure(partial(calibration_error, score, truth), lesions, random),
            "brier": resampled_figure(partial(weighted_mean, (score - truth) ** 2), lesions, random),
        }
        rows = pd.DataFrame([{"metric": name, "subject": ALL, **figure} for name, figure in found.items()])
    evidence.figures(wording.SERVED, evidence.named(rows, wording.CALIBRATION_METRICS))
    _by_chance(score)
    evidence.origin(
        card, (source,), METHODS["calibration_figures"], rows.assign(subject=subject), f"calibration_{subject}.csv"
    )


def _figures(card: Card, chosen: evidence.Set, cases: Cases) -> None:
    """Show error, Brier score and log loss as served, and on request without temperature where that is stored."""
    confidence, _, _ = confidence_and_hits(cases)
    stored = evidence.optional(card, RELIABILITY, wording.ONLY_AFTER, ("dataset", "split", "metric", "state"))
    rows = evidence.of_set(stored, chosen)
    if rows.empty:
        rows = _served(card, chosen)
    else:
        _state(rows, "after", wording.SERVED)
    _by_chance(confidence)
    if "state" in rows:
        with st.expander(wording.TEMPERATURE.format(card.temperature)):
            for state, name in wording.WITHOUT.items():
                _state(rows, state, name)
    source = RELIABILITY if "state" in rows else METRICS
    evidence.origin(card, (source,), METHODS["calibration_figures"], rows, "calibration.csv")


def _state(rows: pd.DataFrame, state: str, name: str) -> None:
    part = rows[rows["state"] == state].assign(subject=ALL)
    evidence.figures(name, evidence.named(part, wording.CALIBRATION_METRICS))


def _by_chance(confidence: np.ndarray) -> None:
    found = error_by_chance(confidence, np.random.default_rng(2018))
    st.caption(wording.BY_CHANCE.format(*found, len(confidence)))


def _served(card: Card, chosen: evidence.Set) -> pd.DataFrame:
    metrics = evidence.optional(card, METRICS, "", METRIC_COLUMNS)
    rows = evidence.named(evidence.of_set(metrics, chosen), wording.CALIBRATION_METRICS)
    if len(rows):
        evidence.figures(wording.SERVED, rows)
    return rows
