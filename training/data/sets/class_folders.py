"""Reads a set that is sorted into folders: ``train/CLASS/`` and ``test/CLASS/``, or ``CLASS/`` alone.

So are many sets made from the ISIC Archive, with the folders benign, malignant and sometimes unknown. A division
into train and test is kept, after a check that no image and no lesion is on both sides; a set without one is
divided like any other. A ``metadata.csv`` next to the folders (isic_id or image_id, lesion_id) says which images
show one lesion; without it each is its own.
"""

from pathlib import Path

import pandas as pd

from model.photo.folders import Found, find_photos, is_hidden
from training.data.label_sets import CODES, ISIC2019_TO_SEVEN
from training.data.provenance import file_sha256
from training.data.sets.image_set import COLUMNS, ImageSet
from training.data.sets.layouts import DatasetError, frame, ids
from training.data.splits import INTERNAL_TEST, TRAIN

PUBLISHED = "https://www.isic-archive.com, among others"
SPLITS = {"train": TRAIN, "test": INTERNAL_TEST}
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
    found = find_photos(root) if root.is_dir() else Found((), (), 0)
    files = list(found.photos)
    print(*left_out(root, found), sep="\n", end="\n" if left_out(root, found) else "")
    if not files:
        raise DatasetError(f"{root} holds no image; images belong in train/CLASS and test/CLASS, from {PUBLISHED}.")
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


def left_out(root: Path, found: Found) -> list[str]:
    """Return sentences about what lies in the folder and is not taken."""
    others = [f"{root}: files passed over because they are no pictures: {found.others:,}"] if found.others else []
    return [*found.trouble, *others]


def _class_names(root: Path, files: list[Path]) -> list[str]:
    """Return the class folder of each image; refuse images outside one, and folders that are unknown or empty."""
    tops = (root, *(root / name for name in SPLITS))
    inside = [path for top in tops for path in sorted(top.glob("*/")) if not is_hidden(path.name)]
    folders = [path for path in inside if path not in tops]
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
    return [home.name for home in homes if home]  # strays were refused


def _lesions(root: Path) -> dict[str, str]:
    """Return the lesion of each image that ``metadata.csv`` gives one."""
    path = root / "metadata.csv"
    if not path.exists():
        return {}
    metadata = frame(path, {"image": ("isic_id", "image_id", "image", "image_name"), "lesion_id": ("lesion_id",)})
    rows = metadata.dropna(subset=["image", "lesion_id"])
    return dict(zip(ids(rows.image), rows.lesion_id, strict=True))


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
    labels = alike.source_label.groupby(content).transform("nunique") > 1
    if labels.any():
        same = alike[content == content[labels].iloc[0]]
        names, classes = " and ".join(same.image_id.head(2)), " and ".join(same.source_label.unique()[:2])
        raise DatasetError(f"{names} are one image and lie in the classes {classes} of {root}; keep one of them.")


IMAGE_SET = ImageSet("class_folders", PUBLISHED, read)
