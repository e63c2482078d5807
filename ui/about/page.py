"""The parts of the about page: the human part of the card, and the list of reporting items."""

from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from model.card import Card
from ui import evidence
from ui.about import wording

ITEMS = Path(__file__).resolve().parents[2] / "assets" / "reporting_items.csv"


def purpose(card: Card) -> None:
    """Show which model this is, what it is for and what it is not for."""
    date = card.raw.get("change_date", "")
    st.markdown(wording.VERSION.format(model=card.model_id, version=card.version, date=date))
    left, right = st.columns(2, gap="large")
    with left:
        st.header(wording.INTENDED)
        st.markdown(_human(card).get("intended_use") or wording.NOTHING)
    with right:
        _list(card, wording.NOT_FOR, "not_for")


def limits(card: Card) -> None:
    """Show where the model is weak, and which patients it has seen too rarely."""
    left, right = st.columns(2, gap="large")
    with left:
        _list(card, wording.LIMITATIONS, "limitations")
    with right:
        _list(card, wording.UNDER, "under_represented")


def sources(card: Card) -> None:
    """Show licences and citations, and offer the card as a file."""
    left, right = st.columns(2, gap="large")
    with left:
        _list(card, wording.LICENCES, "licences")
        file = card.bundle_dir / "card.json"
        st.download_button(wording.SAVE_CARD, file.read_bytes, file.name, "application/json", on_click="ignore")
    with right:
        _list(card, wording.CITATIONS, "citations")
        st.caption(wording.CITATIONS_HINT)


def _human(card: Card) -> dict:
    return card.raw.get("human", {})


def _list(card: Card, heading: str, name: str) -> None:
    st.header(heading)
    entries = _human(card).get(name)
    if entries:
        st.html("<ul>" + "".join(f"<li>{escape(entry)}</li>" for entry in entries) + "</ul>")
    else:
        st.markdown(wording.NOTHING)


def reporting() -> None:
    """Show where each item of a reporting guideline is answered, and which ones are not."""
    items = _items()
    st.header(wording.REPORTING)
    st.caption(wording.REPORTING_HINT)
    guidelines = list(dict.fromkeys(items["guideline"]))
    chosen = st.segmented_control(
        wording.GUIDELINE, guidelines, default=guidelines[0], required=True, key="guideline",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    rows = items[items["guideline"] == chosen]
    counts = [int((rows["answered"] == answer).sum()) for answer in wording.ANSWERS]
    st.markdown(wording.COUNTED.format(chosen, counts[0], len(rows), *counts[1:]))
    for answer, count in zip(wording.ANSWERS, counts, strict=True):
        part = rows[rows["answered"] == answer]
        cells = [(f"{row.number} {row.item}".strip(), row.where) for row in part.itertuples()]
        with st.expander(wording.ANSWERED.format(answer, count)), st.container(key=f"prose_{answer.replace(' ', '_')}"):
            evidence.grid("", wording.COLUMNS, cells)
    st.download_button(wording.SAVE, ITEMS.read_bytes, ITEMS.name, "text/csv", key="save_items", on_click="ignore")


@st.cache_data(show_spinner=False)
def _items() -> pd.DataFrame:
    return pd.read_csv(ITEMS, dtype=str, keep_default_na=False)
