"""The first section: the main figures of every set, and what the named thresholds do there."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.decisions.evidence import outside_statements
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording
from ui.evaluation.choices import METRICS, POINTS
from ui.evaluation.decisions.wording import OUTSIDE
from ui.evaluation.methods import METHODS


def headline(card: Card) -> None:
    """Show the main figures of every test set side by side, and apart from them those of validation."""
    metrics = evidence.table(card, METRICS)
    st.header(wording.HEADLINE)
    st.caption(wording.HEADLINE_HINT)
    _by_set(metrics, lambda chosen, rows: _figures_of_set(card, chosen, rows))
    bootstraps = ", ".join(name for name in metrics["interval"].unique() if name.startswith("bootstrap"))
    evidence.origin(card, (METRICS,), METHODS["overview"].format(bootstraps), metrics, "metrics.csv")


def _figures_of_set(card: Card, chosen: evidence.Set, rows: pd.DataFrame) -> None:
    found = rows["subject"][(rows["metric"] == "sensitivity") & rows["subject"].isin(card.codes)]
    names = wording.headline_metrics(classes=len(card.codes), present=found.nunique())
    evidence.figures(shared.set_name(chosen), evidence.named(rows, names))


def operating_points(card: Card) -> None:
    """Show what each named threshold does on every test set."""
    points = evidence.table(card, POINTS)
    st.header(wording.POINTS)
    st.caption(wording.POINTS_HINT)
    _by_set(points, _points_of_set)
    for found in outside_statements(card):
        share = wording.share(found["sensitivity"])
        st.caption(OUTSIDE.format(found["model"], found["set"], found["point"], share))
    evidence.origin(card, (POINTS,), METHODS["points"], points, "operating_points.csv")


def _points_of_set(chosen: evidence.Set, points: pd.DataFrame) -> None:
    for (name, threshold), rows in points.groupby(["point", "threshold"], sort=False):
        named = rows.assign(name=rows["metric"].map(wording.METRICS))
        evidence.figures(f"{shared.set_name(chosen)}: {name}, threshold {wording.share(threshold)}", named)


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
            st.caption(shared.VALIDATION)
            for chosen in sets:
                if chosen not in tests:
                    show(chosen, evidence.of_set(rows, chosen))
