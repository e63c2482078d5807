"""What other image sets, more images and confirmed labels bring, measured with a layer on features of no skin photo."""

import streamlit as st

from model.card import Card
from model.evaluation.plots import ForestDisplay
from model.evaluation.plots.style import with_interval
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.limits import wording
from ui.evaluation.methods import METHODS

SOURCES = "results/sources.csv"
COLUMNS = ("study", "learnt", "dataset", "split", "metric", "value", "difference", "difference_low", "difference_high",
           "n_images", "n_lesions", "train_images", "features")  # fmt: skip


def sources(card: Card) -> None:
    """Show what leaving out a set, images or unconfirmed labels changes on one set's validation images."""
    table = evidence.table(card, SOURCES, COLUMNS)
    st.header(wording.SOURCES)
    judged = table[table["study"] != "probe"]
    left, right = st.columns(2)
    sets = list(dict.fromkeys(judged["dataset"]))
    name = left.selectbox(
        wording.JUDGED_ON, sets, format_func=lambda one: shared.SETS.get(one, one), key="judged_on",
        persist_state="session",
    )  # fmt: skip
    metrics = [metric for metric in wording.SOURCE_METRICS if metric in set(judged["metric"])]
    metric = right.selectbox(
        evaluation_wording.FIGURE,
        metrics,
        format_func=wording.SOURCE_METRICS.get,
        key="source_metric",
        persist_state="session",
    )
    rows = judged[(judged["dataset"] == name) & (judged["metric"] == metric)].reset_index(drop=True)
    everything, others = rows.iloc[0], rows.iloc[1:]
    size = shared.size(everything["n_images"], everything["n_lesions"])
    st.caption(wording.SOURCES_HINT.format(
        features=everything["features"], images=everything["train_images"], size=size,
        set=shared.set_name((name, everything["split"])), figure=wording.SOURCE_METRICS[metric],
        value=with_interval(*everything[["value", "low", "high"]]),
    ))  # fmt: skip
    shown = others.assign(
        group=[wording.learnt(*row) for row in others[["learnt", "train_images"]].itertuples(index=False)],
        value=others["difference"], low=others["difference_low"], high=others["difference_high"],
    )  # fmt: skip
    evidence.chart(ForestDisplay(shown, wording.SOURCE_CHANGE.format(wording.SOURCE_METRICS[metric]), 0.0), "sources")
    probes = table[table["study"] == "probe"]
    if len(probes):
        evidence.figures(wording.PROBES, probes.assign(name=probes["learnt"].map(wording.PROBE_NAMES)))
    evidence.origin(card, (SOURCES,), METHODS["sources"], table, "sources.csv", wording.SOURCES_COMMAND)
