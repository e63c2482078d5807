"""Which diagnoses are confused, and next to the matrix the cases of one cell."""

import re
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.confusion import cases_in_cell, commonest_mistake
from model.evaluation.plots import ConfusionDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import case_photo, wording
from ui.evaluation.choices import CONFUSION, PREDICTIONS
from ui.evaluation.methods import METHODS

ARCHIVED = re.compile(r"(ISIC_\d+)(_downsampled)?")  # ids of the ISIC Archive, some with an ending of ISIC 2019
ARCHIVE_PAGE = "https://api.isic-archive.com/images/{}/"
CELL = "cell"  # session key: the label and the answer of the chosen cell
STRIP_PIXELS, MOST_CASES = 540, 30


def mistakes(card: Card) -> None:
    """Show the matrix, and next to it the cases of the chosen cell; at first those of the most common mistake."""
    table = evidence.table(card, CONFUSION)
    with evidence.bar():
        chosen = evidence.choose_set(table)
        mode = st.segmented_control(
            wording.MODE, wording.MODES, format_func=wording.MODES.get, default="count", required=True, key="mode",
            persist_state="session",
        )  # fmt: skip
    counts = _ordered(card, evidence.of_set(table, chosen))
    cell = _chosen_cell(counts)
    left, right = st.container(key="pair_mistakes").columns([3, 2], gap="large")
    with left:
        _matrix(card, chosen, counts, mode, cell)
    with right:
        _cases(card, chosen, counts, cell)


def _ordered(card: Card, counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts with the malignant classes first, on both axes."""
    place = {label.code: (not label.malignant, label.index) for label in card.labels}
    order = {code: number for number, code in enumerate(sorted(place, key=place.get))}
    return counts.sort_values(["label", "predicted"], key=lambda codes: codes.map(order), ignore_index=True)


def _chosen_cell(counts: pd.DataFrame) -> tuple[str, str] | None:
    """Return the chosen cell; without a choice, or if this set does not have it, the most common mistake."""
    cells = set(zip(counts["label"], counts["predicted"], strict=True))
    if st.session_state.get(CELL) in cells:
        return st.session_state[CELL]
    mistake = commonest_mistake(counts)
    st.session_state[CELL] = None if mistake is None else (mistake["label"], mistake["predicted"])
    return st.session_state[CELL]


def _matrix(card: Card, chosen: evidence.Set, counts: pd.DataFrame, mode: str, cell: tuple[str, str] | None) -> None:
    st.caption(f"{shared.set_name(chosen)}: {counts['count'].sum():,} images. {wording.MODE_HINTS[mode]}")
    evidence.warn_of_validation(chosen)
    malignant = {label.code for label in card.labels if label.malignant}
    display = ConfusionDisplay(counts, card.names, mode, malignant, cell)
    key = f"confusion_{mode}_{'_'.join(chosen)}"
    evidence.chart(display, key, on_select=partial(take_clicked, key), selection_mode="points")
    shown = display.table().reset_index()
    evidence.origin(card, (CONFUSION,), METHODS["confusion"], shown, f"confusion_{mode}.csv")


def take_clicked(key: str) -> None:
    """Make the cell that was clicked the chosen one; a click that ends a selection changes nothing."""
    points = st.session_state[key].selection.points
    if points:
        st.session_state[CELL] = tuple(points[0]["customdata"])


def _cases(card: Card, chosen: evidence.Set, counts: pd.DataFrame, cell: tuple[str, str] | None) -> None:
    """Let a person choose a cell and how sure its answers are, and list its cases."""
    names = card.names
    cells = dict(zip(zip(counts["label"], counts["predicted"], strict=True), counts["count"], strict=True))
    cell = st.selectbox(
        wording.CELL, cells, key=CELL, placeholder=wording.NO_CELL, persist_state="session",
        format_func=lambda pair: wording.cell(names[pair[0]], names[pair[1]], cells.get(pair, 0)),
    )  # fmt: skip
    if cell is None:
        return
    least, most = st.slider(
        wording.CONFIDENCE, 0, 100, (0, 100), format="%d %%", key="confidence", persist_state="session"
    )
    rows = cases_in_cell(evidence.of_set(evidence.table(card, PREDICTIONS), chosen), card.labels, *cell)
    sure = rows[f"p_{cell[1]}"]
    rows = rows[(100 * sure >= least) & (100 * sure <= most)]
    if rows.empty:
        st.caption(wording.EMPTY_CELL)
        return
    st.caption(wording.CASES.format(min(len(rows), MOST_CASES), len(rows)))
    with st.container(height=STRIP_PIXELS, key="strip"):
        for row in rows.head(MOST_CASES).to_dict("records"):
            _case(card, row, cell[1])
    saved = f"cases_{cell[0]}_called_{cell[1]}.csv"
    evidence.origin(card, (PREDICTIONS,), METHODS["cases"], rows, saved)


def _case(card: Card, row: dict, called: str) -> None:
    """Show one case: its photo if it is on this computer, the truth, the answer, and the recorded data."""
    names = card.names
    path = case_photo.find(row["dataset"], str(row["lesion_id"]), row["image_id"])
    small = case_photo.thumbnail(path) if path else None
    picture, words = st.columns([1, 3]) if small else (None, st.container())
    if picture:
        picture.image(small, width="stretch", alt=wording.THUMBNAIL.format(row["image_id"]))
    truth, answer = escape(names[row["label"]]), escape(names[called])
    page = archive_page(row["image_id"])
    linked = f"<a href='{page}' target='_blank'>{escape(row['image_id'])}</a>" if page else escape(row["image_id"])
    known = "".join(f"<br>{escape(part)}" for part in (_patient(row),) if part)
    written, button = words.columns([5, 2], vertical_alignment="center")
    written.html(
        f"<p class='case'>{wording.TRUTH}: <b>{truth}</b>{_confirmation(row)}<br>"
        f"{wording.ANSWER}: <b>{answer}</b> {shared.percent(row[f'p_{called}'])}{known}<br>{linked}</p>"
    )
    if button.button(wording.LOOK, key=f"look_{row['image_id']}", type="tertiary"):
        case_photo.dialog(card, pd.Series(row))


def _confirmation(row: dict) -> str:
    known = row.get("confirmation")
    return "" if pd.isna(known) else f", {escape(wording.CONFIRMED.format(wording.CONFIRMATIONS.get(known, known)))}"


def _patient(row: dict) -> str:
    """Write what is recorded about the patient, if anything."""
    age = "" if pd.isna(row.get("age")) else wording.YEARS.format(row["age"])
    others = [str(row[name]).replace("_", " ") for name in ("sex", "site") if not pd.isna(row.get(name))]
    tone = "" if pd.isna(row.get("skin_tone")) else wording.TONE.format(row["skin_tone"])
    return ", ".join(part for part in (age, *others, tone) if part)


def archive_page(image_id: str) -> str | None:
    """Return the address of an image in the ISIC Archive, None where it is not from there."""
    found = ARCHIVED.fullmatch(image_id)
    return ARCHIVE_PAGE.format(found[1]) if found else None
