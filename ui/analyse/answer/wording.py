"""Counts and rates of the test sets as sentences next to one answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.wording import ROLES, SETS, percent

if TYPE_CHECKING:
    from model.answer.decision import PointReached
    from model.evaluation.decisions.evidence import Found, FoundInBin, PointEvidence

IMAGES = {"mel": "images of melanoma", "malignant": "images of malignant lesions"}
SUBJECTS = {"mel": "Melanoma", "malignant": "The malignant sum"}
NO_ALL_CLEAR = "This is no all-clear."
LEVELS = "Levels"
LEVEL_COLUMNS = ("Level", "This photo", "Cases found", "Others that reach it")
LEVELS_HINT = (
    "Images of the internal test at or above each level, with 95 % intervals. Set on validation: at high sensitivity "
    "at least 95 % of the cases are above the level, at high specificity at least 95 % of the others are below."
)
DERMATOLOGISTS = (0.875, 0.814)  # sensitivity and specificity over 92 studies (PMC6936633)
REFERRED = 0.07  # share of malignant lesions among urgent referrals, 6 to 8 %
BOTH = {  # by (reader, answer) says malignant
    (True, True): "you and the answer both call malignant",
    (True, False): "you call malignant and the answer does not",
    (False, True): "you call benign and the answer does not",
    (False, False): "you and the answer both call benign",
}


def above(point: "PointReached", known: "PointEvidence", shares: Sequence[float]) -> str:
    """Write what was found at a level that the answer reaches, and how many other images reach it."""
    found, alarms = known.found[0], [rate.share for rate in known.alarms]
    return (
        f"{SUBJECTS[point.subject]} reaches the {ROLES[point.role]} of {percent(point.threshold)}. At this level, "
        f"{_count(found)} test {IMAGES[point.subject]} were found, and {100 * alarms[0]:.0f} of 100 other images "
        f"reach it too ({_set(found)}; {_over(shares)}, and {_ends(alarms)} of 100)."
    )


def below(points: Sequence[tuple["PointReached", "PointEvidence", Sequence[float]]]) -> str:
    """Write how many were missed below both high-sensitivity levels: the answer rules nothing out."""
    missed = [
        f"{known.found[0].images - known.found[0].count} of {known.found[0].images} test {IMAGES[point.subject]} "
        f"({_set(known.found[0])}; {_over([1 - share for share in reversed(shares)])})"
        for point, known, shares in points
    ]
    return f"{NO_ALL_CLEAR} Below these levels, the model missed {' and '.join(missed)}."


def like_this(rates: Sequence["FoundInBin"]) -> str:
    """Write how many test images with such an answer were malignant, in the first set and over all sets."""
    first, shares = rates[0], [rate.share for rate in rates]
    return (
        f"Of {first.images:,} test images with a malignant sum of {100 * first.above:g} to {100 * first.below:g} %, "
        f"{first.count} were malignant "
        f"({_interval(first)}, {_set(first)}; {_over(sorted(shares))})."
    )


def level_row(point: "PointReached", known: "PointEvidence") -> tuple[str, ...]:
    """Return one level as cells: its name and limit, this photo, what was found and which others reach it."""
    found, alarms = known.found[0], known.alarms[0]
    return (
        f"{point.name} ({percent(point.threshold)})",
        "above" if point.above else "below",
        f"{_count(found)} ({_bounds(found)})",
        f"{_count(alarms)} ({_bounds(alarms)})",
    )


def adjusted(point: "PointReached", prevalence: float, found: "Found", values: Sequence[tuple[float, float]]) -> str:
    """Write the predictive values of the level at the given prevalence.

    ``values`` are pairs of the positive and the negative predictive value: from the rates as measured, then from the
    lower and upper ends of their intervals.
    """
    side = 0 if point.above else 1
    value, low, high = (pair[side] if point.above else 1 - pair[side] for pair in values)
    there = "reaches" if point.above else "stays below"
    return (
        f"Adjusted to {100 * prevalence:g} of 100 malignant: of 100 lesions whose answer {there} the malignant "
        f"{ROLES[point.role]}, {_of_hundred(value)} are malignant ({_of_hundred(min(low, high))} to "
        f"{_of_hundred(max(low, high))} with both rates at the ends of their 95 % intervals; {_set(found)}, "
        f"{found.images:,} malignant test images)."
    )


def advice(reader_malignant: bool) -> str:
    """Write how the answer must not change the reader's own judgement."""
    if reader_malignant:
        return "You judged it malignant: an answer below the levels is no reason to wait."
    return "You judged it benign: what made you look still counts, regardless of the answer."


def both(chances: dict, reader: bool, answer: bool, prevalence: float | None) -> str:
    """Write how many of 100 lesions are malignant after these two judgements, and after the other answer."""
    share = 100 * (REFERRED if prevalence is None else prevalence)
    return (
        f"Of 100 lesions that {BOTH[reader, answer]}, {_of_hundred(chances[reader, answer])} are malignant; of 100 "
        f"that {BOTH[reader, not answer]}, {_of_hundred(chances[reader, not answer])}. Calculated for {share:g} of 100 "
        f"malignant, dermatologists' {100 * DERMATOLOGISTS[0]:.1f} % sensitivity and {100 * DERMATOLOGISTS[1]:.1f} % "
        "specificity over 92 studies, with independent errors. If the errors are correlated, agreement means less."
    )


def _of_hundred(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.02 else f"{100 * share:.1f}"


def _count(rate: "Found") -> str:
    return f"{rate.count:,} of {rate.images:,}"


def _set(rate: "Found") -> str:
    return SETS.get(rate.dataset, rate.dataset)


def _interval(rate: "Found") -> str:
    return f"95 % interval {_bounds(rate)}"


def _bounds(rate: "Found") -> str:
    return f"{100 * rate.low:.0f} to {100 * rate.high:.0f}\N{NO-BREAK SPACE}%"


def _over(shares: Sequence[float]) -> str:
    return f"{_ends(shares)} % over {len(shares)} sets" if len(shares) > 1 else "one set"


def _ends(shares: Sequence[float]) -> str:
    return f"{100 * min(shares):.0f} to {100 * max(shares):.0f}"
