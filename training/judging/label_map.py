"""Bring answers in any label set to the seven classes of the card, or to benign against malignant: one place for it.

| label set | classes | becomes | how |
|---|---|---|---|
| seven | the card's | seven | as they are |
| eight | ISIC 2019's | seven | AK and SCC are added up as akiec (`training.data.label_sets.ISIC2019_TO_SEVEN`) |
| two | benign, malignant | two | as they are |
| three | benign, malignant, unknown | two | unknown is taken away and the rest scaled to sum to 1 |

"Unknown" is taken away because every image judged here is either benign or malignant, and because the others had
no such way out: counted as wrong it would punish, counted as half right it would reward what nobody else could
answer. The comparison also says how often "unknown" was the most probable answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.card import Label
from training.command import TrainingError
from training.data.label_sets import CODES, ISIC2019_TO_SEVEN

# Codes that are no subject of `model.evaluation.cases`: "malignant" is the name of a question there.
TWO = (Label(0, "benign_lesion", "Benign", False), Label(1, "malignant_lesion", "Malignant", True))
UNKNOWN = "unknown"
TO_SEVEN = {
    "seven": {code: code for code in CODES},
    "eight": {code.lower(): seven for code, seven in ISIC2019_TO_SEVEN.items() if seven},
}
TO_TWO = {
    "two": {"benign": TWO[0].code, "malignant": TWO[1].code},
    "three": {"benign": TWO[0].code, "malignant": TWO[1].code, UNKNOWN: ""},
}
LABEL_SETS = (*TO_SEVEN, *TO_TWO)
MAPPINGS = {  # how the table names what was done
    "seven": "seven classes, as they are",
    "eight": "eight to seven: AK + SCC = akiec",
    "two": "benign and malignant, as they are",
    "three": "unknown taken away, benign and malignant scaled to sum to 1",
}


class LabelMapError(TrainingError):
    """Predictions are not of the label set that they claim; the message says what was expected."""


@dataclass(frozen=True)
class Mapped:
    """Predictions that `model.evaluation` can judge.

    Parameters
    ----------
    table : DataFrame
        image_id, lesion_id, label, p_<code> of every label and, for a system with a rule of its own, the class named.
    labels : tuple of Label
        The card's seven, or `TWO`.
    unknown : int
        Images whose most probable answer was "unknown".
    """

    table: pd.DataFrame
    labels: tuple[Label, ...]
    unknown: int = 0


def map_labels(predictions: pd.DataFrame, truth: pd.DataFrame, label_set: str, labels: Sequence[Label]) -> Mapped:
    """Return predictions of the images in ``truth``, in its order, with its labels.

    Parameters
    ----------
    predictions : DataFrame
        image_id, each once, p_<code> of every class of the label set, in capitals or not, and perhaps named.
    truth : DataFrame
        image_id, lesion_id and label, a code of ``labels``.
    label_set : str
        One of `LABEL_SETS`.
    labels : sequence of Label
        The card's.

    Raises
    ------
    LabelMapError
        If the label set is unknown, not exactly its columns are there, or an image is missing or there twice.
    """
    if label_set not in LABEL_SETS:
        raise LabelMapError(f"No label set {label_set!r}; known are {', '.join(LABEL_SETS)}.")
    mapping = (TO_SEVEN | TO_TWO)[label_set]
    asked = predictions.image_id[predictions.image_id.isin(truth.image_id)]
    if asked.duplicated().any() or len(asked) < len(truth):
        raise LabelMapError(
            f"Each of the {len(truth):,} test images needs one prediction, {asked.nunique():,} have it."
        )
    given = predictions.set_index("image_id").filter(regex="^p_").loc[truth.image_id]
    given.columns = given.columns.str.removeprefix("p_").str.lower()
    if set(given.columns) != set(mapping):
        raise LabelMapError(f"The label set {label_set} needs p_ columns of {', '.join(sorted(mapping))}.")
    if label_set in TO_SEVEN:
        table = _table(_summed(given, mapping, labels), truth, truth.label, labels)
        if "named" in predictions:
            table["named"] = predictions.set_index("image_id").named.loc[truth.image_id].to_numpy()
        return Mapped(table, tuple(labels))
    unknown = int((given.idxmax(axis=1) == UNKNOWN).sum())
    two = _summed(given, mapping, TWO)
    return Mapped(_table(_scaled(two), truth, two_labels(truth.label, labels), TWO), TWO, unknown)


def to_two(predictions: Mapped) -> Mapped:
    """Return seven-class predictions as benign against malignant."""
    codes = {f"p_{label.code}": f"p_{TWO[label.malignant].code}" for label in predictions.labels}
    two = predictions.table[list(codes)].T.groupby(codes).sum().T
    columns = ["image_id", "lesion_id"]
    labels = two_labels(predictions.table.label, predictions.labels)
    return Mapped(pd.concat([predictions.table[columns], two], axis=1).assign(label=labels), TWO)


def two_labels(codes: pd.Series, labels: Sequence[Label]) -> np.ndarray:
    """Return the code in `TWO` of each class code of ``labels``."""
    return codes.map({label.code: TWO[label.malignant].code for label in labels}).to_numpy()


def _summed(given: pd.DataFrame, mapping: dict[str, str], labels: Sequence[Label]) -> np.ndarray:
    return np.stack(
        [given[[code for code, to in mapping.items() if to == label.code]].sum(axis=1) for label in labels], axis=1
    )


def _scaled(two: np.ndarray) -> np.ndarray:
    """Scale rows to sum to 1; where all was unknown, both are equally likely."""
    total = two.sum(axis=1, keepdims=True)
    return np.divide(two, total, out=np.full_like(two, 0.5), where=total > 0)


def _table(probabilities: np.ndarray, truth: pd.DataFrame, label, labels: Sequence[Label]) -> pd.DataFrame:
    columns = pd.DataFrame(probabilities, columns=[f"p_{one.code}" for one in labels])
    identity = truth[["image_id", "lesion_id"]].reset_index(drop=True)
    return pd.concat([identity, columns], axis=1).assign(label=np.asarray(label))
