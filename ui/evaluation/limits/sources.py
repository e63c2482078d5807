"""What other image sets, more images and confirmed labels bring to networks that have not seen what is left out."""

from pathlib import Path

import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.plots import ForestDisplay
from model.evaluation.plots.style import with_interval
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.limits import wording
from ui.evaluation.methods import METHODS

SOURCES, FINE_TUNED = "results/sources.csv", "results/sources_fine_tuned.csv"
LEARNERS = {SOURCES: wording.ONE_LAYER, FINE_TUNED: wording.WHOLE_NETWORK}
EVERYTHING = "everything"  # the row that all others are set against
COLUMNS = (
    "study", "learnt", "of", "dataset", "split", "metric", "value", "low", "high", "difference", "difference_low",
    "difference_high", "n_images", "n_lesions", "train_images", "learner",
)  # fmt: skip


def sources(card: Card) -> None:
    """Show what leaving out a set, images or unconfirmed labels changes on one set's validation images."""
    st.header(wording.SOURCES)
    measured = SOURCES
    if FINE_TUNED in card.raw.get("tables", {}):
        measured = st.segmented_control(
            wording.LEARNER, LEARNERS, format_func=lambda name: LEARNERS[name].name, default=SOURCES, required=True,
            key="learner", persist_state="session",
        )  # fmt: skip
    table = evidence.table(card, measured, COLUMNS)
    judged = table[table["study"] != "probe"].drop_duplicates()
    if judged[["dataset", "metric", "learnt"]].isna().any(axis=None) or EVERYTHING not in set(judged["learnt"]):
        raise TableError("damaged", wording.NO_REFERENCE.format(measured))
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
    rows = judged[(judged["dataset"] == name) & (judged["metric"] == metric)]
    whole = rows["learnt"] == EVERYTHING
    if not whole.any():
        raise TableError("damaged", wording.NO_REFERENCE.format(measured))
    everything, others = rows[whole].iloc[0], rows[~whole].reset_index(drop=True)
    st.caption(wording.SOURCES_HINT.format(
        learner=everything["learner"], images=everything["train_images"],
        size=shared.size(everything["n_images"], everything["n_lesions"]),
        set=shared.set_name((name, everything["split"])), figure=wording.SOURCE_METRICS[metric],
        value=with_interval(*everything[["value", "low", "high"]]),
    ))  # fmt: skip
    st.markdown("\n".join(f"- {said}." for said in _findings(others, name)))
    named = others[["learnt", "of", "train_images"]].fillna({"of": ""}).itertuples(index=False)
    shown = others.assign(
        group=[wording.learnt(*row) for row in named],
        n_images=pd.NA,  # the same for all rows and in the caption
        value=others["difference"], low=others["difference_low"], high=others["difference_high"],
    )  # fmt: skip
    evidence.chart(ForestDisplay(shown, wording.SOURCE_CHANGE.format(wording.SOURCE_METRICS[metric]), 0.0), "sources")
    probes = table[table["study"] == "probe"]
    if len(probes):
        named = probes[["learnt", "of"]].fillna("").itertuples(index=False)
        evidence.figures(LEARNERS[measured].heading, probes.assign(name=[wording.probe(*row) for row in named]))
        sets = probes["dataset"].iloc[0].split("+")
        named = ", ".join(shared.SETS.get(one, one) for one in sets)
        st.caption(LEARNERS[measured].probes.format(named, 1 / len(sets)))
    methods, command = METHODS[Path(measured).stem], LEARNERS[measured].command
    evidence.origin(card, (measured,), methods, table, Path(measured).name, command)


def _findings(rows: pd.DataFrame, name: str) -> list[str]:
    """Return what leaving out the set itself, half of the lesions and unconfirmed labels changes, in words."""
    wanted = dict.fromkeys(wording.SOURCE_FINDINGS, name) | {"share": wording.HALF, "unconfirmed_out": ""}
    found = []
    for row in rows.fillna({"of": ""}).to_dict("records"):
        if wanted.get(row["learnt"]) == row["of"]:
            low, high = row["difference_low"], row["difference_high"]
            change = with_interval(row["difference"], low, high)
            change = wording.UNCLEAR.format(change) if low <= 0 <= high else change
            found.append(wording.SOURCE_FINDINGS[row["learnt"]].format(set=shared.SETS.get(name, name), change=change))
    return found
