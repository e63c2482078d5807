"""From probabilities to decisions: levels reached, the diagnosis named, and what cannot be told apart.

Pure functions of one answer and the card; every limit in it was fitted on validation images (`training.evaluate`).
"""

from dataclasses import dataclass

import numpy as np

from model.answer.decision_entries import ROLES
from model.card import Card

RULE_OUT, BALANCED, CONFIRM = ROLES
MELANOMA, MALIGNANT, BENIGN = "mel", "malignant", "benign"
HIGH, MIDDLE, LOW = "high", "middle", "low"
TIE = 0.8  # share of the named diagnosis's weighted share from which another is a near tie; results are in the card


@dataclass(frozen=True)
class PointReached:
    """An operating point and whether the answer reaches it.

    Parameters
    ----------
    name : str
        As in the card, for example ``"melanoma, high sensitivity"``.
    subject : str
        ``"mel"`` or ``"malignant"``.
    role : str
        One of `ROLES`.
    threshold, share : float
        Probabilities: the limit, and that of the subject in this answer.
    """

    name: str
    subject: str
    role: str
    threshold: float
    share: float

    @property
    def above(self) -> bool:
        """Whether the answer reaches the level."""
        return self.share >= self.threshold


@dataclass(frozen=True)
class Decision:
    """What follows from one answer.

    Parameters
    ----------
    most_probable : str
        Class code.
    named : str
        Class code by the card's decision rule; the most probable one where the card has no rule.
    tie : tuple of str
        Codes whose weighted share is close to that of the named one, see `TIE`; may be empty.
    points : tuple of PointReached
    sets : dict of float to tuple of str
        By level, for example 0.9: the classes that cannot be told apart, most probable first.
    risk : str
        ``"high"`` where the malignant sum or melanoma reaches its high-specificity level, ``"low"`` where both are
        below their high-sensitivity levels, else ``"middle"``.
    """

    most_probable: str
    named: str
    tie: tuple[str, ...]
    points: tuple[PointReached, ...]
    sets: dict[float, tuple[str, ...]]
    risk: str

    @property
    def together(self) -> tuple[str, ...]:
        """Codes of the named diagnosis and of those that are nearly tied with it."""
        return (self.named, *(code for code in self.tie if code != self.named))

    @property
    def rank(self) -> tuple[int, bool]:
        """What a headline is ordered by: the risk, then whether it is about melanoma."""
        return (LOW, MIDDLE, HIGH).index(self.risk), MELANOMA in self.reached

    @property
    def reached(self) -> set[str]:
        """Subjects that reach the level the risk comes from, `CONFIRM` if high, else `RULE_OUT`; empty if low."""
        role = CONFIRM if self.risk == HIGH else RULE_OUT
        return {point.subject for point in self.points if point.role == role and point.above}


def decide(probabilities: np.ndarray, card: Card) -> Decision:
    """Return what follows from calibrated probabilities, shape (classes,), in card order."""
    weighed = weigh(probabilities, offsets(card))
    named, least = int(weighed.argmax()), tie_ratio(card) * weighed.max()
    tie = [place for place in np.argsort(-weighed) if place != named and weighed[place] >= least]
    points = _points(probabilities, card)
    return Decision(
        most_probable=card.codes[int(np.argmax(probabilities))],
        named=card.codes[named],
        tie=tuple(card.codes[place] for place in tie),
        points=points,
        sets={
            entry["level"]: tuple(card.codes[place] for place in prediction_set(probabilities, entry, card))
            for entry in card.raw.get("prediction_sets", {}).get("levels", [])
        },
        risk=_risk(points),
    )


def offsets(card: Card) -> np.ndarray:
    """Return what the decision rule adds to the log probability of each class, shape (classes,)."""
    return np.asarray(card.raw.get("decision", {}).get("log_offsets") or [0.0] * len(card.labels), float)


def tie_ratio(card: Card) -> float:
    """Return the share of the named diagnosis's weighted share from which another one is a near tie."""
    return card.raw.get("decision", {}).get("near_tie", {}).get("ratio", TIE)


def weigh(probabilities: np.ndarray, log_offsets: np.ndarray) -> np.ndarray:
    """Return what the decision rule compares: each class's probability times its weight, (..., classes)."""
    return np.asarray(probabilities, float) * np.exp(log_offsets - log_offsets.max())


def named_codes(probabilities: np.ndarray, card: Card) -> np.ndarray:
    """Return the code of the class that the card's rule names for each row of calibrated probabilities, shape (n,)."""
    return np.array(card.codes)[weigh(probabilities, offsets(card)).argmax(axis=-1)]


def prediction_set(probabilities: np.ndarray, limits: dict, card: Card) -> list[int]:
    """Return the classes whose probability reaches the limit of their side, most probable first; never none.

    Parameters
    ----------
    probabilities : ndarray, shape (classes,)
    limits : dict
        ``malignant`` and ``benign``: least probability of a class of that side, see
        `model.evaluation.decisions.prediction_sets`.
    """
    least = np.array([limits[MALIGNANT if label.malignant else BENIGN] for label in card.labels])
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    return [int(place) for place in order if probabilities[place] >= least[place]] or [int(order[0])]


def _points(probabilities: np.ndarray, card: Card) -> tuple[PointReached, ...]:
    malignant = float(sum(share for share, label in zip(probabilities, card.labels, strict=True) if label.malignant))
    shares = dict(zip(card.codes, map(float, probabilities), strict=True)) | {MALIGNANT: malignant}
    return tuple(
        PointReached(point["name"], point["subject"], role_of(point), point["value"], shares[point["subject"]])
        for point in card.raw.get("thresholds", [])
        if point["subject"] in shares
    )


def role_of(point: dict) -> str:
    """Return the role of a card's threshold; older cards give it only in the name."""
    if "role" in point:
        return point["role"]
    named = {"sensitivity": RULE_OUT, "balanced": BALANCED, "confirm": CONFIRM}
    return next((role for word, role in named.items() if word in point["name"]), BALANCED)


def _risk(points: tuple[PointReached, ...]) -> str:
    if any(point.above for point in points if point.role == CONFIRM):
        return HIGH
    out = [point for point in points if point.role == RULE_OUT]
    return LOW if out and not any(point.above for point in out) else MIDDLE
