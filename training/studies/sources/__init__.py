"""The study of image sets: which are worth learning from, and what a set that was never seen costs."""

import pandas as pd

EVERYTHING, WITHOUT = "everything", "without"  # the first is what all others are set against
FOLDS = 5  # of the validation images, by group
METRICS = ("balanced_accuracy", "melanoma_auc", "malignant_auc")
FIRST = ("study", "learnt", "of", "dataset", "split")  # columns that say what a row is


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the columns that say what a row is first."""
    return table[[*FIRST, *(name for name in table if name not in FIRST)]]
