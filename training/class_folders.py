"""Reads a set that is sorted into folders: ``train/CLASS/`` and ``test/CLASS/``, or ``CLASS/`` alone.

So are many sets made from the ISIC Archive, with the folders benign, malignant and sometimes unknown. A division
into train and test is kept, after a check that no image and no lesion is on both sides; a set without one is
divided like any other. A ``metadata.csv`` beside the folders (isic_id or image_id, lesion_id) says which images
show one lesion; without it each is its own.
"""

from pathlib import Path

import pandas as pd

from training.datasets import CODES, COLUMNS, ISIC2019_TO_SEVEN, PUBLISHED, DatasetError, file_sha256
from training.splits import INTERNAL_TEST, TRAIN

SPLITS = {"train": TRAIN, "test": INTERNAL_TEST}
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
# A tree is labelled in one of these ways; folders of two ways in one tree are a mistake.
CLASS_NAMES = (CODES, tuple(name for name in ISIC2019_TO_SEVEN if name != "UNK"), ("benign", "malignant", "unknown"))


def read(root: Path) -> pd.DataFrame:
    """Return a table with the folder's name as source label, and for a divided set the column preset_split.

    The label is the folder's name too, or of the eight classes of ISIC 2019 the one of the seven that it belongs to.

    Raises
    ------
    DatasetError
        If there is no image, an image or class folder is out of place, a class is unknown, or an image or lesion
        is both in train and in test.
    """
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES) if root.is_dir() else []
    if not files:
        raise DatasetError(
            f"{root} holds no image; images belong in train/CLASS and test/CLASS, from {PUBLISHED['class_folders']}."
        )
    names = _class_names(root, files)
    lesions = _lesions(root)
    table = pd.DataFrame(
        {
            "image_id": [path.stem for path in files],
            "lesion_id": [lesions.get(path.stem, path.stem) for path in files],
            "dataset": "class_folders",
            "label": [ISIC2019_TO_SEVEN.get(name, name) for name in names],
            "source_label": names,
            "path": [str(path) for path in files],
        }
    ).reindex(columns=COLUMNS)
    split = pd.Series([SPLITS.get(path.relative_to(root).parts[0]) for path in files], dtype=object)
    _check_once(root, table, split.fillna("neither"))
    return table.assign(preset_split=split) if (split == INTERNAL_TEST).any() else table


def _class_names(root: Path, files: list[Path]) -> list[str]:
    """Return the class folder of each image; refuse images outside one, and folders that are unknown or empty."""
    tops = (root, *(root / name for name in SPLITS))
    folders = [path for top in tops for path in sorted(top.glob("*/")) if path not in tops]
    homes = [next((folder for folder in folders if folder in path.parents), None) for path in files]
    stray = [path for path, home in zip(files, homes, strict=True) if home is None]
    if stray:
        raise DatasetError(f"{len(stray):,} images have no label, {stray[0]} first; they belong in train/CLASS.")
    names = {folder.name for folder in folders}
    unknown = min((sorted(names - set(known)) for known in CLASS_NAMES), key=len)
    if unknown:
        ways = "; or ".join(", ".join(known) for known in CLASS_NAMES)
        raise DatasetError(f"Unknown class {unknown[0]!r} in {root}; known are {ways}.")
    empty = [folder for folder in folders if folder not in homes]
    if empty:
        raise DatasetError(f"The class folder {empty[0]} holds no image.")
    return [home.name for home in homes]


def _lesions(root: Path) -> dict[str, str]:
    """Return the lesion of each image that ``metadata.csv`` gives one."""
    if not (root / "metadata.csv").exists():
        return {}
    metadata = pd.read_csv(root / "metadata.csv", dtype=str)
    key = next((name for name in ("isic_id", "image_id") if name in metadata), None)
    if key is None or "lesion_id" not in metadata:
        raise DatasetError(f"{root / 'metadata.csv'} needs the columns isic_id (or image_id) and lesion_id.")
    known = metadata.dropna(subset=[key, "lesion_id"])
    return dict(zip(known[key], known.lesion_id, strict=True))


def _check_once(root: Path, table: pd.DataFrame, split: pd.Series) -> None:
    """Refuse an image that lies in two folders, by its name or by its bytes, and a lesion on both sides."""
    twice = table.image_id[table.image_id.duplicated()]
    if len(twice):
        raise DatasetError(f"Image {twice.iloc[0]} lies in more than one folder of {root}.")
    sizes = table.path.map(lambda path: Path(path).stat().st_size)
    alike = table[sizes.duplicated(keep=False)]  # equal bytes have equal lengths: few files need a checksum
    content = alike.path.map(file_sha256)
    for key, what in ((content, "content"), (table.lesion_id, "lesion")):
        sides = split.loc[key.index]
        spread = sides.groupby(key).transform("nunique") > 1
        if spread.any():
            same = key == key[spread].iloc[0]
            names = " and ".join(table.image_id.loc[key.index][same].groupby(sides[same]).first())
            raise DatasetError(f"{names} have the same {what} and lie in train and test of {root}.")
