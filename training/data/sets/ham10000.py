"""HAM10000: 10,015 dermoscopic photos, seven diagnoses."""

from pathlib import Path

import pandas as pd

from training.data.label_sets import CODES
from training.data.sets.image_set import AGE, ID, SEX, SITE, ImageSet, seven, sexes, table
from training.data.sets.layouts import ages, check_once, frame, ids, images_under, table_path

PUBLISHED = "Harvard Dataverse, doi:10.7910/DVN/DBW86T"
IMAGES, LISTING = "HAM10000_images", "HAM10000_metadata.csv"
TO_SEVEN = {code: code for code in CODES}


def read(root: Path) -> pd.DataFrame:
    """HAM10000 (Tschandl, Rosendahl, Kittler, Sci Data 5:180161, 2018): 10,015 dermoscopic images, seven classes."""
    path = table_path(root, LISTING, PUBLISHED)
    wanted = {
        "image_id": (*ID[1:], ID[0]),
        "lesion_id": ("lesion_id",),
        "dx": ("dx", "diagnosis"),
        "dx_type": ("dx_type",),
    }
    metadata = frame(path, wanted | {"age": AGE, "sex": SEX, "site": (*SITE[1:], SITE[0])})
    metadata["image_id"] = ids(metadata.image_id)
    source, label = seven(metadata.dx, TO_SEVEN, path)
    check_once(metadata, "image_id", path, source)
    # The archive comes in two parts; both unpacked side by side are as good as one joined folder.
    files = images_under(root, IMAGES, PUBLISHED)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image_id,
            "lesion_id": metadata.lesion_id,
            "label": label,
            "source_label": source,
            "path": metadata.image_id.map(files),
            "age": ages(metadata, path),
            "sex": sexes(metadata.sex),
            "site": metadata.site,
            "confirmation": metadata.dx_type,
        }
    )
    return table(rows, "ham10000", "CC BY-NC 4.0")


IMAGE_SET = ImageSet("ham10000", PUBLISHED, read, images=IMAGES, listing=LISTING)
