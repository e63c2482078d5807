"""Says what a folder holds of each image set: images, labels without an image, images without a label."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.command import one_sentence
from training.data.sets.image_set import ID
from training.data.sets.layouts import DatasetError, frame, ids, images_under, set_folder, table_path
from training.data.sets.registry import IMAGE_SETS

ENOUGH = 0.5  # of the labelled images; fewer are an archive that was not unpacked, unless a person says otherwise


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
    image_set = IMAGE_SETS[name]
    table = image_set.read(root)
    without_label = table.image_id[table.source_label.isna()].tolist()
    if image_set.listing:
        listed = frame(table_path(root, image_set.listing, image_set.published), {"image": ID[::-1]})
        images = images_under(root, image_set.images, image_set.published)
        without_label += sorted(set(images) - set(ids(listed.image)))
    labelled = table[table.source_label.notna()]
    stock = Stock(name, table, labelled.image_id[labelled.path.isna()].tolist(), without_label)
    if stock.here.empty and without_label:
        raise DatasetError(
            f"{root} holds {len(without_label):,} images and no label for any, {without_label[0]} first."
        )
    if stock.here.empty:
        raise DatasetError(f"{root} lists {len(table):,} labels and holds none of their images.")
    return stock


def check_complete(stock: Stock, root: Path) -> None:
    """Refuse a set of which fewer than half of the labelled images are there.

    Raises
    ------
    DatasetError
        With how many are there, and in which folders.
    """
    labelled, here = int(stock.table.source_label.notna().sum()), len(stock.here)
    if here >= ENOUGH * labelled:
        return
    folders = sorted({Path(path).parent.name for path in stock.here.path})
    raise DatasetError(
        f"{root} holds {here:,} of {labelled:,} labelled images, in {', '.join(folders[:3])}; is an archive not "
        "unpacked? Get the rest, or say --incomplete to go on with these."
    )


def describe(name: str, root: Path) -> list[str]:
    """Return the lines that say what was found of a set, or where to get it."""
    try:
        stock = take_stock(name, root)
    except DatasetError as error:
        place = f" Published: {IMAGE_SETS[name].published}." if IMAGE_SETS[name].published not in str(error) else ""
        return [f"{name}: not found. {error}{place}"]
    here = stock.here
    counts = "  ".join(f"{label} {count:,}" for label, count in here.source_label.value_counts().items())
    head = f"{name}: {len(here):,} images of {here.lesion_id.nunique():,} lesions ({len(stock.table):,} labels listed)"
    return [head, f"   {counts}", *(f"   {gap.removeprefix(name + ': ')}" for gap in stock.gaps())]


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Say which image sets a folder holds, and what is missing.")
    parser.add_argument("--data", type=Path, default=Path("data"), help=f"folder with {', '.join(IMAGE_SETS)}")
    folder = parser.parse_args(arguments).data
    for name in IMAGE_SETS:
        print(*describe(name, set_folder(folder, name)), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
