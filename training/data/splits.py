"""Train, validation and internal test, by group: no lesion and no near-duplicate is ever in two of them."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from training.command import TrainingError
from training.data.label_sets import CODES
from training.data.provenance import read_table

TRAIN, VALIDATION, INTERNAL_TEST, EXTERNAL = "train", "validation", "internal_test", "external"
SPLITS = (TRAIN, VALIDATION, INTERNAL_TEST, EXTERNAL)
FRACTIONS = {TRAIN: 0.70, VALIDATION: 0.15, INTERNAL_TEST: 0.15}
HOME = "ham10000"  # the set that the model is calibrated for and compared on
EXTERNAL_DATASETS = ("ph2",)  # one hospital, 200 images: an outside check is worth more than 140 training images


class SplitError(TrainingError):
    """A split would leak or is incomplete."""


def digest(*words: object) -> int:
    """Return a number of 64 bits that depends on the words alone, the same on every computer."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, words)).encode()).digest()[:8], "big")


def draw(*words: object) -> float:
    """Return `digest` as a number in [0, 1).

    A hash instead of a shuffled list, so that adding another image set leaves the split of the first as it was.
    """
    return digest(*words) / 2**64


def make_splits(manifest: pd.DataFrame, seed: int = 2018) -> pd.Series:
    """Assign every row of a manifest to a split.

    Groups are stratified by the set they first appear in and by their rarest label, ordered by a hash, and cut
    at 70 and 85 % of the stratum's lesions.

    Parameters
    ----------
    manifest : DataFrame
        With columns dataset, label, source_label, image_id, lesion_id and group; a set that its publisher divided
        has train or internal_test in the column preset_split.
    seed : int
        Another seed gives another split.

    Returns
    -------
    Series of str
        train, validation, internal_test, or external for sets that are never trained on.

    Raises
    ------
    SplitError
        If an image is listed twice, or a preset split divides a lesion or a near-duplicate group.
    """
    rarity = manifest.groupby(["dataset", "source_label"]).lesion_id.nunique()
    keyed = manifest.assign(rarity=[rarity[key] for key in zip(manifest.dataset, manifest.source_label, strict=True)])
    order = {name: place for place, name in enumerate(dict.fromkeys(manifest.dataset))}
    keyed["place"] = keyed.dataset.map(order)
    groups = keyed.sort_values(["place", "rarity"]).groupby("group", sort=True).first()
    groups["lesions"] = keyed.groupby("group").lesion_id.nunique()
    groups["draw"] = [draw(seed, group) for group in groups.index]
    groups = groups.sort_values("draw")
    stratum = groups.groupby(["dataset", "source_label"]).lesions
    share = (stratum.cumsum() - groups.lesions / 2) / stratum.transform("sum")
    cuts = np.cumsum(list(FRACTIONS.values()))[:-1]
    names = np.array(list(FRACTIONS))
    groups["split"] = names[np.searchsorted(cuts, share)]
    groups.loc[groups.dataset.isin(EXTERNAL_DATASETS), "split"] = EXTERNAL
    split = manifest.group.map(groups.split).rename("split")
    if "preset_split" in manifest:
        split = _keep_preset(split, manifest.preset_split)
    check_splits(manifest, split)
    return split


def _keep_preset(split: pd.Series, preset: pd.Series) -> pd.Series:
    """Leave a set that came divided its own test images; its others go to training or validation only."""
    split = split.mask(preset == INTERNAL_TEST, INTERNAL_TEST)
    return split.mask((preset == TRAIN) & (split == INTERNAL_TEST), TRAIN)


def split_table(manifest: pd.DataFrame, split: pd.Series) -> pd.DataFrame:
    """Return the table that the bundle publishes: image_id, lesion_id, group, dataset, label, split."""
    columns = ["image_id", "lesion_id", "group", "dataset", "label", "split"]
    return manifest.assign(split=split.to_numpy())[columns]


