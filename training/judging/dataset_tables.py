"""Count what the image sets hold, as published, and what each way of balancing makes of the training split.

    python -m training.judging.dataset_tables --data FOLDER --work runs/data [--bundle model/bundle]

Writes ``dataset/class_balance.csv``, ``dataset/attributes.csv`` and ``dataset/balancing.csv`` into the bundle and
enters them into its card. The split itself is in ``dataset/splits.csv``, which `training.bundle` writes.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from model.evaluation.subgroups import NOT_ASSESSED, NOT_RECORDED, age_bands
from training.command import one_sentence
from training.data.balancing import STUDIED, balanced, options_text
from training.data.label_sets import CODES, LABELS, MALIGNANT_CODES
from training.data.provenance import read_manifest, read_table
from training.data.sets.layouts import DatasetError, set_folder
from training.data.sets.registry import IMAGE_SETS
from training.data.splits import HOME, TRAIN
from training.judging.sealing import write_tables

SOURCE_NAMES = {code: name for code, name, _ in LABELS} | {  # diagnoses of the sets -> what they are called
    "MEL": "Melanoma", "NV": "Melanocytic nevus", "BCC": "Basal cell carcinoma", "AK": "Actinic keratosis",
    "AKIEC": "Actinic keratosis / intraepithelial carcinoma", "BKL": "Benign keratosis", "DF": "Dermatofibroma",
    "VASC": "Vascular lesion", "SCC": "Squamous cell carcinoma",
    "SCCKA": "Squamous cell carcinoma / keratoacanthoma", "INF": "Inflammatory or infectious",
    "BEN_OTH": "Other benign", "MAL_OTH": "Other malignant",
    "common nevus": "Common nevus", "atypical nevus": "Atypical nevus", "melanoma": "Melanoma",
}  # fmt: skip
LISTINGS = {
    name: one.whole or one.read for name, one in IMAGE_SETS.items()
}  # the whole published table, whether or not an image is at hand
ATTRIBUTES = ("confirmation", "age", "sex", "site", "skin_tone")


def published(data: Path, work: Path) -> pd.DataFrame:
    """Return a row for every image that the sets' label tables list.

    Parameters
    ----------
    data : Path
        Folder with ham10000/, milk10k/, isic2019/, ph2/; a set that is not there is named and left out.
    work : Path
        Folder with ``manifest.csv``: the images that could be read are marked in column ``read``.

    Raises
    ------
    DatasetError
        If there is no set at all, or no manifest.
    """
    manifest = work / "manifest.csv"
    if not manifest.exists():
        raise DatasetError(f"{manifest} is missing; run python -m training.data.manifest first.")
    found = []
    for name, listing in LISTINGS.items():
        try:
            found.append(listing(set_folder(data, name)))
        except DatasetError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    if not found:
        raise DatasetError(f"No image set was found under {data}.")
    table = pd.concat([rows.astype(object) for rows in found], ignore_index=True)
    here = read_manifest(work)[["dataset", "image_id"]]
    return table.assign(read=_keys(table).isin(set(_keys(here))))


def _keys(rows: pd.DataFrame) -> pd.Series:
    return rows["dataset"] + "/" + rows["image_id"].astype(str)


def class_balance(table: pd.DataFrame) -> pd.DataFrame:
    """Return dataset, label (the set's own), seven (our code, or none), images, lesions, images_read, name, malignant.

    ``malignant`` is that of our seven classes; "other malignant" of MILK10k has no place among them and is, too.
    """
    grouped = table.groupby(["dataset", "source_label"], sort=False)
    counts = grouped.agg(
        seven=("label", "first"),
        images=("image_id", "size"),
        lesions=("lesion_id", "nunique"),
        images_read=("read", "sum"),
    )
    counts = counts.reset_index().rename(columns={"source_label": "label"})
    counts["name"] = counts["label"].map(SOURCE_NAMES).fillna(counts["label"])
    counts["malignant"] = counts["seven"].isin(MALIGNANT_CODES) | (counts["label"] == "MAL_OTH")
    counts["place"] = counts["dataset"].map(list(LISTINGS).index)
    counts = counts.sort_values(["place", "images"], ascending=[True, False], ignore_index=True)
    return counts.drop(columns="place")


def attribute_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return dataset, label, attribute, group, images, lesions; what was not recorded is a group of its own.

    An attribute for which a set has no value at all is "not assessed".
    """
    table = table.assign(age=age_bands(pd.to_numeric(table["age"])))
    tone = pd.to_numeric(table["skin_tone"]).astype("Int64").astype("string").astype(object)
    table["skin_tone"] = tone.where(table["skin_tone"].notna(), None)
    parts = [
        _counts_of(rows, attribute).assign(dataset=dataset, attribute=attribute)
        for dataset, rows in table.groupby("dataset", sort=False)
        for attribute in ATTRIBUTES
    ]
    columns = ["dataset", "label", "attribute", "group", "images", "lesions"]
    return pd.concat(parts, ignore_index=True).rename(columns={"source_label": "label"})[columns]


def _counts_of(rows: pd.DataFrame, attribute: str) -> pd.DataFrame:
    missing = NOT_ASSESSED if rows[attribute].isna().all() else NOT_RECORDED
    named = rows.assign(group=rows[attribute].where(rows[attribute].notna(), missing).astype(str))
    grouped = named.groupby(["source_label", "group"])
    return grouped.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique")).reset_index()


def balancing_table(labels: np.ndarray, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return what one epoch of each studied method holds of every class.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Class numbers of the training images.
    codes : tuple of str
        Class codes by number.

    Returns
    -------
    DataFrame
        method, options, label, images (before), draws (expected in an epoch), synthetic (of those draws),
        class_weight, images_per_epoch.
    """
    return pd.concat([_epoch(*studied, labels, codes) for studied in STUDIED], ignore_index=True)


def _epoch(method: str, options: dict, labels: np.ndarray, codes: tuple[str, ...]) -> pd.DataFrame:
    # How many synthetic images there are does not depend on which neighbours they are made of.
    places = np.arange(len(labels), dtype=np.float32)[:, None]
    balance = balanced(method, labels, len(codes), options, features=lambda: places)
    every = balance.labels_with_synthetic(labels)
    made = np.arange(len(every)) >= len(labels)
    return pd.DataFrame(
        {
            "method": method,
            "options": options_text(options),
            "label": codes,
            "images": np.bincount(labels, minlength=len(codes)),
            "draws": balance.draws_per_class(labels, len(codes)),
            "synthetic": np.bincount(every, weights=balance.draws * made, minlength=len(codes)),
            "class_weight": balance.class_weight,
            "images_per_epoch": balance.draws.sum(),
        }
    ).round(4)


def training_labels(bundle: Path) -> np.ndarray:
    """Return class numbers of the HAM10000 images that the bundle's model learnt from."""
    splits = read_table(bundle / "dataset" / "splits.csv")
    labels = splits.label[(splits.dataset == HOME) & (splits.split == TRAIN)]
    return labels.map({code: number for number, code in enumerate(CODES)}).to_numpy(int)


def write_dataset_tables(data: Path, work: Path, bundle: Path) -> dict[str, int]:
    """Write the three tables and seal the bundle; return how many rows each has."""
    listed = published(data, work)
    tables = {
        "class_balance": class_balance(listed),
        "attributes": attribute_counts(listed),
        "balancing": balancing_table(training_labels(bundle), CODES).assign(dataset=HOME, split=TRAIN),
    }
    write_tables(bundle, {f"dataset/{name}.csv": table for name, table in tables.items()})
    return {name: len(table) for name, table in tables.items()}


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with ham10000/, milk10k/, isic2019/, ph2/")
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder with manifest.csv")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    options = parser.parse_args(arguments)
    if not (options.bundle / "dataset" / "splits.csv").exists():
        parser.error(f"{options.bundle} holds no dataset/splits.csv; run training.bundle first")
    written = write_dataset_tables(options.data, options.work, options.bundle)
    print(", ".join(f"{name}.csv: {rows} rows" for name, rows in written.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
