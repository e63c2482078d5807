"""ISIC 2019: 25,331 dermoscopic photos, eight diagnoses."""

from pathlib import Path

import pandas as pd

from training.data.label_sets import ISIC2019_TO_SEVEN
from training.data.sets.image_set import AGE, ID, SEX, SITE, ImageSet, marked_class, seven, sexes, table
from training.data.sets.layouts import ages, check_once, frame, ids, images_under, table_path

PUBLISHED = "https://challenge.isic-archive.com/data/#2019"
IMAGES, LISTING = "ISIC_2019_Training_Input", "ISIC_2019_Training_{}.csv"


def read_all(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set (Combalia 2019; Codella 2018; Tschandl 2018): all 25,331 rows, eight diagnoses."""
    truth_path, path = (table_path(root, LISTING.format(part), PUBLISHED) for part in ("GroundTruth", "Metadata"))
    truth = frame(truth_path, {"image": ID}, others=True)
    truth["image"] = ids(truth.image)
    wanted = {"image": ID, "lesion_id": ("lesion_id",), "age": AGE[::-1], "sex": SEX, "site": (*SITE[3:], *SITE[:3])}
    metadata = frame(path, wanted)
    metadata["image"] = ids(metadata.image)
    check_once(metadata, "image", path)
    marked = marked_class(truth, "image", truth_path).reindex(metadata.image)
    source, label = seven(marked, ISIC2019_TO_SEVEN, truth_path)
    files = images_under(root, IMAGES, PUBLISHED)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image,
            # An image without a lesion id is a lesion of its own; near-duplicate groups join what belongs together.
            "lesion_id": metadata.lesion_id.fillna(metadata.image),
            "label": label.to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.image.map(files),
            "age": ages(metadata, path),
            "sex": sexes(metadata.sex),
            "site": metadata.site,
        }
    )
    return table(rows, "isic2019", "CC0 / CC BY-NC 4.0")


def read(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set without the HAM10000 images that it repeats."""
    rows = read_all(root)
    return rows[~rows.lesion_id.str.startswith("HAM_")].reset_index(drop=True)


IMAGE_SET = ImageSet("isic2019", PUBLISHED, read, read_all, images=IMAGES, listing=LISTING.format("GroundTruth"))
