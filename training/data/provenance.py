"""Holds a folder that exists against the settings and data of the run that would go on in it."""

import dataclasses
import hashlib
import json
import numbers
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.evaluation.tables import IDENTIFIERS
from model.tables.output import write_file
from training.data.sets.layouts import DatasetError
from training.recipe import Recipe, RecipeError

MADE_FROM = "made_from.json"  # in the folder of decoded images: what was read, set by set
ANEW = "name another folder, or say --anew to start it anew"
# These change no weight; the trunk has a checksum.
TEXTS = ("name", "family", "ancestor", "claimed", "note", "workers", "weights")
UNREADABLE = 0.01  # of a set's images may be missing in a folder that was made before this was written down
OF_A_RUN = ("run.json", "splits.csv", "checkpoint.npz", "history.csv", "trained.keras", "joined.keras",
            "folds.npz", "predictions.csv")  # fmt: skip


def images_record(table: pd.DataFrame, per_class: int | None, edge: int) -> dict:
    """Return what `MADE_FROM` says of images: each set's number and checksum of labels, patients and file sizes.

    Parameters
    ----------
    table : DataFrame
        Rows of `training.data.sets.registry` with a path each.
    per_class : int, optional
        How many images of each class a rehearsal took.
    edge : int
        Of the decoded images in pixels.
    """
    sets = {str(name): _fingerprint(rows) for name, rows in table.groupby("dataset", sort=True)}
    return {"edge": edge, "per_class": per_class, "sets": sets}


def _fingerprint(rows: pd.DataFrame) -> dict:
    kept = rows.drop(columns=["path"]).assign(bytes=[Path(path).stat().st_size for path in rows.path])
    kept = kept.sort_values("image_id").dropna(axis=1, how="all")
    text = kept[sorted(kept)].map(_written).to_csv(index=False)
    return {"images": len(rows), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _written(value: Any) -> str:
    """Return a cell in a way that does not depend on which other sets stand in its column."""
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, numbers.Number) else str(value)


def write_images_record(work: Path, record: dict) -> None:
    """Keep what a folder of decoded images was made from, with the manifest's own checksum."""
    content = record | {"manifest_sha256": file_sha256(work / "manifest.csv")}
    write_file(work / MADE_FROM, (json.dumps(content, indent=1) + "\n").encode())


def read_images_record(work: Path) -> dict | None:
    """Return what a folder of decoded images was made from; None for one that was made before this was written down."""
    path = work / MADE_FROM
    found = read_json(path) if path.exists() else None
    if found is not None and not (isinstance(found, dict) and {"sets", "per_class", "manifest_sha256"} <= set(found)):
        raise DatasetError(f"{path} is damaged; {ANEW}.")
    return found


def read_manifest(work: Path) -> pd.DataFrame:
    """Return the manifest of a folder of decoded images.

    Raises
    ------
    DatasetError
        If it is damaged, or there is none.
    """
    path = work / "manifest.csv"
    if not path.exists():
        raise DatasetError(f"There is no {path}; run training.data.manifest first.")
    try:
        manifest = read_table(path)
    except (ValueError, UnicodeDecodeError):
        manifest = pd.DataFrame()
    if not {"dataset", "image_id", "label", "canvas_row"} <= set(manifest):
        raise DatasetError(f"{path} is damaged; {ANEW}.")
    return manifest


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV with its identifiers as text: an image "0001" that became the number 1 would change its split."""
    return pd.read_csv(path, dtype=dict.fromkeys(IDENTIFIERS, "str"), low_memory=False)


def read_json(path: Path) -> Any:
    """Return what a record holds.

    Raises
    ------
    RecipeError
        If it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise RecipeError(f"{path} is damaged; remove its folder, or copy it again.") from None


