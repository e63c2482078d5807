"""The files to download, each made when it is requested; only they contain file names."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from model.preprocess import Square
from model.report import Drawn, captioned
from model.scoring import COLUMNS, DIGITS, PLAIN
from model.tables.spreadsheet import as_text
from ui.batch import wording
from ui.batch.row import ANSWERED, Row
from ui.wording import DISCLAIMER

ENLARGED, OPACITY = 2, 0.6  # so that the text below has room
QUALITY = 90  # a sixth of the size of a PNG


def row(rows: Sequence[Row]) -> None:
    """Offer every download of these rows."""
    offered = (
        (wording.SAVE_SCORES, scores, "predictions.csv", "text/csv"),
        (wording.SAVE_TABLE, table, "photos.csv", "text/csv"),
        (wording.SAVE_RESULTS, results, "results.jsonl", "application/jsonl"),
        (wording.SAVE_OVERLAYS, overlays, "overlays.zip", "application/zip"),
    )
    with st.container(key="downloads", horizontal=True, vertical_alignment="center"):
        for label, make, file_name, kind in offered:
            st.download_button(
                label, lambda make=make: make(rows), f"lesionscope_{file_name}", kind, on_click="ignore",
                type="tertiary", key=f"batch_{file_name}",
            )  # fmt: skip
    st.caption(wording.SAVING)


def scores(rows: Sequence[Row]) -> bytes:
    """Return the table that ``python -m model score`` writes: the ISIC challenge's columns, and notes."""
    answered = [row for row in rows if row.kind == ANSWERED]
    lines = (
        (as_text(name), *(f"{row.shares[code.lower()]:.{DIGITS}f}" for code in COLUMNS), " ".join(row.notes))
        for row, name in zip(answered, distinct(answered), strict=True)
    )
    return _csv((PLAIN.header, *lines))


def distinct(rows: Iterable[Row]) -> list[str]:
    """Return the name that identifies each row: that of its file without ending, with a number where it repeats."""
    names: dict[str, None] = {}
    for row in rows:
        stem = name = Path(row.name).stem
        count = 1
        while name in names:
            count += 1
            name = f"{stem}_{count}"
        names[name] = None
    return list(names)


def table(rows: Sequence[Row]) -> bytes:
    """Return the table of the page with file names, in the order of the upload."""
    header = ("number", "file", "answer", "melanoma", "malignant", "level", "balanced_rule", "notes", "reason")
    lines = (
        (row.number, as_text(row.name), row.kind, _share(row.melanoma), _share(row.malignant), row.level, row.named,
         " ".join(row.notes), row.reason)
        for row in rows
    )  # fmt: skip
    return _csv((header, *lines))


def results(rows: Sequence[Row]) -> bytes:
    """Return the result of each photo as one line of JSON."""
    return b"".join(row.result + b"\n" for row in rows)


def overlays(rows: Sequence[Row]) -> bytes:
    """Return a ZIP file of the maps of every answered photo, as JPEG."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("README.txt", f"{DISCLAIMER}\n\n{wording.OVERLAY_README}\n")
        for row in rows:
            said = json.loads(row.result)
            stem = re.sub(r"[^\w.-]", "_", Path(row.name).stem)[:80]
            for code in row.heats:
                archive.writestr(f"{row.number:04d}_{stem}_{code}.jpg", _overlay(row, said, code))
    return buffer.getvalue()


def _overlay(row: Row, said: dict, code: str) -> bytes:
    buffer = io.BytesIO()
    [name] = [each["name"] for each in said["classes"] if each["code"] == code]
    drawn = Drawn(f"Grad-CAM, {name}", row.heats[code])
    with Image.open(io.BytesIO(row.view)) as view:
        pixels = np.asarray(view.resize((ENLARGED * view.width, ENLARGED * view.height), Image.Resampling.BICUBIC))
    picture = Image.fromarray(drawn.over(pixels, Square(0, 0, len(pixels)), OPACITY))
    captioned(picture, drawn, f"{said['model']['id']} {said['model']['version']}").save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}f}"


def _csv(lines: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()
