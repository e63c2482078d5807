"""The rows as a table, the riskiest first, and the counts above it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from model.card import Card
from ui.batch import wording
from ui.batch.row import ANSWERED, FAILED, REFUSED, Row
from ui.wording import percent

KEPT = {
    wording.ALL: lambda row: True,
    wording.REACHED: lambda row: row.reached,
    wording.REFUSED: lambda row: row.kind == REFUSED,
    wording.FAILED: lambda row: row.kind == FAILED,
}
ROW_HEIGHT = 64  # pixels
MOST_ROWS = 9  # in view at once


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Return the rows by level and malignant probability; those without an answer come last."""
    return sorted(rows, key=lambda row: (row.kind != ANSWERED, row.rank, -(row.malignant or 0), row.number))


def summary(rows: Sequence[Row], card: Card) -> str:
    """Write how many photos reach a level, were refused, or could not be read."""
    return wording.summary(
        len(rows),
        sum(row.reached for row in rows),
        sum(row.kind == REFUSED for row in rows),
        sum(row.kind == FAILED for row in rows),
        bool(card.raw.get("thresholds")),
    )


def frame(rows: Sequence[Row]) -> Styler:
    """Return the table: probabilities are numbers, so that they can be sorted, written as everywhere else."""
    cells = [
        (row.number, row.thumbnail or None, row.level, row.melanoma, row.malignant, row.named, row.remarks)
        for row in rows
    ]
    columns = [
        wording.NUMBER, wording.PHOTO, wording.LEVEL, wording.MELANOMA, wording.MALIGNANT, wording.NAMED, wording.NOTES,
    ]  # fmt: skip
    table = pd.DataFrame(cells, columns=columns)
    shares = [wording.MELANOMA, wording.MALIGNANT]
    table[shares] = table[shares].astype(float)
    return table.style.format(percent, subset=shares, na_rep=wording.NOTHING)


def show(rows: Sequence[Row]) -> None:
    """Show the table of the rows that the filter keeps."""
    chosen = st.segmented_control(
        wording.FILTER, wording.FILTERS, default=wording.ALL, required=True, key="batch_filter",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    kept = [row for row in ordered(rows) if KEPT[chosen](row)]
    if not kept:
        st.caption(wording.NOTHING_HERE)
        return
    number = {"width": 90, "alignment": "right"}
    st.dataframe(
        frame(kept),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=40 + ROW_HEIGHT * min(len(kept), MOST_ROWS),
        key="batch_table",
        placeholder=wording.NOTHING,
        alt=wording.TABLE,
        column_config={
            wording.NUMBER: st.column_config.NumberColumn(width=50),
            wording.PHOTO: st.column_config.ImageColumn(width=70),
            wording.MELANOMA: st.column_config.NumberColumn(**number),
            wording.MALIGNANT: st.column_config.NumberColumn(**number),
            wording.LEVEL: st.column_config.TextColumn(width=240),  # a phone shows so much beside number and photo
            wording.NAMED: st.column_config.TextColumn(width=190),
            wording.NOTES: st.column_config.TextColumn(width="large"),
        },
    )
    for reason in sorted({row.reason for row in kept if row.kind == REFUSED}):  # a cell may show only its beginning
        st.caption(reason)
    st.caption(wording.ORDER)
