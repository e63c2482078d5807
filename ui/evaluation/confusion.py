"""The confusion matrix, and behind every cell its cases."""

import re
from functools import partial

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.confusion import cases_in_cell
from model.evaluation.plots import ConfusionDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import case_photo, choices, wording
from ui.evaluation.choices import CONFUSION, PREDICTIONS
from ui.evaluation.methods import METHODS

ARCHIVED = re.compile(r"(ISIC_\d+)(_downsampled)?")  # ids of the ISIC Archive, some with an ending of ISIC 2019
ARCHIVE_PAGE = "https://api.isic-archive.com/images/{}/"
CELL = "cell"  # session key: the label and the answer of the chosen cell
METADATA = ["age", "sex", "site", "confirmation", "skin_tone"]


def confusion(card: Card) -> None:
    """Show which classes are taken for which, and the cases of one cell."""
    table = evidence.table(card, CONFUSION)
    chosen = evidence.choose_set(table)
    counts = evidence.of_set(table, chosen)
    mode = st.segmented_control(
        wording.MODE, wording.MODES, format_func=wording.MODES.get, default="count", required=True, key="mode",
        persist_state="session",
    )  # fmt: skip
    st.caption(f"{shared.set_name(chosen)}: {counts['count'].sum():,} images. {wording.MODE_HINTS[mode]}")
    display = ConfusionDisplay(counts, choices.names(card), mode)
    key = f"confusion_{mode}_{'_'.join(chosen)}"
    evidence.chart(display, key, on_select=partial(take_clicked, key), selection_mode="points")
    shown = display.table().reset_index()
    evidence.origin(card, (CONFUSION,), METHODS["confusion"], shown, f"confusion_{mode}.csv")
    _cases(card, chosen, counts)


def take_clicked(key: str) -> None:
    """Make the cell that was clicked the chosen one; a click that ends a selection changes nothing."""
    points = st.session_state[key].selection.points
    if points:
        st.session_state[CELL] = tuple(points[0]["customdata"])


def _cases(card: Card, chosen: evidence.Set, counts: pd.DataFrame) -> None:
    names = choices.names(card)
    cells = {(label, called): number for label, called, number in zip(*map(counts.get, _CELL), strict=True)}
    st.header(wording.CASES)
    cell = st.selectbox(
        wording.CELL, cells, index=None, key=CELL, placeholder=wording.NO_CELL, persist_state="session",
        format_func=lambda pair: wording.cell(names[pair[0]], names[pair[1]], cells.get(pair, 0)),
    )  # fmt: skip
    if cell is None:
        return
    predictions = evidence.of_set(evidence.table(card, PREDICTIONS), chosen)
    rows = cases_in_cell(predictions, card.labels, *cell)
    if rows.empty:
        st.caption(wording.EMPTY_CELL)
        return
    st.dataframe(_listed(rows, card), hide_index=True, column_config=_columns(card))
    saved = f"cases_{cell[0]}_called_{cell[1]}.csv"
    evidence.origin(card, (PREDICTIONS,), METHODS["cases"], rows, saved)
    _one_case(card, chosen, rows)


_CELL = ("label", "predicted", "count")


def _listed(rows: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Return what the list of cases shows: id, link, label, probabilities, then what is known of the patient."""
    columns = ["image_id", "page", "label", *(f"p_{code}" for code in card.codes)]
    columns += [name for name in METADATA if name in rows and rows[name].notna().any()]
    return rows.assign(page=rows["image_id"].map(archive_page)).dropna(axis="columns", how="all").filter(columns)


def archive_page(image_id: str) -> str | None:
    """Return the address of an image in the ISIC Archive, None where it is not from there."""
    found = ARCHIVED.fullmatch(image_id)
    return ARCHIVE_PAGE.format(found[1]) if found else None


def _columns(card: Card) -> dict:
    link = st.column_config.LinkColumn(wording.PAGE, display_text=wording.OPEN_PAGE)
    probabilities = {
        f"p_{label.code}": st.column_config.NumberColumn(label.code, format="%.3f", help=label.name)
        for label in card.labels
    }
    return {"image_id": wording.IMAGE, "page": link, "label": wording.LABEL} | probabilities


def _one_case(card: Card, chosen: evidence.Set, rows: pd.DataFrame) -> None:
    """Let a person look at one case: its photo and what counted, where the photo is on this computer."""
    case = rows.set_index("image_id", drop=False)
    image_id = st.selectbox(wording.CASE, list(case.index), key=f"case_{'_'.join(chosen)}", persist_state="session")
    case_photo.show(card, case.loc[image_id])
