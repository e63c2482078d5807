"""The images of studies that train networks or layers of their own, and those to judge them on."""

from pathlib import Path

import pandas as pd

from training.command import TrainingError
from training.data.provenance import read_manifest
from training.data.splits import TRAIN, VALIDATION, learnt_and_validated, read_split_table

READ = ("image_id", "lesion_id", "group", "dataset", "label", "confirmation", "canvas_row")  # of the manifest


def images_of(work: Path, bundle: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the validation images, split as the bundle says.

    Raises
    ------
    TrainingError
        If the manifest has images of one set alone, an image twice, or lacks a column.
    """
    manifest = read_manifest(work)
    missing = [name for name in READ if name not in manifest]
    if missing:
        raise TrainingError(f"{work / 'manifest.csv'} lacks {', '.join(missing)}; run training.data.manifest again.")
    images = learnt_and_validated(
        manifest, read_split_table(bundle / "dataset" / "splits.csv", ("image_id", "split", "dataset"))
    )
    if images.image_id.duplicated().any():
        raise TrainingError(f"{work / 'manifest.csv'} has an image more than once; run training.data.manifest again.")
    images = images.assign(lesion_id=images.lesion_id.fillna(images.image_id))
    train, judged = (images[images.split == name].reset_index(drop=True) for name in (TRAIN, VALIDATION))
    if min(train.dataset.nunique(), judged.dataset.nunique()) < 2:
        raise TrainingError(
            f"{work} has training or validation images of one set alone; read several with training.data.manifest."
        )
    return train, judged
