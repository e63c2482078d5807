"""What a person chooses on the evaluation page: images, question, threshold and prevalence."""

import streamlit as st

from model.card import Card
from model.evaluation.cases import Cases, Question, ask, read_cases, subjects
from model.evaluation.stored import DECISIONS
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording

METRICS, POINTS, CONFUSION = "results/metrics.csv", "results/operating_points.csv", "results/confusion.csv"
PREDICTIONS, CURVES = "results/predictions.csv", "results/curves.csv"
PREVALENCES = (0.01, 0.03, 0.07, 0.2)
METRIC_COLUMNS = ("dataset", "split", "metric", "subject", "value", "low", "high", "n_images", "n_lesions")
CURVE_COLUMNS = ("dataset", "split", "subject", "curve", "x", "value", "low", "high", "n_images", "n_positive")


def names(card: Card) -> dict[str, str]:
    """Return the full names of the classes by code."""
    return {label.code: label.name for label in card.labels}


def cases_of_set(card: Card) -> tuple[evidence.Set, Cases]:
    """Let a person choose a set and return its predictions, checked."""
    predictions = evidence.table(card, PREDICTIONS)
    chosen = evidence.choose_set(predictions)
    cases = read_cases(evidence.of_set(predictions, chosen), card.labels)
    said = shared.size(len(cases.targets), len(set(cases.lesions)))
    st.caption(f"{shared.set_name(chosen)}: {said}.")
    return chosen, cases


def asked(cases: Cases) -> list[str]:
    """Return what these cases can be asked, the questions on which a clinician acts first."""
    return sorted(subjects(cases), key=lambda subject: subject not in DECISIONS)


def subject(card: Card, chosen: evidence.Set, offered: list[str], section: str) -> str:
    """Let a person choose one of the questions offered; without any, say so and end the page."""
    if not offered:
        st.info(wording.NO_QUESTION)
        st.stop()
    named = {code: wording.question(code, names(card)) for code in offered}
    key = f"{section}_question_{'_'.join(chosen)}"  # sets differ in what they can be asked
    return st.selectbox(wording.QUESTION, named, format_func=named.get, key=key, persist_state="session")


def question(card: Card, chosen: evidence.Set, cases: Cases, offered: list[str], section: str) -> Question:
    """Let a person choose a question, and say what it is answered on."""
    found = ask(cases, subject(card, chosen, offered, section))
    said = shared.size(len(found.truth), len(set(found.lesions)), found.truth.sum())
    st.caption(f"{wording.question(found.subject, names(card))}: {said}.")
    return found


def named_points(card: Card, subject: str) -> list[dict]:
    """Return the card's named thresholds for a question: name, subject, value and what it was chosen for."""
    return [point for point in card.raw.get("thresholds", []) if point["subject"] == subject]


def threshold(card: Card, subject: str) -> float:
    """Let a person choose a threshold in [0, 1]; it starts at the first named one."""
    points = named_points(card, subject)
    start = round(100 * points[0]["value"], 1) if points else 50.0
    percent = st.slider(
        wording.THRESHOLD, 0.0, 100.0, start, 0.1, format="%.1f %%", key=f"threshold_{subject}",
        persist_state="session",
    )  # fmt: skip
    if points:
        said = "; ".join(f"{point['name']} at {wording.share(point['value'])}" for point in points)
        st.caption(wording.NAMED_THRESHOLDS.format(said))
    return percent / 100


def prevalence() -> float:
    """Let a person choose a prevalence: one of the usual ones, or any."""
    chosen = st.segmented_control(
        wording.PREVALENCE, [*map(wording.share, PREVALENCES), wording.OTHER], default=wording.share(PREVALENCES[1]),
        required=True, key="prevalence", persist_state="session",
    )  # fmt: skip
    if chosen != wording.OTHER:
        return PREVALENCES[[*map(wording.share, PREVALENCES)].index(chosen)]
    percent = st.number_input(
        wording.OTHER_PREVALENCE, 0.1, 99.0, 5.0, 0.1, key="other_prevalence", persist_state="session"
    )
    return percent / 100
