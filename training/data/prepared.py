"""The images of a run: read once into a folder, held against what would be read now, and split."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.data import provenance
from training.data.label_sets import CODES, LABELS, labels_in
from training.data.sets.layouts import DatasetError, set_folder
from training.data.splits import (
    EXTERNAL,
    TRAIN,
    VALIDATION,
    apply_split_table,
    extend_split_table,
    make_splits,
    read_split_table,
)
from training.recipe import Recipe

SYNTHETIC = "synthetic"


def prepare(
    recipe: Recipe, data: Path, work: Path, splits: Path | None, per_class: int | None, incomplete: bool = False,
    anew: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Return the manifest of the recipe's sets with a split column, reading the images first if need be.

    Raises
    ------
    DatasetError
        As `training.data.manifest.list_images`, or if ``work`` was made from other images and ``anew`` does not say to
        read them again.
    """
    manifest = _images(recipe, data, work, per_class, incomplete, anew)
    wanted = manifest.dataset.isin(recipe.datasets) & labels_in(manifest, recipe.label_set).notna()
    if splits:  # a published table lists what was used, not every image that was read
        manifest, table = manifest[wanted], read_split_table(splits)
        if recipe.label_set == "seven":
            manifest = _listed_in(manifest, table)
            split = apply_split_table(manifest, table)
        else:
            split = extend_split_table(manifest, table)
    else:
        split = make_splits(manifest, 2018)
        if recipe.label_set != "seven":  # external sets are split as well when a recipe of other classes names them
            split = extend_split_table(manifest, manifest.assign(split=split)[split != EXTERNAL])
        manifest, split = manifest[wanted], split[wanted]
    manifest = manifest.assign(split=split.to_numpy()).reset_index(drop=True)
    lacking = [name for name in (TRAIN, VALIDATION) if name not in set(manifest.split)]
    if lacking:
        raise DatasetError(f"There is no image of {', '.join(recipe.datasets)} in the split {lacking[0]}.")
    return _few(recipe, manifest, per_class)


def _listed_in(manifest: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Leave out images that a published split table does not list, as of a set that has grown since; say how many."""
    listed = manifest.image_id.isin(table.image_id)
    for name, left_out in manifest[~listed].groupby("dataset"):
        print(f"{name}: {len(left_out):,} images are left out, as the split table does not list them")
    return manifest[listed]


def _images(
    recipe: Recipe, data: Path, work: Path, per_class: int | None, incomplete: bool, anew: bool
) -> pd.DataFrame:
    """Return the manifest of ``work``, made if it is not there, and held against the data if it is."""
    from training.data.manifest import build_manifest

    if not ((work / "manifest.csv").exists() and (work / "canvas.npy").exists()):
        return build_manifest(_listed(recipe, data, work, per_class, incomplete), work, per_class)
    try:
        return _held(recipe, data, work, per_class)
    except DatasetError:
        if not anew:
            raise
    return build_manifest(_listed(recipe, data, work, per_class, incomplete), work, per_class)


def _held(recipe: Recipe, data: Path, work: Path, per_class: int | None) -> pd.DataFrame:
    """Return the manifest of ``work`` if it was made from what would be read now; sets not at hand are not compared."""
    from training.data.manifest import CANVAS, list_images

    manifest = provenance.read_manifest(work)
    missing = set(recipe.datasets) - set(manifest.dataset)
    if missing:
        raise DatasetError(f"{work} was made without {', '.join(sorted(missing))}; remove it or name another --work.")
    here = [name for name in recipe.datasets if set_folder(data, name).is_dir()]
    made = provenance.read_images_record(work)
    rehearsed = made["per_class"] if made else None  # a whole folder serves a rehearsal as well
    # Whether half of a set is enough was said when it was read.
    listed = list_images(data, here, per_class if rehearsed else None, incomplete=True) if here else None
    wanted: dict[str, Any] = {"edge": CANVAS, "per_class": per_class, "sets": {}}
    if listed is not None:
        wanted = provenance.images_record(listed, per_class, CANVAS)
    provenance.check_images(work, manifest, wanted)
    return manifest


def _listed(recipe: Recipe, data: Path, work: Path, per_class: int | None, incomplete: bool) -> pd.DataFrame:
    from training.data.manifest import list_images

    if recipe.datasets == (SYNTHETIC,):
        return synthetic_table(work)
    return list_images(data, list(recipe.datasets), per_class, incomplete)


def _few(recipe: Recipe, manifest: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep as many training images of each class as the recipe says, and for a rehearsal few of every split."""
    key = labels_in(manifest, recipe.label_set)
    shuffled = manifest.sample(frac=1, random_state=recipe.seed)
    place = shuffled.groupby([key, shuffled.split]).cumcount().reindex(manifest.index)
    most = pd.Series(float("inf"), manifest.index)
    if recipe.images_per_class:
        most[manifest.split == TRAIN] = recipe.images_per_class
    return manifest[place < np.minimum(most, per_class or np.inf)].reset_index(drop=True)


def synthetic_table(work: Path, per_class: int = 24) -> pd.DataFrame:
    """Draw synthetic lesions into ``work/images`` and return their label table, for rehearsals without real images.

    Their invented patients are older where the class is malignant; one in ten has no record.
    """
    from PIL import Image

    from training.synthetic.lesions import render_lesion

    folder = work / "images"
    folder.mkdir(parents=True, exist_ok=True)
    random, rows = np.random.default_rng(0), []
    for code in CODES:
        for number in range(per_class):
            name = f"synthetic_{code}_{number:03d}"
            Image.fromarray(render_lesion(code, random, 256)).save(folder / f"{name}.png")
            rows.append({"image_id": name, "lesion_id": name, "path": str(folder / f"{name}.png"), "label": code})
    table = pd.DataFrame(rows).assign(dataset="synthetic", source_label=lambda table: table.label)
    malignant = table.label.isin([code for code, _, bad in LABELS if bad])
    patients = {
        "age": random.normal(np.where(malignant, 65, 40), 12).round().clip(1, 95),
        "sex": random.choice(["female", "male"], len(table)),
        "site": random.choice(["back", "face", "lower extremity"], len(table)),
    }
    unknown = random.uniform(size=len(table)) < 0.1
    return table.assign(**{name: pd.Series(values).mask(unknown) for name, values in patients.items()})
