"""PH2: 200 dermoscopic photos of one hospital, 40 melanomas."""

import re
from pathlib import Path

import pandas as pd

from model.errors import printable
from training.data.sets.image_set import ImageSet, table
from training.data.sets.layouts import DatasetError, images_under, table_path

PUBLISHED = "https://www.fc.up.pt/addi/ph2%20database.html"
TO_SEVEN = {0: "nv", 1: "nv", 2: "mel"}
DIAGNOSES = {0: "common nevus", 1: "atypical nevus", 2: "melanoma"}


def read(root: Path) -> pd.DataFrame:
    """PH2 (Mendonca, EMBC 2013): 200 dermoscopic images of one hospital, 40 melanomas; for evaluation only."""
    path = table_path(root, "PH2_dataset.txt", PUBLISHED)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()]
    rows = [row for row in rows if re.fullmatch(r"IMD\d+", row[0].strip())]  # a legend follows the rows
    if not rows or any(len(row) < 2 or row[1].strip() not in ("0", "1", "2") for row in rows):
        raise DatasetError(
            f"{printable(path)} needs rows of a name IMD... and a diagnosis 0, 1 or 2, separated by tabs."
        )
    name = pd.Series([row[0].strip() for row in rows])
    diagnosis = pd.Series([int(row[1]) for row in rows])
    files = images_under(root, "PH2 Dataset images", PUBLISHED)
    rows = pd.DataFrame(
        {
            "image_id": name,
            "lesion_id": name,
            "label": diagnosis.map(TO_SEVEN),
            "source_label": diagnosis.map(DIAGNOSES),
            "path": name.map(files),
        }
    )
    return table(rows, "ph2", "research and education")


IMAGE_SET = ImageSet("ph2", PUBLISHED, read)
