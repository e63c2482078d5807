"""What studies that compare ways to learn share: their figures, and paired differences to the first of them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.cases import MALIGNANT, Cases, ask, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc, balanced_accuracy, log_losses, weighted_mean

MEASURES: dict[str, Callable[[Cases, np.ndarray | None], np.ndarray]] = {  # each: (cases, weights) -> shape (r,)
    "balanced_accuracy": balanced_accuracy,
    "melanoma_auc": lambda cases, weights: _area(cases, "mel", weights),
    "malignant_auc": lambda cases, weights: _area(cases, MALIGNANT, weights),
    "log_loss": lambda cases, weights: weighted_mean(log_losses(cases), weights),
}


def _area(cases: Cases, subject: str, weights: np.ndarray | None) -> np.ndarray:
    question = ask(cases, subject)
    return auc(question.truth, question.score, weights)


def judge(cases: Cases, reference: Cases, metrics: Sequence[str], resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return metric, value, difference to the reference on the same images, their intervals by lesion, and n.

    ``metrics`` are names of `MEASURES`.
    """

    def measured(weights: np.ndarray | None = None) -> np.ndarray:
        own, other = (
            np.stack([MEASURES[name](answered, weights) for name in metrics], axis=1) for answered in (cases, reference)
        )
        return np.stack([own, own - other], axis=2)

    value, difference = measured()[0].T
    bounds = percentile_interval(bootstrap(measured, cases.lesions, np.random.default_rng(0), resamples))
    (low, difference_low), (high, difference_high) = (bound.T for bound in bounds)
    return pd.DataFrame(
        {
            "metric": list(metrics), "value": value, "low": low, "high": high, "difference": difference,
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
    metrics : sequence of str
        Names of `MEASURES`.
    resamples : int
    """

    def __init__(
        self, judged: pd.DataFrame, classes: tuple[Label, ...], metrics: Sequence[str], resamples: int = RESAMPLES
    ):
        self.judged, self.classes, self.metrics, self.resamples = judged, classes, metrics, resamples
        self.reference: dict[str, Cases] = {}

    def tables(self, given: np.ndarray, about: dict) -> list[pd.DataFrame]:
        """Return a table a set of answers, shape (k, classes), each with the columns of ``about``."""
        columns = pd.DataFrame(given, columns=[f"p_{label.code}" for label in self.classes], index=self.judged.index)
        tables = []
        for name, part in pd.concat([self.judged, columns], axis=1).groupby("dataset"):
            cases = read_cases(part, self.classes)
            found = judge(cases, self.reference.setdefault(str(name), cases), self.metrics, self.resamples)
            tables.append(found.assign(**about, dataset=name))
        return tables


def in_order(table: pd.DataFrame, first: Sequence[str]) -> pd.DataFrame:
    """Return the table with the columns that say what a row is first."""
    return table[[*first, *(name for name in table if name not in first)]]
