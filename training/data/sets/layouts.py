"""Finds the tables and images of a set as publishers, mirrors and people lay them out, and reads the tables."""

import filecmp
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from model.errors import ContractError, printable
from model.photo.folders import find_photos, is_hidden
from model.tables.table_file import known, read_table, without_ending, years
from training.command import TrainingError

TABLE_ENDINGS = (".csv", ".tab", ".tsv", ".txt", "")  # in this order where a set has several
DEPTH = 2  # folders that archives add around what they hold
SHOWN = 6  # names of what is there instead


class DatasetError(TrainingError):
    """A set is not laid out as its publisher ships it; the message names what is missing and where to get it."""


def set_folder(data: Path, name: str) -> Path:
    """Return the folder of a set, in upper or lower case."""
    if (data / name).is_dir() or not data.is_dir():
        return data / name
    return next((path for path in sorted(data.iterdir()) if path.name.lower() == name.lower()), data / name)


def table_path(root: Path, name: str, where: str) -> Path:
    """Return a set's table by its published name, in any case, with any ending of a table, or one folder deeper.

    Raises
    ------
    DatasetError
        If there is none; it says what is there instead.
    """
    stem = Path(name).stem.lower()
    found = {path.name.lower(): path for path in reversed(_within(root)) if path.is_file()}
    for ending in (Path(name).suffix, *TABLE_ENDINGS):
        if stem + ending in found:
            return found[stem + ending]
    raise DatasetError(f"{root / name} is missing; get the set from {where} and keep its folder layout{_instead(root)}")


def images_under(root: Path, prefix: str, where: str) -> dict[str, str]:
    """Return the path of every image by its id, of all folders whose name begins so, or of the whole set's folder.

    Raises
    ------
    DatasetError
        If there is no such folder and no image, or two images that differ have one id.
    """
    named = [path for path in _within(root) if path.is_dir() and path.name.lower().startswith(prefix.lower())]
    folders = [path for path in named if not any(parent in named for parent in path.parents)] or [root]
    files: dict[str, str] = {}
    for photo in (photo for folder in folders if folder.is_dir() for photo in find_photos(folder).photos):
        first = files.setdefault(without_ending(photo.name), str(photo))
        if first != str(photo) and not filecmp.cmp(first, photo, shallow=False):
            raise DatasetError(f"{printable(first)} and {printable(photo)} differ and have one name; remove one.")
    if not files and not named:
        raise DatasetError(
            f"{root / prefix} is missing; get the set from {where} and keep its folder layout{_instead(root)}"
        )
    return files


def frame(path: Path, columns: dict[str, tuple[str, ...]], others: bool = False) -> pd.DataFrame:
    """Read a table of text; a cell that is empty or says "unknown" is missing.

    Parameters
    ----------
    path : Path
    columns : dict of str to tuple of str
        The columns wanted, each with its spellings in tables.
    others : bool
        Whether to keep all other columns too, in lower case.

    Raises
    ------
    DatasetError
        If it cannot be read or lacks a column; the sentence names the column, or the line.
    """
    try:
        table = read_table(path)
        names = {name: table.column(*spellings) for name, spellings in columns.items()}
    except ContractError as error:
        raise DatasetError(str(error)) from None
    rows = {name: [known(row.cells[column]) for row in table.rows] for name, column in names.items()}
    if others:
        rest = [name for name in table.columns if name and name not in names.values()]
        rows |= {name: [known(row.cells[name]) for row in table.rows] for name in rest}
    return pd.DataFrame(rows, dtype=object).assign(line=[row.line for row in table.rows])


def ids(values: pd.Series) -> pd.Series:
    """Return image ids without folders and endings."""
    return values.map(without_ending, na_action="ignore")


def ages(table: pd.DataFrame, path: Path) -> pd.Series:
    """Return the column age in years; DatasetError with the line where it is none."""
    found = []
    for text, line in zip(table.age, table.line, strict=True):
        try:
            found.append(years(text))
        except ValueError:
            raise DatasetError(f"{printable(path)}, line {line}: {text!r} is no age in years.") from None
    return pd.Series(found, index=table.index, dtype=float)


def check_once(table: pd.DataFrame, key: str, path: Path, labels: pd.Series | None = None) -> None:
    """Refuse a table that names an image or lesion twice, or not at all; the message names ``labels`` that differ."""
    if table[key].isna().any():
        raise DatasetError(f"{printable(path)}, line {table.line[table[key].isna()].iloc[0]}: the row has no {key}.")
    twice = table[key].duplicated(keep=False)
    if twice.any():
        first = table[key][twice].iloc[0]
        rows = table[key] == first
        lines = " and ".join(str(line) for line in table.line[rows].iloc[:2])
        said = "" if labels is None or labels[rows].nunique() < 2 else f", as {' and '.join(labels[rows].unique()[:2])}"
        raise DatasetError(f"{printable(path)} lists {first} twice, in lines {lines}{said}; keep one row.")


def _within(root: Path) -> list[Path]:
    """Return files and folders of a set down to `DEPTH`, the nearer ones first."""
    found, level = [], [root]
    for _ in range(DEPTH):
        level = [path for folder in level for path in _entries(folder)]
        found += level
        level = [path for path in level if path.is_dir()]
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path.name))
    except OSError:
        return []


def _instead(root: Path) -> str:
    return f"; there are {_few(path.name for path in _entries(root))}." if _entries(root) else "."


def _few(names: Iterable[str]) -> str:
    every = [printable(name) for name in names]
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN:,} more" if len(every) > SHOWN else "")
