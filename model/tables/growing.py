"""A table that grows row by row: whatever stops it, its finished rows stay, and a later run goes on from there.

Next to ``NAME.csv`` or ``NAME.parquet`` stand ``NAME.unfinished.csv`` with the rows, and ``NAME.unfinished.jsonl`` with
what the table is made with and the photos that have no row. Each row is with the system before the next one begins.
Cells are written as they are, a name like ``=1+1`` too: rows are joined with other tables, and recognised by a later
run, by the exact name. What people download to open in a spreadsheet goes through `model.tables.spreadsheet` instead.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from model.errors import OutputError, printable
from model.tables.output import Unfinished, direct, open_beside, place_of, put, said, unfinished

CSV, PARQUET = "csv", "parquet"
FORMATS = (CSV, PARQUET)
ROWS, NOTES = ".csv", ".jsonl"
LONGEST_LINE = 1 << 20  # bytes
TEXT_COLUMNS = ("image", "diagnosis", "notes")  # of a Parquet table, whatever they look like; the others are numbers


@dataclass(frozen=True)
class Layout:
    """What a table is to be.

    Parameters
    ----------
    target : Path
        Its place; ``-``, a pipe or a device is written directly.
    header : tuple of str
        Names of the columns; the first one identifies a row.
    made_with : dict of str to str
        What its figures depend on; a table is only continued with the same.
    kind : str
        Of `FORMATS`.
    """

    target: Path
    header: tuple[str, ...]
    made_with: dict[str, str | None]
    kind: str = CSV


class Growing:
    """An open table.

    Attributes
    ----------
    images : set of str
        First cells of the rows that it has.
    without : dict of str to bool
        Photos that were looked at and have no row, and whether they may have one with other options.
    """

    def __init__(self, rows: Unfinished, notes: Unfinished | None) -> None:
        self._rows, self._notes = rows, notes
        self.images: set[str] = set()
        self.without: dict[str, bool] = {}

    def add(self, row: Sequence[str]) -> None:
        """Append a row."""
        self._rows.write(_line(row))
        self.images.add(row[0])

    def leave_out(self, image: str, refused: bool) -> None:
        """Remember that a photo has no row; ``refused`` if that is because of what it shows."""
        if self._notes:
            self._notes.write(_note({"image": image, "refused": refused}))
        self.without[image] = refused

    def __contains__(self, image: str) -> bool:
        return image in self.images or image in self.without


@contextmanager
def growing(
    layout: Layout, inputs: Iterable[Path] = (), resume: bool = False, retry: bool = False
) -> Iterator[Growing]:
    """Open a table; it is put in its place when the block has ended without an error and there is a row.

    Parameters
    ----------
    layout : Layout
    inputs : iterable of Path
        What is read; none of it may be the target.
    resume : bool
        Whether to go on with the newest unfinished table, if there is one.
    retry : bool
        Whether photos without a row are forgotten, so that they are tried again.

    Raises
    ------
    OutputError
        As `output.writing`, ``output_needs_file``, ``output_of_other`` or ``output_damaged``. The name of the
        unfinished table is with any error that leaves one, see `output.kept`.
    """
    place = place_of(layout.target, inputs)
    if place is None:
        if resume or layout.kind == PARQUET:
            raise OutputError("output_needs_file", "--resume and Parquet need a file; name one with --output.")
        with direct(layout.target) as file:
            file.write(_line(layout.header))
            yield Growing(file, None)
        return
    rows = _newest(place) if resume else None
    images, without = _known(rows, layout, retry) if rows else (set(), {})
    with said(layout.target):
        rows = rows or _begun(place, layout)
    notes = rows.with_suffix(NOTES)
    try:
        with _appending(rows, layout.target) as row_file, _appending(notes, layout.target) as note_file:
            table = Growing(row_file, note_file)
            table.images, table.without = images, without
            yield table
        if images:
            _finish(rows, place, layout)
        rows.unlink(missing_ok=True)
        notes.unlink(missing_ok=True)
    except BaseException as error:
        if images or without:
            error.add_note(printable(rows))
        else:
            rows.unlink(missing_ok=True)
            notes.unlink(missing_ok=True)
        raise


def _newest(place: Path) -> Path | None:
    """Return the unfinished table that was begun last, None if there is none."""
    newest = None
    for number in count(1):
        rows = unfinished(place, ROWS, number)
        if not rows.exists():
            return newest
        if rows.with_suffix(NOTES).exists():
            newest = rows
    return newest


def _begun(place: Path, layout: Layout) -> Path:
    """Begin an unfinished table; earlier ones are left alone."""
    rows, file = open_beside(place, ROWS)
    notes = rows.with_suffix(NOTES)
    try:
        with file:
            Unfinished(file, layout.target, True).write(_line(layout.header))
        notes.write_bytes(_note(layout.made_with))
    except BaseException:  # a full disk, for example, has no room for the first line
        rows.unlink(missing_ok=True)
        notes.unlink(missing_ok=True)
        raise
    return rows


@contextmanager
def _appending(path: Path, target: Path) -> Iterator[Unfinished]:
    with said(target):
        file = path.open("ab", buffering=0)
    with file:
        yield Unfinished(file, target, True, file.tell())


def _known(rows: Path, layout: Layout, retry: bool) -> tuple[set[str], dict[str, bool]]:
    """Return the images of an unfinished table that have a row, and those that have none; a cut line is removed."""
    notes, name = rows.with_suffix(NOTES), printable(rows)
    _remove_cut_line(rows)
    _remove_cut_line(notes)
    try:
        with notes.open(encoding="utf-8") as file:
            first = file.readline()
            made_with = dict(json.loads(first))
            without = {entry["image"]: entry["refused"] for entry in map(json.loads, file)}
        with rows.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = tuple(next(reader))
            images = {image for image, *_ in reader}
    except (ValueError, KeyError, TypeError, StopIteration, csv.Error):
        raise OutputError("output_damaged", f"{name} is damaged; delete it and leave out --resume.") from None
    other = [key for key, value in layout.made_with.items() if made_with.get(key) != value]
    if other or header != layout.header:
        what = ", ".join(other or ["set of columns"])
        raise OutputError(
            "output_of_other", f"{name} was begun with another {what}; repeat the first command, or leave out --resume."
        )
    if retry:
        os.truncate(notes, len(first.encode()))
        without.clear()
    return images, without


def _remove_cut_line(path: Path) -> None:
    """Remove a last line without an end, which a computer that lost its power leaves."""
    with path.open("rb+") as file:
        start = max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE)
        file.seek(start)
        file.truncate(start + file.read().rfind(b"\n") + 1)


def _finish(rows: Path, place: Path, layout: Layout) -> None:
    if layout.kind == CSV:
        put(rows, place, layout.target)
        return
    made, file = open_beside(place, f".{PARQUET}")
    file.close()
    try:
        with said(layout.target):
            _to_parquet(rows, made)
        put(made, place, layout.target)
    finally:
        made.unlink(missing_ok=True)


def _to_parquet(rows: Path, made: Path) -> None:
    """Write a CSV table as Parquet, a group of rows for each megabyte of text; the figures have the same digits."""
    import pyarrow
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    options = arrow_csv.ConvertOptions(column_types={name: pyarrow.string() for name in TEXT_COLUMNS})
    with (
        arrow_csv.open_csv(rows, convert_options=options) as groups,
        parquet.ParquetWriter(made, groups.schema) as writer,
    ):
        for group in groups:
            writer.write_batch(group)


def _line(row: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


def _note(entry: Mapping[str, str | bool | None]) -> bytes:
    return (json.dumps(entry) + "\n").encode()