def apply_split_table(manifest: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Return the split of each manifest row from a published table, so that two releases share one test.

    Raises
    ------
    SplitError
        If an image of the manifest is not in the table, or a group or lesion would be in two splits.
    """
    split = manifest.image_id.map(table.set_index("image_id").split)
    if split.isna().any():
        missing = manifest.image_id[split.isna()].iloc[0]
        raise SplitError(f"{split.isna().sum():,} images are not in the split table, {missing} among them.")
    check_splits(manifest, split)
    return split


def extend_split_table(manifest: pd.DataFrame, table: pd.DataFrame, seed: int = 2018) -> pd.Series:
    """Return the split of each row: the published one, and for images that it does not list one that agrees with it.

    Such an image joins the split of its group; a group that is new is put by a hash of its name, 70 : 15 : 15. Sets
    that the published table keeps external are split too: only recipes that say so train on them.
    """
    split = manifest.image_id.map(table.set_index("image_id").split).astype(object)
    cuts, names = np.cumsum(list(FRACTIONS.values()))[:-1], np.array(list(FRACTIONS))
    known = split.groupby(manifest.group).first()
    lesion = manifest.dataset + "/" + manifest.lesion_id.astype(str)
    drawn = manifest.group.map(lambda group: names[np.searchsorted(cuts, draw(seed, group))])
    split = split.fillna(manifest.group.map(known)).fillna(lesion.map(split.groupby(lesion).first())).fillna(drawn)
    if "preset_split" in manifest:
        listed = manifest.image_id.isin(table.image_id)
        split = split.where(listed, _keep_preset(split, manifest.preset_split))
    check_splits(manifest, split)
    return split


def check_splits(manifest: pd.DataFrame, split: pd.Series) -> None:
    """Raise `SplitError` if any lesion or near-duplicate group is in more than one split, or an image listed twice."""
    twice = manifest[["dataset", "image_id"]].duplicated()
    if twice.any():
        raise SplitError(
            f"Image {manifest.image_id[twice].iloc[0]} is listed twice; images are repeated after the split, "
            "by training.data.balancing."
        )
    for column in ("lesion_id", "group"):
        key = manifest.dataset + "/" + manifest[column].astype(str) if column == "lesion_id" else manifest[column]
        spread = split.groupby(key.to_numpy()).nunique()
        if (spread > 1).any():
            raise SplitError(f"{column} {spread.index[spread > 1][0]} is in more than one split.")


def read_split_table(path: Path, columns: tuple[str, ...] = ("image_id", "split")) -> pd.DataFrame:
    """Return a published split table.

    Raises
    ------
    SplitError
        If it lacks one of these columns, lists an image twice, or has a split of another name.
    """
    table = read_table(path)
    missing = set(columns) - set(table)
    if missing:
        raise SplitError(f"{path} is no split table: it lacks the columns {', '.join(sorted(missing))}.")
    unknown = set(table.split.dropna()) - set(SPLITS)
    if unknown:
        raise SplitError(f"{path} has the split {min(map(str, unknown))!r}; there are {', '.join(SPLITS)}.")
    if table.image_id.duplicated().any():
        raise SplitError(f"{path} lists {table.image_id[table.image_id.duplicated()].iloc[0]} more than once.")
    return table


def learnt_and_validated(manifest: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of training and validation, with a column split.

    Parameters
    ----------
    manifest : DataFrame
        Of `training.data.manifest`.
    splits : DataFrame
        A published table; rows of the manifest that it does not list are training images if their group is new to it
        or in its training split. Sets that it keeps for judging are left out with their external images.
    """
    known = manifest.image_id.map(splits.set_index("image_id").split)
    of_group = known.groupby(manifest.group).agg(lambda names: set(names.dropna()))
    free = manifest.group.map(of_group).map(lambda names: names <= {TRAIN})
    judged = manifest.dataset.isin(EXTERNAL_DATASETS)
    unlisted = known.isna() & free & ~judged & ~manifest.dataset.isin(splits.dataset.unique())
    split = known.mask(unlisted, TRAIN)
    # A group can join a listed training image with a judged one only by way of a new image: both stay where they are.
    chosen = split.isin([TRAIN, VALIDATION]) & manifest.label.isin(CODES)
    return manifest[chosen].assign(split=split[chosen]).reset_index(drop=True)
