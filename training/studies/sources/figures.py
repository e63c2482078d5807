"""The figures of one way to learn on every image set, and what they differ by from learning from everything."""

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import MALIGNANT, Cases, ask, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc, balanced_accuracy

EVERYTHING, WITHOUT = "everything", "without"  # the first is what all others are set against
FOLDS = 5  # of the validation images, by group
METRICS = ("balanced_accuracy", "melanoma_auc", "malignant_auc")
FIRST = ("study", "learnt", "of", "dataset", "split")  # columns that say what a row is


def figures(cases: Cases, weights: np.ndarray | None = None) -> np.ndarray:
    """Return `METRICS` for every weighting, shape (r, metrics)."""
    melanoma, malignant = ask(cases, "mel"), ask(cases, MALIGNANT)
    areas = [auc(question.truth, question.score, weights) for question in (melanoma, malignant)]
    return np.stack([balanced_accuracy(cases, weights), *areas], axis=1)


def judge(cases: Cases, reference: Cases, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return metric, value, difference to the reference on the same images, their intervals by lesion, and n."""

    def measured(weights: np.ndarray | None = None) -> np.ndarray:
        own, other = figures(cases, weights), figures(reference, weights)
        return np.stack([own, own - other], axis=2)

    value, difference = measured()[0].T
    bounds = percentile_interval(bootstrap(measured, cases.lesions, np.random.default_rng(0), resamples))
    (low, difference_low), (high, difference_high) = (bound.T for bound in bounds)
    return pd.DataFrame(
        {
            "metric": METRICS, "value": value, "low": low, "high": high, "difference": difference,
            "difference_low": difference_low, "difference_high": difference_high, "n_images": len(cases.targets),
            "n_lesions": len(np.unique(cases.lesions)), "interval": bootstrap_name(resamples),
        }
    ).round(6)  # fmt: skip


class BySet:
    """Judges answers on every set; those that come first are what all others are set against.

    Parameters
    ----------
    judged : DataFrame
        image_id, lesion_id, dataset, label of the k images.
    classes : tuple of Label
    resamples : int
    """

    def __init__(self, judged: pd.DataFrame, classes: tuple[Label, ...], resamples: int = RESAMPLES):
        self.judged, self.classes, self.resamples = judged, classes, resamples
        self.reference: dict[str, Cases] = {}

    def tables(self, given: np.ndarray, about: dict) -> list[pd.DataFrame]:
        """Return a table a set of answers, shape (k, classes), each with the columns of ``about``."""
        columns = pd.DataFrame(given, columns=[f"p_{label.code}" for label in self.classes], index=self.judged.index)
        tables = []
        for name, part in pd.concat([self.judged, columns], axis=1).groupby("dataset"):
            cases = read_cases(part, self.classes)
            found = judge(cases, self.reference.setdefault(str(name), cases), self.resamples)
            tables.append(found.assign(**about, dataset=name))
        return tables


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the columns that say what a row is first."""
    return table[[*FIRST, *(name for name in table if name not in FIRST)]]