def check_images(work: Path, manifest: pd.DataFrame, wanted: dict) -> None:
    """Refuse decoded images that were not made from what would be read now.

    Parameters
    ----------
    work : Path
        With ``manifest.csv`` and ``canvas.npy``.
    manifest : DataFrame
    wanted : dict
        From `images_record`, for the sets that are needed; without a set whose images are not at hand any more.

    Raises
    ------
    DatasetError
        With what differs, and what to do.
    """
    made = read_images_record(work)
    if made is not None and made["manifest_sha256"] != file_sha256(work / "manifest.csv"):
        raise DatasetError(f"{work / 'manifest.csv'} has changed since {work} was made; {ANEW}.")
    check_canvas(work, manifest, wanted["edge"], made is not None)
    if made is not None and made["per_class"] and made["per_class"] != wanted["per_class"]:
        raise DatasetError(
            f"{work} holds a rehearsal with {made['per_class']} images of each class, {len(manifest):,} in all; {ANEW}."
        )
    for name, found in wanted["sets"].items():
        held = int((manifest.dataset == name).sum())
        if made is None:
            same = (1 - UNREADABLE) * found["images"] <= held <= found["images"]
        else:
            same = made["sets"].get(name) == found
        if not same:
            raise DatasetError(
                f"{work} holds {held:,} images of {name} that were read earlier; now there are {found['images']:,}, "
                f"or their labels or files differ; {ANEW}."
            )


def check_canvas(work: Path, manifest: pd.DataFrame, edge: int, recorded: bool = True) -> None:
    """Refuse a canvas that cannot be read or, where it is ``recorded`` what it was made from, is not the manifest's."""
    try:
        shape = np.load(work / "canvas.npy", mmap_mode="r").shape
    except (ValueError, OSError, EOFError):
        raise DatasetError(f"{work / 'canvas.npy'} is damaged; {ANEW}.") from None
    rows = int(manifest.canvas_row.max()) + 1 if len(manifest) else 0
    if recorded and (shape[1:] != (edge, edge, 3) or shape[0] < rows):
        raise DatasetError(f"{work / 'canvas.npy'} does not belong to the manifest next to it; {ANEW}.")


def differences(recipe: Recipe, record: dict, now: dict, splits: pd.DataFrame | None, run: Path) -> list[str]:
    """Return what a run that exists was made with and a run that would go on in its folder is not.

    Parameters
    ----------
    recipe : Recipe
        What would be trained.
    record : dict
        The ``run.json`` of the run that exists; what it does not say is not compared.
    now : dict
        What its record would say: the entries pretrained_sha256, per_class, starts and images.
    splits : DataFrame, optional
        The split table of the run that would go on.
    run : Path
    """
    before, found = record.get("recipe", {}), []
    for name, value in json.loads(json.dumps(dataclasses.asdict(recipe))).items():
        if name not in TEXTS and name in before and before[name] != value:
            found.append(f"{name} {_short(before[name])}, now {_short(value)}")
    for name, value in now.items():
        if name in record and record[name] != value:
            found.append(_said(name, record[name], value))
    if splits is not None and (run / "splits.csv").exists():
        earlier = pd.read_csv(run / "splits.csv", dtype=str)
        columns = ["dataset", "image_id", "label", "split"]
        if _rows(earlier, columns) != _rows(splits, columns):
            found.append(f"{len(earlier):,} images in its split, now {len(splits):,}, or other ones")
    return found


def _rows(table: pd.DataFrame, columns: list[str]) -> set[tuple]:
    return set(table[columns].fillna("").astype(str).itertuples(index=False, name=None))


def _said(name: str, before: Any, now: Any) -> str:
    words = {
        "per_class": "images of each class",
        "pretrained_sha256": "pretrained weights",
        "starts": "an earlier stage",
        "images": "the images",
    }
    if name == "per_class":
        return f"{words[name]} {before or 'all'}, now {now or 'all'}"
    return f"{words[name]} that have changed since"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def go_on_or_start_anew(run: Path, found: list[str], anew: bool) -> None:
    """Refuse to go on in a run's folder that differs, or empty it when asked to.

    Raises
    ------
    RecipeError
        With what differs, and what to do.
    """
    if not found:
        return
    if not anew:
        raise RecipeError(f"{run} holds another run: {'; '.join(found[:4])}. To go on, {ANEW}.")
    for folder in (run, *run.glob("worker_*")):
        for path in (*(folder / name for name in OF_A_RUN), *folder.glob("best_*.npz")):
            path.unlink(missing_ok=True)


def file_sha256(path: str | Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_commit() -> str:
    """Return the commit that is checked out, with "+" if files differ from it; "unknown" outside a checkout."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if dirty.stdout.strip() else "")
