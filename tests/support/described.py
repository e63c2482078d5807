"""Small tables of what the dataset page shows, in the columns that the commands write."""

import numpy as np
import pandas as pd

from training.data.balancing import STUDIED, options_text
from training.data.label_sets import CODES
from training.judging.dataset_tables import balancing_table

COUNTS = (9, 14, 30, 4, 31, 190, 5)
LEAK = {
    "demonstration": "200 images", "leak": "lesions across splits", "method": "logistic regression",
    "n_train": 160, "n_test": 200, "n_test_sharing_lesion": 70, "n_test_synthetic_parent": 0,
    "metric": "accuracy", "value": 0.91, "low": 0.87, "high": 0.94,
    "honest_value": 0.62, "honest_low": 0.55, "honest_high": 0.69, "note": "five folds",
}  # fmt: skip


def class_balance() -> pd.DataFrame:
    rows = [("ham10000", code, code, 10 * n, n, n) for code, n in zip(CODES, COUNTS, strict=True)]
    rows += [("milk10k", "BCC", "bcc", 40, 40, 40), ("milk10k", "SCCKA", "akiec", 8, 8, 8)]
    rows += [("milk10k", "INF", None, 2, 2, 2)]
    table = pd.DataFrame(rows, columns=["dataset", "label", "seven", "images", "lesions", "images_read"])
    names = {"SCCKA": "Squamous cell carcinoma", "INF": "Inflammatory"}
    return table.assign(name=table.label.map(names).fillna(table.label), malignant=table.seven.isin(["mel", "bcc"]))


def attributes() -> pd.DataFrame:
    rows = [("milk10k", "BCC", "skin_tone", "3", 30), ("milk10k", "BCC", "skin_tone", "0", 1)]
    rows += [("milk10k", "BCC", "skin_tone", "not recorded", 9), ("milk10k", "SCCKA", "skin_tone", "5", 8)]
    rows += [("milk10k", "BCC", "age", "under 30", 4), ("milk10k", "BCC", "age", "70 and over", 36)]
    rows += [("milk10k", "BCC", "confirmation", "histopathology", 40)]
    rows += [("ham10000", "nv", "skin_tone", "not assessed", 1900), ("ham10000", "nv", "confirmation", "histo", 1900)]
    table = pd.DataFrame(rows, columns=["dataset", "label", "attribute", "group", "images"])
    return table.assign(lesions=table.images)


def study() -> pd.DataFrame:
    rows = [
        {"method": name, "options": options_text(options), "metric": metric, "value": 0.5 + place / 100,
         "low": 0.4, "high": 0.7, "n_images": 40, "n_lesions": 30, "interval": "bootstrap by lesion, 9",
         "features": "frozen network, 96 px", "split": "validation"}
        for place, (name, options) in enumerate(STUDIED)
        for metric in ("balanced_accuracy", "melanoma_sensitivity")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def splits() -> pd.DataFrame:
    rows = [
        ("A", "L1", "L1", "train"),
        ("B", "L1", "L1", "train"),
        ("C", "L2", "L1", "train"),
        ("D", "L3", "L3", "validation"),
    ]
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "group", "split"]).assign(
        dataset="ham10000", label="nv"
    )


TABLES = {
    "dataset/class_balance.csv": class_balance(),
    "dataset/attributes.csv": attributes(),
    "dataset/balancing.csv": balancing_table(np.repeat(np.arange(7), COUNTS), CODES),
    "dataset/class_counts.csv": pd.DataFrame(
        {
            "dataset": "ham10000",
            "split": ["train", "validation"],
            "label": "nv",
            "images": [1203, 41],
            "lesions": [1102, 40],
        }
    ),
    "dataset/splits.csv": splits(),
    "results/balancing_study.csv": study(),
    "results/leakage.csv": pd.DataFrame(
        [LEAK, LEAK | {"leak": "none", "value": 0.62, "low": 0.55, "high": 0.69, "n_test_sharing_lesion": 0}]
    ),
}
