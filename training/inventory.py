"""Says what a folder holds of each image set: images, labels without an image, images without a label."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.datasets import PUBLISHED, READERS, DatasetError

# Where each set keeps its images, and the table and column that list them all, also those that a reader leaves out.
IMAGES = {
    "ham10000": "HAM10000_images*/*.jpg",
    "milk10k": "MILK10k_Training_Input/*/*.jpg",
    "isic2019": "ISIC_2019_Training_Input/*.jpg",
    "ph2": "PH2 Dataset images/*/*_Dermoscopic_Image/*",
}
LISTED = {
    "ham10000": ("HAM10000_metadata.csv", "image_id", ","),
    "milk10k": ("MILK10k_Training_Metadata.csv", "isic_id", ","),
    "isic2019": ("ISIC_2019_Training_GroundTruth.csv", "image", ","),
    "ph2": ("PH2_dataset.txt", "Name", "\t"),
}


@dataclass(frozen=True)
class Stock:
    """What was found of one set.

    Parameters
    ----------
    name : str
    table : DataFrame
        From the set's reader; path is missing where a labelled image is.
    without_image, without_label : list of str
        Image ids.
    """

    name: str
    table: pd.DataFrame
    without_image: list[str]
    without_label: list[str]

    @property
    def here(self) -> pd.DataFrame:
        """Rows that have both an image and a label."""
        return self.table[self.table.path.notna() & self.table.source_label.notna()]

    def gaps(self) -> list[str]:
        """Return a sentence for each kind of thing that was left out."""
        found = (("labels have no image", self.without_image), ("images have no label", self.without_label))
        return [f"{self.name}: {len(ids):,} {what} and are left out, {ids[0]} first" for what, ids in found if ids]


def take_stock(name: str, root: Path) -> Stock:
    """Read the labels of a set and hold them against its images.

    Raises
    ------
    DatasetError
        When the set is missing or laid out otherwise, no labelled image is there, or no image has a label.
    """
    table = READERS[name](root)
    without_label = table.image_id[table.source_label.isna()].tolist()
    if name in LISTED:
        file, column, separator = LISTED[name]
        listed = set(pd.read_csv(root / file, sep=separator)[column].dropna())
        without_label += sorted({path.stem for path in root.glob(IMAGES[name])} - listed)
    labelled = table[table.source_label.notna()]
    stock = Stock(name, table, labelled.image_id[labelled.path.isna()].tolist(), without_label)
    if stock.here.empty and without_label:
        raise DatasetError(
            f"{root} holds {len(without_label):,} images and no label for any, {without_label[0]} first."
        )
    if stock.here.empty:
        raise DatasetError(f"{root} lists {len(table):,} labels and holds none of their images.")
    return stock


def describe(name: str, root: Path) -> list[str]:
    """Return the lines that say what was found of a set, or where to get it."""
    try:
        stock = take_stock(name, root)
    except DatasetError as error:
        place = f" Published: {PUBLISHED[name]}." if PUBLISHED[name] not in str(error) else ""
        return [f"{name}: not found. {error}{place}"]
    here = stock.here
    counts = "  ".join(f"{label} {count:,}" for label, count in here.source_label.value_counts().items())
    head = f"{name}: {len(here):,} images of {here.lesion_id.nunique():,} lesions ({len(stock.table):,} labels listed)"
    return [head, f"   {counts}", *(f"   {gap.removeprefix(name + ': ')}" for gap in stock.gaps())]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Say which image sets a folder holds, and what is missing.")
    parser.add_argument("--list", action="store_true", help="every set, whether or not it is there (the default)")
    parser.add_argument("--data", type=Path, default=Path("data"), help=f"folder with {', '.join(READERS)}")
    folder = parser.parse_args(arguments).data
    for name in READERS:
        print(*describe(name, folder / name), sep="\n")
    return 0
