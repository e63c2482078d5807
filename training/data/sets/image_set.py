"""What a reader of a set is made of: its entry, its columns, and what several published tables have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from model.errors import printable
from model.tables.patient_table import SEX_SPELLINGS
from training.data.sets.layouts import DatasetError, check_once

COLUMNS = [
    "image_id", "lesion_id", "dataset", "label", "source_label", "path",
    "age", "sex", "site", "confirmation", "skin_tone", "licence",
]  # fmt: skip
ID = ("image", "image_id", "image_name", "isic_id")  # how the tables of several years call an image
AGE, SEX = ("age", "age_approx"), ("sex", "gender")
SITE = ("site", "localization", "localisation", "anatom_site_general", "anatom_site_general_challenge")


@dataclass(frozen=True)
class ImageSet:
    """A set of images: its folder's name under --data, and how it is read.

    Parameters
    ----------
    name : str
        Of its folder.
    published : str
        Where it is to be had.
    read : callable
        Takes the folder and returns one row an image, with `COLUMNS`; path is missing where an image is.
    whole : callable, optional
        The same for every published row, where ``read`` leaves some out.
    images : str
        What the names of its folders of images begin with, where images without a label are to be counted.
    listing : str
        The table that lists all its images, likewise.
    """

    name: str
    published: str
    read: Callable[[Path], pd.DataFrame]
    whole: Callable[[Path], pd.DataFrame] | None = None
    images: str = ""
    listing: str = ""


def table(rows: pd.DataFrame, dataset: str, licence: str) -> pd.DataFrame:
    """Return rows with `COLUMNS`, in their order, those that the set does not tell empty."""
    rows = rows.assign(dataset=dataset, licence=licence)
    return rows.reindex(columns=COLUMNS)


def sexes(values: pd.Series) -> pd.Series:
    """Return each sex in one spelling."""
    return values.map(lambda text: SEX_SPELLINGS.get(text.lower(), text), na_action="ignore")


def seven(source: pd.Series, mapping: dict[str, str], path: Path) -> tuple[pd.Series, pd.Series]:
    """Return each published label in its own spelling and as the code of the seven classes, empty where it has none."""
    spelled = {name.lower(): name for name in mapping}
    unknown = sorted({label for label in source.dropna() if label.lower() not in spelled})
    if unknown:
        raise DatasetError(f"Unknown class {unknown[0]!r} in {printable(path)}; known are {', '.join(mapping)}.")
    source = source.map(lambda label: spelled[label.lower()], na_action="ignore")
    return source, source.map(mapping).fillna("")


def marked_class(truth: pd.DataFrame, key: str, path: Path) -> pd.Series:
    """Return, by image or lesion, the one column that its row marks with 1; every other one must hold 0."""
    classes = truth.drop(columns=[key, "line"]).rename(columns=str.upper)
    numbers = classes.apply(pd.to_numeric, errors="coerce")
    wrong = ~numbers.isin([0, 1]).all(axis=1) | (numbers.sum(axis=1) != 1)
    if wrong.any():
        row = truth[wrong].iloc[0]
        marks = classes[wrong].iloc[0]
        said = ", ".join(f"{name} {value}" for name, value in marks.items() if value not in ("0", "0.0"))
        count = int((numbers[wrong].iloc[0] == 1).sum())
        raise DatasetError(
            f"{printable(path)}, line {row.line}, marks {count} classes for {row[key]} ({said or 'none'}); one 1 among "
            "zeros is expected."
        )
    labels = numbers.idxmax(axis=1)
    check_once(truth, key, path, labels)
    return pd.Series(labels.to_numpy(), index=truth[key])
