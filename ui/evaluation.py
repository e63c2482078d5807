"""The sections of the evaluation page, each drawn from tables of the bundle alone."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.calibration import reliability_table, uncalibrated
from model.evaluation.cases import ALL, Cases, Question, ask, read_cases, subjects
from model.evaluation.metrics import ECE_BINS
from model.evaluation.plots import ClinicDisplay, ConfusionDisplay, CurveDisplay, DecisionDisplay, ReliabilityDisplay
from model.evaluation.stored import DECISIONS, stored_decision
from model.evaluation.threshold import clinic_table, threshold_table, two_way
from ui import evaluation_wording as wording
from ui import evidence

METRICS, POINTS, CONFUSION = "results/metrics.csv", "results/operating_points.csv", "results/confusion.csv"
PREDICTIONS, CURVES = "results/predictions.csv", "results/curves.csv"
PREVALENCES = (0.01, 0.03, 0.07, 0.2)
METRIC_COLUMNS = ("dataset", "split", "metric", "subject", "value", "low", "high", "n_images", "n_lesions")
CURVE_COLUMNS = ("dataset", "split", "subject", "curve", "x", "value", "low", "high", "n_images", "n_positive")


def headline(card: Card) -> None:
    """Show the main figures of every test set side by side, and apart from them those of validation."""
    metrics = evidence.table(card, METRICS)
    st.header(wording.HEADLINE)
    st.caption(wording.HEADLINE_HINT)
    _by_set(
        metrics,
        lambda chosen, rows: evidence.figures(wording.set_name(chosen), evidence.named(rows, wording.HEADLINE_METRICS)),
    )
    bootstraps = ", ".join(name for name in metrics["interval"].unique() if name.startswith("bootstrap"))
    evidence.origin(card, (METRICS,), wording.METHODS["overview"].format(bootstraps), metrics, "metrics.csv")


def operating_points(card: Card) -> None:
    """Show what each named threshold does on every test set."""
    points = evidence.table(card, POINTS)
    st.header(wording.POINTS)
    st.caption(wording.POINTS_HINT)
    _by_set(points, _points_of_set)
    evidence.origin(card, (POINTS,), wording.METHODS["points"], points, "operating_points.csv")


def _points_of_set(chosen: evidence.Set, points: pd.DataFrame) -> None:
    for (name, threshold), rows in points.groupby(["point", "threshold"], sort=False):
        named = rows.assign(name=rows["metric"].map(wording.METRICS))
        evidence.figures(f"{wording.set_name(chosen)}: {name}, threshold {wording.share(threshold)}", named)


def _by_set(rows: pd.DataFrame, show) -> None:
    """Call ``show(set, rows)`` for every test set, two beside each other, and folded away for validation."""
    sets = evidence.ordered_sets(rows)
    tests = [chosen for chosen in sets if chosen[1] != "validation"]
    if not tests:
        st.info(wording.ONLY_VALIDATION)
    for start in range(0, len(tests), 2):
        for column, chosen in zip(st.columns(2, gap="large"), tests[start : start + 2], strict=False):
            with column:
                show(chosen, evidence.of_set(rows, chosen))
    if len(tests) < len(sets):
        with st.expander(wording.VALIDATION_FIGURES):
            st.caption(wording.VALIDATION)
            for chosen in sets:
                if chosen not in tests:
                    show(chosen, evidence.of_set(rows, chosen))


def confusion(card: Card) -> None:
    """Show which classes are taken for which."""
    table = evidence.table(card, CONFUSION)
    chosen = evidence.choose_set(table)
    counts = evidence.of_set(table, chosen)
    mode = st.segmented_control(
        wording.MODE, wording.MODES, format_func=wording.MODES.get, default="count", required=True, key="mode",
        persist_state="session",
    )  # fmt: skip
    st.caption(f"{wording.set_name(chosen)}: {counts['count'].sum():,} images. {wording.MODE_HINTS[mode]}")
    display = ConfusionDisplay(counts, _names(card), mode)
    evidence.chart(display, "confusion")
    shown = display.table().reset_index()
    evidence.origin(card, (CONFUSION,), wording.METHODS["confusion"], shown, f"confusion_{mode}.csv")


def curves(card: Card) -> None:
    """Show both curves of a question and what one threshold on them means."""
    chosen, cases = _cases(card)
    question = _question(card, chosen, cases, _asked(cases), "curves")
    name = {question.subject: wording.question(question.subject, _names(card))}
    threshold, prevalence = _threshold(card, question), _prevalence()
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
    evidence.origin(card, origin, wording.METHODS["curves"], displays[0].table(), f"curve_{question.subject}.csv")
    _at_threshold(card, question, threshold, prevalence)


def _at_threshold(card: Card, question: Question, threshold: float, prevalence: float) -> None:
    rows = threshold_table(question, threshold, prevalence)
    heading = wording.AT_THRESHOLD.format(wording.share(threshold), wording.share(prevalence))
    biopsies = wording.METRICS["number_needed_to_biopsy"]
    evidence.figures(heading, rows.assign(name=rows["metric"].map(wording.METRICS)), {biopsies: 1})
    saved = rows.assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), wording.METHODS["threshold"], saved, f"threshold_{question.subject}.csv")


def calibration(card: Card) -> None:
    """Show whether probabilities come true, before and after the temperature."""
    chosen, cases = _cases(card)
    subject = _subject(card, chosen, [ALL, *_asked(cases)], "calibration")
    states = (uncalibrated(cases, card.temperature), cases)
    tables = [reliability_table(state, subject) for state in states]
    display = ReliabilityDisplay(dict(zip(wording.STATES, tables, strict=True)))
    evidence.chart(display, "reliability")
    metrics = evidence.optional(card, METRICS, "", METRIC_COLUMNS)
    rows = evidence.named(evidence.of_set(metrics, chosen), wording.CALIBRATION_METRICS)
    if len(rows):
        evidence.figures(f"{wording.set_name(chosen)}, {wording.STATES[1]}", rows)
    method = wording.METHODS["calibration"].format(ECE_BINS)
    evidence.origin(card, (PREDICTIONS, METRICS), method, display.table(), f"reliability_{subject}.csv")


def clinic(card: Card) -> None:
    """Show what would happen to 1,000 lesions, with every assumption in words."""
    chosen, cases = _cases(card)
    question = _question(card, chosen, cases, [subject for subject in _asked(cases) if subject in DECISIONS], "clinic")
    threshold, prevalence = _threshold(card, question), _prevalence()
    display = ClinicDisplay(clinic_table(two_way(question, threshold), prevalence), wording.OUTCOMES)
    st.header(wording.CLINIC.format(wording.share(prevalence)))
    evidence.chart(display, "clinic")
    st.markdown(wording.ASSUMPTIONS)
    st.markdown(wording.PUBLISHED)
    saved = display.table().assign(subject=question.subject, threshold=threshold, prevalence=prevalence)
    evidence.origin(card, (PREDICTIONS,), wording.METHODS["clinic"], saved, f"clinic_{question.subject}.csv")


def decision(card: Card) -> None:
    """Show whether following the model is worth more than acting on all or on none."""
    table = evidence.table(card, CURVES)
    table = table[table["curve"] == "decision"]
    chosen = evidence.choose_set(table)
    rows = evidence.of_set(table, chosen)
    answerable = [subject for subject in DECISIONS if subject in set(rows["subject"])]
    subject = _subject(card, chosen, answerable, "decision")
    counted = rows[rows["subject"] == subject].iloc[0]
    said = wording.size(counted["n_images"], counted["n_lesions"], counted["n_positive"])
    st.caption(f"{wording.set_name(chosen)}: {said}.")
    display = DecisionDisplay(stored_decision(rows, subject))
    evidence.chart(display, "decision")
    st.markdown(wording.DECISION.format(wording.share(counted["n_positive"] / counted["n_images"])))
    evidence.origin(card, (CURVES,), wording.METHODS["decision"], display.table(), f"decision_{subject}.csv")


def _names(card: Card) -> dict[str, str]:
    return {label.code: label.name for label in card.labels}


def _cases(card: Card) -> tuple[evidence.Set, Cases]:
    predictions = evidence.table(card, PREDICTIONS)
    chosen = evidence.choose_set(predictions)
    cases = read_cases(evidence.of_set(predictions, chosen), card.labels)
    said = wording.size(len(cases.targets), len(set(cases.lesions)))
    st.caption(f"{wording.set_name(chosen)}: {said}.")
    return chosen, cases


def _asked(cases: Cases) -> list[str]:
    """Return what these cases can be asked, the questions on which a clinician acts first."""
    return sorted(subjects(cases), key=lambda subject: subject not in DECISIONS)


def _subject(card: Card, chosen: evidence.Set, offered: list[str], section: str) -> str:
    if not offered:
        st.info(wording.NO_QUESTION)
        st.stop()
    names = {subject: wording.question(subject, _names(card)) for subject in offered}
    key = f"{section}_question_{'_'.join(chosen)}"  # sets differ in what they can be asked
    return st.selectbox(wording.QUESTION, names, format_func=names.get, key=key, persist_state="session")


def _question(card: Card, chosen: evidence.Set, cases: Cases, offered: list[str], section: str) -> Question:
    question = ask(cases, _subject(card, chosen, offered, section))
    said = wording.size(len(question.truth), len(set(question.lesions)), question.truth.sum())
    st.caption(f"{wording.question(question.subject, _names(card))}: {said}.")
    return question


def _threshold(card: Card, question: Question) -> float:
    points = [point for point in card.raw.get("thresholds", []) if point["subject"] == question.subject]
    start = round(100 * points[0]["value"], 1) if points else 50.0
    percent = st.slider(
        wording.THRESHOLD, 0.0, 100.0, start, 0.1, format="%.1f %%", key=f"threshold_{question.subject}",
        persist_state="session",
    )  # fmt: skip
    if points:
        said = "; ".join(f"{point['name']} at {wording.share(point['value'])}" for point in points)
        st.caption(wording.NAMED_THRESHOLDS.format(said))
    return percent / 100


def _prevalence() -> float:
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


SECTIONS = dict(
    zip(
        wording.SECTIONS,
        [(headline, operating_points), (confusion,), (curves,), (calibration,), (clinic,), (decision,)],
        strict=True,
    )
)
