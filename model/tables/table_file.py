"""Tables as people and programs write them: CSV of any usual separator and encoding; every row is read or reported."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.errors import ContractError, printable

SEPARATORS = (",", ";", "\t", "|")
NOTHING = frozenset(
    ("", "-", "--", "?", "na", "n/a", "nan", "none", "null", "unknown", "unk", "not known", "not recorded", "missing")
)
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)  # fmt: skip
ENDING = re.compile(r"\.(jpe?g|jpe|jfif|png|webp|tiff?|bmp|dib|hei[cf]|avif|jp2|j2k|gif|mpo|dcm)$", re.I)


@dataclass(frozen=True)
class Row:
    """One row: the line it begins on, counted from 1, and its cells by column; an empty cell is ""."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class TableFile:
    """A table that was read: its path, its columns in lower case, and its rows, empty ones left out."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, *names: str) -> str:
        """Return the first of several spellings of a column's name that the table has.

        Raises
        ------
        ContractError
            If it has none of them.
        """
        for name in names:
            if name.lower() in self.columns:
                return name.lower()
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        raise self.error(f"lacks the columns {names[0]}{others}; it has {', '.join(self.columns)}")

    def error(self, what: str) -> ContractError:
        """Return an error whose sentence begins with the table's path."""
        return ContractError("table", f"{printable(self.path)} {what}.")


def read_table(path: Path) -> TableFile:
    """Read a table with a header: separated by comma, semicolon, tab or bar, in UTF-8, UTF-16 or Windows' encoding.

    Raises
    ------
    ContractError
        If it is no text, has no row, a quotation mark stays open, or a row has more cells than the header; with
        the line where there is one.
    OSError
        If it cannot be opened.
    """
    text = _text(path).replace("\r\n", "\n").replace("\r", "\n")
    told = re.match(r"\s*sep=(.)\n", text)  # spreadsheets write and read such a line
    skipped = told.end() if told else 0
    separator = told.group(1) if told else _separator(text)
    lines = _cells(path, text[skipped:], separator, text[:skipped].count("\n"))
    header, *others = lines or [(1, [])]
    columns = [name.strip().lower() for name in header[1]]
    while columns and not columns[-1]:
        columns.pop()
    table = TableFile(path, tuple(columns), tuple(Row(line, _named(path, line, row, columns)) for line, row in others))
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise table.error(f"has two columns named {twice[0]}; rename or remove one")
    if not table.rows:
        raise table.error("has no row, so it lacks the columns that are needed" if not columns else "has no row")
    return table


def known(cell: str | None) -> str | None:
    """Return the text of a cell, or None if it is empty or means "not known"."""
    text = " ".join((cell or "").split())
    return None if text.lower() in NOTHING else text


def years(cell: str | None) -> float | None:
    """Return an age as people write it: 60, 60.0, 60,5, 85+, 60 years; None where nothing is known.

    Raises
    ------
    ValueError
        If it is no age.
    """
    text = known(cell)
    if text is None:
        return None
    number = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:\+|y|yrs?|years?|yo)?\.?", text, re.I)
    if number is None:
        raise ValueError(text)
    return float(number.group(1).replace(",", "."))


def without_ending(name: str) -> str:
    """Return an image's id: no folders before it, and no ending of a picture's file after it."""
    return ENDING.sub("", re.split(r"[/\\]", name.strip())[-1])


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ContractError(
            "table", f"{printable(path)} is a workbook of a spreadsheet program; save the sheet as a CSV file."
        )
    encodings = [name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)][:1]
    if not encodings and 3 * data[:200].count(0) > len(data[:200]):  # every other byte of plain words
        encodings = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    for encoding in encodings or ["utf-8", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise ContractError("table", f"{printable(path)} is not a CSV file in UTF-8; save the table as CSV again.")


def _separator(text: str) -> str:
    """Return what separates the cells of the first line that is not empty, quoted parts left out."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=plain.count)


def _cells(path: Path, text: str, separator: str, skipped: int) -> list[tuple[int, list[str]]]:
    """Return each row that is not empty with the line it begins on."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    found: list[tuple[int, list[str]]] = []
    width = None
    while True:
        line = reader.line_num + 1 + skipped
        try:
            row = next(reader)
        except StopIteration:
            return found
        except csv.Error:
            raise _open_quote(path, line) from None
        if not any(cell.strip() for cell in row):
            continue
        width = width or len(row)
        if any(inside.count(separator) >= max(1, width - 1) for cell in row for inside in cell.split("\n")[1:]):
            raise _open_quote(path, line)  # one cell contains whole rows
        found.append((line, row))


def _open_quote(path: Path, line: int) -> ContractError:
    return ContractError(
        "table",
        f"{printable(path)}, line {line}: a quotation mark is opened and not closed where its cell ends; close or "
        "remove it.",
    )


def _named(path: Path, line: int, row: list[str], columns: Iterable[str]) -> dict[str, str]:
    """Return a row's cells by column; missing ones at its end are empty, superfluous ones must be."""
    names = list(columns)
    if any(cell.strip() for cell in row[len(names) :]):
        raise ContractError(
            "table",
            f"{printable(path)}, line {line}: the row has {len(row)} cells, the header {len(names)}; put cells that "
            "contain a separator in quotation marks.",
        )
    cells = [cell.strip() for cell in row] + [""] * (len(names) - len(row))
    return {name: cell for name, cell in zip(names, cells, strict=False) if name}
