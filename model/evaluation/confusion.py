"""Count which classes are confused, and list the cases behind every count."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import read_cases


def confusion_table(predictions: pd.DataFrame, labels: Sequence[Label]) -> pd.DataFrame:
    """Return the rows of ``results/confusion.csv``: how many images of each class got each answer.

    Parameters
    ----------
    predictions : DataFrame
        As for `read_cases`, and dataset and split.
    labels : sequence of Label

    Returns
    -------
    DataFrame
        dataset, split, label, predicted, count; every pair of classes, also those with no image.
    """
    tables = []
    codes = [label.code for label in labels]
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, labels)
        pairs = cases.targets * len(codes) + cases.predicted
        table = pd.DataFrame({"dataset": dataset, "split": split, "label": np.repeat(codes, len(codes))})
        table["predicted"] = np.tile(codes, len(codes))
        table["count"] = np.bincount(pairs, minlength=len(codes) ** 2)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def commonest_mistake(counts: pd.DataFrame) -> pd.Series | None:
    """Return the row of the largest count off the diagonal, None if every answer is right."""
    wrong = counts[counts["label"] != counts["predicted"]].nlargest(1, "count")
    return None if wrong.empty or wrong["count"].iloc[0] == 0 else wrong.iloc[0]


def cases_in_cell(predictions: pd.DataFrame, labels: Sequence[Label], label: str, predicted: str) -> pd.DataFrame:
    """Return the rows of one cell of the confusion matrix, the surest answers first.

    Parameters
    ----------
    predictions : DataFrame
        Of one dataset and split, as for `read_cases`.
    labels : sequence of Label
    label, predicted : str
        Codes of the true class and of the one named.
    """
    cases = read_cases(predictions, labels)
    truly, called = (cases.codes.index(code) for code in (label, predicted))
    in_cell = (cases.targets == truly) & (cases.predicted == called)
    return predictions[in_cell].sort_values(f"p_{predicted}", ascending=False, ignore_index=True)
