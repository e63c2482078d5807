"""The card's optional entries on decisions: levels, a rule that names a diagnosis, limits of prediction sets."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from model.errors import BundleError

ROLES = ("rule_out", "balanced", "confirm")  # of a threshold


def check_decision_entries(raw: dict[str, Any], classes: int) -> None:
    """Check the form of a card's ``thresholds``, ``decision`` and ``prediction_sets``, as far as it has them.

    Parameters
    ----------
    raw : dict
        The whole card.
    classes : int
        How many the network tells apart.

    Raises
    ------
    BundleError
        With the entry that cannot be used.
    """
    for point in _entry(raw, "thresholds", list, []):
        _need(
            _is_point(point), "Every threshold needs a name, a subject, a value from 0 to 1 and, if any, a known role"
        )
    rule = _entry(raw, "decision", dict, {})
    if rule:
        offsets = rule.get("log_offsets")
        right = isinstance(offsets, list) and len(offsets) == classes and all(map(_is_number, offsets))
        _need(right, f"decision.log_offsets needs {classes} numbers, one a class")
        _need(_is_share(rule.get("near_tie", {}).get("ratio", 1)), "decision.near_tie.ratio must be from 0 to 1")
    for entry in _entry(_entry(raw, "prediction_sets", dict, {}), "levels", list, []):
        shares = [entry.get(name) for name in ("level", "malignant", "benign")] if isinstance(entry, dict) else [None]
        _need(all(map(_is_share, shares)), "prediction_sets.levels need level, malignant and benign, each from 0 to 1")


def _entry(raw: dict[str, Any], name: str, kind: type, otherwise: dict | Sequence) -> Any:
    value = raw.get(name, otherwise)
    _need(isinstance(value, kind), f"{name} must be a {kind.__name__}")
    return value


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, dict)
        and all(isinstance(point.get(name), str) for name in ("name", "subject"))
        and _is_share(point.get("value"))
        and point.get("role", ROLES[0]) in ROLES
    )


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1 + 1e-9  # a level above every observed score may be just above 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _need(fulfilled: bool, sentence: str) -> None:
    if not fulfilled:
        raise BundleError("card_decision", f"The card cannot be used: {sentence}.")
