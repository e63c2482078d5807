"""Melanoma against nevus in every set of images, so that a set with only these two classes can be compared."""

from collections.abc import Sequence

import pandas as pd

from model.card import Label
from model.evaluation.cases import ask, read_cases
from model.evaluation.intervals import rate_figure

CLASSES = ("mel", "nv")
SUBJECT = "mel_vs_nv"
ORDER = ("internal_test", "external")


def side_by_side(
    predictions: pd.DataFrame, metrics: pd.DataFrame, labels: Sequence[Label], threshold: float
) -> pd.DataFrame:
    """Return how well melanomas and naevi are separated in each set, on images of these two classes alone.

    Parameters
    ----------
    predictions : DataFrame
        Of any datasets and splits, as for `read_cases`; validation is left out.
    metrics : DataFrame
        ``results/metrics.csv``, for the stored AUC; may be empty.
    labels : sequence of Label
    threshold : float
        The melanoma probability from which the answer is yes.

    Returns
    -------
    DataFrame
        dataset, split, metric (auc, sensitivity, specificity, accuracy), value, low, high, n_images, n_lesions,
        interval; internal tests first. ``accuracy`` is the share whose named class of all is the right one.
    """
    pair = predictions[predictions["label"].isin(CLASSES) & predictions["split"].isin(ORDER)]
    rows = []
    for split in ORDER:
        for dataset, part in pair[pair["split"] == split].groupby("dataset", sort=False):
            identity = {"dataset": dataset, "split": split}
            rows += [identity | row for row in _stored_area(metrics, dataset, split)]
            rows += [identity | row for row in _rates(part, labels, threshold)]
    columns = ["dataset", "split", "metric", "value", "low", "high", "n_images", "n_lesions", "interval"]
    return pd.DataFrame(rows, columns=columns)


def _stored_area(metrics: pd.DataFrame, dataset: str, split: str) -> list[dict]:
    wanted = {"dataset": dataset, "split": split, "metric": "auc", "subject": SUBJECT}
    found = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return found.reindex(columns=["metric", "value", "low", "high", "n_images", "n_lesions", "interval"]).to_dict(
        "records"
    )


def _rates(part: pd.DataFrame, labels: Sequence[Label], threshold: float) -> list[dict]:
    cases = read_cases(part, labels)
    question = ask(cases, CLASSES[0])
    rows = [{"metric": "accuracy"} | rate_figure(cases.correct, cases.lesions)]
    if question.answerable:
        called = question.score >= threshold
        for metric, answer in (("sensitivity", True), ("specificity", False)):
            asked = question.truth == answer
            rows.append({"metric": metric} | rate_figure(called[asked] == answer, question.lesions[asked]))
    return rows
