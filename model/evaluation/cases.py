"""Turn a predictions table into checked arrays, and into the yes-or-no questions asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from model.card import Label
from model.errors import ContractError

ALL = "all"
MALIGNANT = "malignant"
CLINICAL_QUESTIONS = {  # Esteva et al., Nature 542:115 (2017); malignant against benign is the third
    "mel_vs_nv": (("mel",), ("nv",)),
    "akiec_bcc_vs_bkl": (("akiec", "bcc"), ("bkl",)),
}
SMALLEST_PROBABILITY = 1e-12  # a stored probability may be rounded to 0; its logarithm must stay finite


@dataclass(frozen=True)
class Cases:
    """Labelled predictions of one set of images.

    Parameters
    ----------
    labels : tuple of Label
        The classes, in the order of the columns of ``probabilities``.
    targets : ndarray of int, shape (n,)
        Index of the true class of every image.
    probabilities : ndarray of float, shape (n, classes)
        Calibrated probabilities; every row sums to 1.
    lesions : ndarray of int, shape (n,)
        Number of the lesion an image shows, 0 to lesions - 1; resampling takes whole lesions.
    named : ndarray of int, shape (n,), optional
        Index of the class that the system names, where it does not name the most probable one.
    """

    labels: tuple[Label, ...]
    targets: np.ndarray
    probabilities: np.ndarray
    lesions: np.ndarray
    named: np.ndarray | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Class codes in column order."""
        return tuple(label.code for label in self.labels)

    @property
    def malignant(self) -> np.ndarray:
        """Whether each class counts as malignant, shape (classes,)."""
        return np.array([label.malignant for label in self.labels])

    @property
    def most_probable(self) -> np.ndarray:
        """Index of the most probable class, shape (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def predicted(self) -> np.ndarray:
        """Index of the class that the system names, the most probable one if nothing else is known, shape (n,)."""
        return self.most_probable if self.named is None else self.named

    @property
    def correct(self) -> np.ndarray:
        """Whether the class that the system names is the true one, shape (n,)."""
        return self.predicted == self.targets

    @property
    def present(self) -> np.ndarray:
        """Indices of the classes that occur among the labels, ascending."""
        return np.unique(self.targets)

    def part(self, rows: np.ndarray) -> "Cases":
        """Return some of the cases; rows: ndarray of bool or int."""
        kept = {name: getattr(self, name)[rows] for name in ("targets", "probabilities", "lesions")}
        return replace(self, **kept, named=None if self.named is None else self.named[rows])

    def columns(self, codes: Sequence[str]) -> list[int]:
        """Return the column of each class code."""
        return [self.codes.index(code) for code in codes]


@dataclass(frozen=True)
class Question:
    """A yes-or-no question with a score that should be high where the answer is yes.

    Parameters
    ----------
    subject : str
        A class code (that class against the rest), ``malignant``, or a name in `CLINICAL_QUESTIONS`.
    rows : ndarray of int, shape (m,)
        The cases the question is asked about.
    truth : ndarray of bool, shape (m,)
        The right answers.
    score : ndarray of float, shape (m,), range [0, 1]
        Probability of yes.
    lesions : ndarray of int, shape (m,)
        Lesion numbers, as in `Cases`.
    """

    subject: str
    rows: np.ndarray
    truth: np.ndarray
    score: np.ndarray
    lesions: np.ndarray

    @property
    def answerable(self) -> bool:
        """Whether there is at least one yes and one no."""
        return bool(self.truth.any() and not self.truth.all())


def read_cases(predictions: pd.DataFrame, labels: Sequence[Label]) -> Cases:
    """Check a predictions table and return its arrays.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``image_id``, ``label``, ``p_<code>`` of every class and, where known, ``lesion_id``; an image
        without a lesion id counts as its own lesion. ``named`` is the code of the class that the system names.
    labels : sequence of Label
        The card's labels.

    Raises
    ------
    ContractError
        If a column is missing, a label is unknown, or a row is not a probability distribution.
    """
    columns = [f"p_{label.code}" for label in labels]
    missing = {"image_id", "label", *columns} - set(predictions.columns)
    if missing:
        raise ContractError("predictions_columns", f"The predictions lack the columns {sorted(missing)}.")
    if predictions.empty:
        raise ContractError("predictions_empty", "The predictions contain no image; score at least one.")
    targets = _places(predictions["label"], labels)
    named = _places(predictions["named"], labels) if "named" in predictions else None
    probabilities = predictions[columns].to_numpy(dtype=np.float64)
    in_range = np.isfinite(probabilities).all() and probabilities.min() >= 0
    if not in_range or np.abs(probabilities.sum(axis=1) - 1).max() > 1e-3:
        raise ContractError("predictions_values", "The probabilities of an image must be 0 or more and sum to 1.")
    return Cases(tuple(labels), targets, probabilities, _lesion_numbers(predictions), named)


def _places(codes: pd.Series, labels: Sequence[Label]) -> np.ndarray:
    places = pd.Index([label.code for label in labels]).get_indexer(codes)
    if (places < 0).any():
        unknown = sorted(set(codes[places < 0].astype(str)))
        raise ContractError("predictions_label", f"The labels {unknown} are not among the card's classes.")
    return places


def _lesion_numbers(predictions: pd.DataFrame) -> np.ndarray:
    images = "image " + predictions["image_id"].astype(str)
    if "lesion_id" not in predictions:
        return pd.factorize(images)[0]
    return pd.factorize(predictions["lesion_id"].where(predictions["lesion_id"].notna(), images))[0]


def ask(cases: Cases, subject: str) -> Question:
    """Return the question of a subject.

    A question that compares some classes with some others uses only cases of those classes, and scores
    them by the probability of the first group given one of the two: ``p_mel / (p_mel + p_nv)``.

    Raises
    ------
    ContractError
        If the subject is neither a class code, ``malignant`` nor a name in `CLINICAL_QUESTIONS`.
    """
    every = np.arange(len(cases.targets))
    yes: list[int] | np.ndarray
    if subject in CLINICAL_QUESTIONS:
        yes, no = (cases.columns(codes) for codes in CLINICAL_QUESTIONS[subject])
        every = every[np.isin(cases.targets, yes + no)]
        share = cases.probabilities[every].clip(SMALLEST_PROBABILITY)
        score = share[:, yes].sum(axis=1) / share[:, yes + no].sum(axis=1)
    elif subject == MALIGNANT or subject in cases.codes:
        flagged = [label.malignant if subject == MALIGNANT else label.code == subject for label in cases.labels]
        yes = np.flatnonzero(flagged)
        score = cases.probabilities[:, yes].sum(axis=1)
    else:
        raise ContractError("unknown_subject", f"{subject!r} is neither a class code nor a known question.")
    return Question(subject, every, np.isin(cases.targets[every], yes), score, cases.lesions[every])


def subjects(cases: Cases) -> list[str]:
    """Return the questions that these cases can answer: every class, malignant, then the clinical questions."""
    known = [*cases.codes, MALIGNANT]
    known += [name for name, (yes, no) in CLINICAL_QUESTIONS.items() if {*yes, *no} <= set(cases.codes)]
    return [subject for subject in known if ask(cases, subject).answerable]
