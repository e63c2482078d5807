"""What a person chooses on the evaluation page: images, question, threshold and prevalence."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import Cases, subjects
from model.evaluation.stored import DECISIONS
from ui import evidence
from ui.evaluation import wording

METRICS, POINTS, CONFUSION = "results/metrics.csv", "results/operating_points.csv", "results/confusion.csv"
COMPARISON = "results/comparison.csv"
COMPARED = ("recipe", "parameters", "milliseconds", "split", "n_images", "n_lesions", "claimed")  # what every row has
PREDICTIONS, CURVES = "results/predictions.csv", "results/curves.csv"
METRIC_COLUMNS = ("dataset", "split", "metric", "subject", "value", "low", "high", "n_images", "n_lesions")
CURVE_COLUMNS = ("dataset", "split", "subject", "curve", "x", "value", "low", "high", "n_images", "n_positive")


def earlier_systems(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the comparison that reproduce an earlier system: those with a family."""
    return comparison.dropna(subset="family") if "family" in comparison else comparison.head(0).assign(family="")


def asked(cases: Cases) -> list[str]:
    """Return the questions that these cases can answer; those on which a clinician acts come first."""
    return sorted(subjects(cases), key=lambda subject: subject not in DECISIONS)


def subject(card: Card, offered: list[str]) -> str:
    """Let a person choose one of the questions; if there is none, write that and end the page."""
    if not offered:
        st.info(wording.NO_QUESTION)
        st.stop()
    if st.session_state.get("question") not in (None, *offered):
        del st.session_state["question"]  # sets and views have different questions
    named = {code: wording.question(code, card.names) for code in offered}
    return st.selectbox(
        wording.QUESTION, offered, format_func=named.get, key="question", width=evidence.CHOICE,
        bind="query-params", persist_state="session",
    )  # fmt: skip


def levels(card: Card, subject: str) -> list[dict]:
    """Return the card's levels for a question: name, subject, value and what it was chosen for."""
    return [point for point in card.raw.get("thresholds", []) if point["subject"] == subject]


def threshold(card: Card, subject: str) -> float:
    """Let a person choose a threshold in [0, 1]; it starts at the first level, which is not rounded."""
    points = levels(card, subject)
    start = round(100 * points[0]["value"], 1) if points else 50.0
    said = "; ".join(f"{point['name']} at {wording.share(point['value'])}" for point in points)
    percent = st.slider(
        wording.THRESHOLD, 0.0, 100.0, start, 0.1, format="%.1f %%", key=f"threshold_{subject}", width=evidence.CHOICE,
        help=wording.LEVELS.format(said) if said else None, bind="query-params", persist_state="session",
    )  # fmt: skip
    return points[0]["value"] if points and percent == start else percent / 100


def prevalence() -> float:
    """Let a person choose the share of positive lesions among those seen, in [0.001, 0.99]."""
    percent = st.number_input(
        wording.PREVALENCE, 0.1, 99.0, 3.0, 1.0, format="%.3g", key="prevalence", width=evidence.CHOICE // 2 + 30,
        bind="query-params", persist_state="session",
    )  # fmt: skip
    return percent / 100
