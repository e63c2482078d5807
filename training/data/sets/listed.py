"""Sets that list their images in ``labels.csv``: a part of BCN20000, and the melanomas of ISIC 2020."""

from pathlib import Path

import pandas as pd

from training.data.label_sets import CODES
from training.data.sets.image_set import ID, ImageSet, seven, table
from training.data.sets.layouts import check_once, frame, ids, table_path

BCN, ISIC2020 = "isic2019_bcn_84px", "isic2020_melanoma"
PUBLISHED = {
    BCN: "https://challenge.isic-archive.com/data/#2019 (its Barcelona part, BCN20000, made small)",
    ISIC2020: "https://challenge.isic-archive.com/data/#2020 (its melanomas)",
}


def _read_listed(root: Path, dataset: str, lesion: str) -> pd.DataFrame:
    """Read a set that lists its images in ``labels.csv``; an image without ``lesion`` is a lesion of its own.

    Images that its maker found to look like one of another set are left out.
    """
    path = table_path(root, "labels.csv", PUBLISHED[dataset])
    wanted = {"image": ID, "dx": ("dx7",), "diagnosis": ("diagnosis_as_given",), "near": ("near_ours_dist",)}
    rows = frame(path, wanted | {"lesion": (lesion,)})
    rows = rows[rows.near.isna()].reset_index(drop=True)
    rows["image_id"] = ids(rows.image)
    check_once(rows, "image_id", path, rows.dx)
    found = pd.DataFrame(
        {
            "image_id": rows.image_id,
            "lesion_id": rows.lesion.fillna(rows.image_id),
            "label": seven(rows.dx, dict(zip(CODES, CODES, strict=True)), path)[1],
            "source_label": rows.diagnosis,
            "path": [str(root / file) if (root / file).exists() else None for file in rows.image],
        }
    )
    return table(found, dataset, "CC BY-NC 4.0")


def read_bcn(root: Path) -> pd.DataFrame:
    """BCN20000 (Combalia, arXiv:1908.02288, 2019), 84 px wide: another clinic, twice the melanomas of HAM10000."""
    return _read_listed(root, BCN, "lesion_id")


def read_isic2020_melanoma(root: Path) -> pd.DataFrame:
    """ISIC 2020 (Rotemberg, Sci Data 8:34, 2021), its melanomas alone; images of one patient count as one lesion."""
    return _read_listed(root, ISIC2020, "patient_id")


IMAGE_SETS = (
    ImageSet(BCN, PUBLISHED[BCN], read_bcn),
    ImageSet(ISIC2020, PUBLISHED[ISIC2020], read_isic2020_melanoma),
)
