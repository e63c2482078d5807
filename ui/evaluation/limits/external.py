"""External sets, always next to the internal figure on the same two classes."""

import streamlit as st

from model.card import Card
from model.evaluation.inputs.external import CLASSES, side_by_side
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import choices, wording
from ui.evaluation.choices import METRIC_COLUMNS, METRICS, PREDICTIONS
from ui.evaluation.methods import METHODS


def external(card: Card) -> None:
    """Show melanoma against nevus in every set, the internal test first."""
    points = choices.levels(card, CLASSES[0])
    if not points:
        st.info(wording.NO_POINT)
        return
    metrics = evidence.optional(card, METRICS, wording.NO_AREAS, METRIC_COLUMNS)
    rows = side_by_side(evidence.table(card, PREDICTIONS), metrics, card.labels, points[0]["value"])
    if "external" not in set(rows["split"]):
        st.info(wording.NO_EXTERNAL)
    rows = rows.assign(group=[shared.set_name(pair) for pair in zip(rows["dataset"], rows["split"], strict=True)])
    st.caption(wording.EXTERNAL.format(points[0]["name"], wording.share(points[0]["value"])))
    for metric, name in wording.EXTERNAL_METRICS.items():
        part = rows[rows["metric"] == metric].reset_index(drop=True)
        if len(part):
            st.header(name)
            evidence.chart(ForestDisplay(part, name, float(part["value"].iloc[0])), f"external_{metric}")
    evidence.origin(card, (PREDICTIONS, METRICS), METHODS["external"], rows, "external.csv")
