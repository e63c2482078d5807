"""Reads photos that lie in one folder a class: ``benign``, ``malignant`` and ``unknown``."""

from pathlib import Path

import pandas as pd

FOLDERS = ("benign", "malignant", "unknown")
ENDINGS = (".jpg", ".jpeg", ".png")


def class_folder_rows(root: Path) -> pd.DataFrame:
    """Return image_id, lesion_id, label, source_label and path of every photo; the folder's name is the source label.

    Nothing says which photos show one lesion, so each counts as a lesion of its own; near-duplicates are still
    kept in one split.

    Raises
    ------
    FileNotFoundError
        If none of the folders is there.
    """
    if not any((root / name).is_dir() for name in FOLDERS):
        raise FileNotFoundError(f"{root} has none of the folders {', '.join(FOLDERS)}.")
    rows = []
    for name in FOLDERS:
        for path in sorted((root / name).rglob("*")):
            if path.suffix.lower() in ENDINGS:
                image = f"{name}/{path.relative_to(root / name).with_suffix('')}"
                rows.append({"image_id": image, "lesion_id": image, "source_label": name, "path": str(path)})
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "label", "source_label", "path"])
