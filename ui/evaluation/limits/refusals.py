"""Which pictures get no answer, and how often a real dermoscopic photo is among them."""

import pandas as pd
import streamlit as st

from model.answer.decision import BENIGN
from model.card import Card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.limits import wording
from ui.evaluation.methods import METHODS

GATE, SERVED = "results/gate.csv", "logistic"


def refusals(card: Card) -> None:
    """Show refusals by kind, wrong refusals, and other gates."""
    table = evidence.table(card, GATE)
    held_out = table[table["split"] != "validation"]
    served = held_out[(held_out["method"] == SERVED) & (held_out["metric"] == "refused")]
    st.caption(wording.REFUSALS)
    kinds, photos = _kinds(served), _photos(card, served)
    unseen, main = kinds["left_out"].astype(bool), photos["subject"].isin([ALL, MALIGNANT, BENIGN])
    left, right = st.columns(2, gap="large")
    with left:
        _chart(wording.REFUSED_RIGHTLY, kinds[~unseen], "refused")
    with right:
        _chart(wording.REFUSED_WRONGLY, photos[main], "refused_wrongly")
    worse = served[served["kind"] == "worse photos"]
    for name, rows, key in (
        (wording.LEFT_OUT, kinds[unseen], "refused_unseen"),
        (wording.REFUSED_BY_PATIENT, photos[~main], "refused_by_patient"),
        (wording.REFUSED_WORSE, _named(worse, worse["subject"]), "refused_worse"),
    ):
        with st.expander(name):
            _chart("", rows, key)
    with st.expander(wording.GATES):
        _methods(held_out)
    evidence.origin(card, (GATE,), METHODS["refusals"], table, "gate.csv", wording.GATE_COMMAND)


def _chart(heading: str, rows: pd.DataFrame, key: str) -> None:
    if heading:
        st.header(heading)
    if rows.empty:
        st.caption(evaluation_wording.NOTHING)
        return
    evidence.chart(ForestDisplay(rows.reset_index(drop=True), wording.REFUSED), key)


def _named(rows: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    return rows.assign(group=group.reindex(rows.index))


def _kinds(served: pd.DataFrame) -> pd.DataFrame:
    """Return each kind of picture to refuse: as served, and by a gate that never saw the kind."""
    rows = served[(served["subject"] == ALL) & served["kind"].isin(wording.KINDS)]
    group = rows["kind"].map(wording.KINDS) + rows["left_out"].map({True: wording.NEVER_SEEN, False: ""})
    return _named(rows, group).sort_values(["left_out", "kind"], kind="stable")


def _photos(card: Card, served: pd.DataFrame) -> pd.DataFrame:
    """Return the dermoscopic photos of every set: all, the two sides, and ages and skin tones where labelled."""
    rows = served[~served["kind"].isin([*wording.KINDS, "worse photos"])]
    known = rows["subject"].map(lambda name: name in (ALL, MALIGNANT, BENIGN) or " " in name)
    group = [
        f"{shared.set_name((row.kind, row.split))}: {evaluation_wording.subject(row.subject, card.names)}"
        for row in rows.itertuples()
    ]
    return _named(rows, pd.Series(group, rows.index))[known]


def _methods(held_out: pd.DataFrame) -> None:
    """Show every gate that was compared: the shares of right and of wrong refusals."""
    rows = held_out[(held_out["metric"] == "refused") & (held_out["subject"] == ALL) & ~held_out["left_out"]]
    listed = []
    for method, part in rows.groupby("method", sort=False):
        outside = part[part["kind"].isin(wording.KINDS)]
        photos = part[~part["kind"].isin([*wording.KINDS, "worse photos"])]
        worst = photos.loc[photos["value"].idxmax()]
        where = shared.set_name((worst["kind"], worst["split"]))
        listed.append(
            (wording.GATE_NAMES[method], *(_share(outside[outside["kind"] == kind]) for kind in wording.MAIN_KINDS),
             f"{evaluation_wording.share(worst['value'])} ({where})")
        )  # fmt: skip
    evidence.grid("", wording.GATE_COLUMNS, listed)


def _share(rows: pd.DataFrame) -> str:
    if rows.empty:
        return evaluation_wording.NOTHING
    row = rows.iloc[0]
    low, high = evaluation_wording.share(row["low"]), evaluation_wording.share(row["high"])
    return f"{evaluation_wording.share(row['value'])} {evaluation_wording.bracket(low, high)}, n = {row['n_images']:,}"
