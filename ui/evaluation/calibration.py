"""Whether probabilities come true, before and after the temperature."""

import pandas as pd

from model.card import Card
from model.evaluation.calibration import reliability_table, uncalibrated
from model.evaluation.cases import ALL
from model.evaluation.metrics import ECE_BINS
from model.evaluation.plots import ReliabilityDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import choices, wording
from ui.evaluation.choices import METRIC_COLUMNS, METRICS, PREDICTIONS
from ui.evaluation.methods import METHODS

RELIABILITY = "results/reliability.csv"


def calibration(card: Card) -> None:
    """Show the reliability diagram of both states, and their figures."""
    chosen, cases = choices.cases_of_set(card)
    subject = choices.subject(card, chosen, [ALL, *choices.asked(cases)], "calibration")
    states = (uncalibrated(cases, card.temperature), cases)
    tables = [reliability_table(state, subject) for state in states]
    display = ReliabilityDisplay(dict(zip(wording.STATES.values(), tables, strict=True)))
    evidence.chart(display, "reliability")
    method = METHODS["calibration"].format(ECE_BINS)
    evidence.origin(card, (PREDICTIONS,), method, display.table(), f"reliability_{subject}.csv")
    _figures(card, chosen)


def _figures(card: Card, chosen: evidence.Set) -> None:
    """Show error, Brier score and log loss of both states; of the one that is served where no more is stored."""
    stored = evidence.optional(card, RELIABILITY, wording.ONLY_AFTER, (*METRIC_COLUMNS, "state"))
    rows = evidence.of_set(stored, chosen)
    for state, name in (wording.STATES | wording.CHANGE).items():
        part = rows[rows["state"] == state].assign(subject=ALL)
        if len(part):
            evidence.figures(f"{shared.set_name(chosen)}, {name}", evidence.named(part, wording.CALIBRATION_METRICS))
    if rows.empty:
        rows = _served(card, chosen)
    source = RELIABILITY if "state" in rows else METRICS
    evidence.origin(card, (source,), METHODS["calibration_figures"], rows, "calibration.csv")


def _served(card: Card, chosen: evidence.Set) -> pd.DataFrame:
    metrics = evidence.optional(card, METRICS, "", METRIC_COLUMNS)
    rows = evidence.named(evidence.of_set(metrics, chosen), wording.CALIBRATION_METRICS)
    if len(rows):
        evidence.figures(f"{shared.set_name(chosen)}, {wording.STATES['after']}", rows)
    return rows
