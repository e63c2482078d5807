"""Seven probabilities as bars that can also be read as a table, with a mark at each level."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from model.answer.decision import BALANCED, CONFIRM, RULE_OUT
from model.card import Card, Label
from ui.wording import GROUPS, ROLES, SHARES, percent

APART = 0.01  # of the bar's length
MARKS = f'<p class="remark">Marks on a bar: {ROLES[RULE_OUT]}, then {ROLES[CONFIRM]}.</p>'

if TYPE_CHECKING:
    from model.answer.decision import PointReached
    from model.predict import Prediction


def table(card: Card, prediction: "Prediction", points: Iterable["PointReached"]) -> str:
    """Write the probabilities, malignant ones first, each group with its sum and the most probable class on top.

    Parameters
    ----------
    card : Card
    prediction : Prediction
    points : iterable of PointReached
        Levels of the malignant sum and of single classes; the balanced ones, which give no headline, have no mark.
    """
    points = [point for point in points if point.role != BALANCED]
    marks = {subject: _marks(points, subject) for subject in ("malignant", *card.codes)}
    shares = list(zip(card.labels, prediction.probabilities, strict=True))
    malignant, benign = (
        [pair for pair in sorted(shares, key=lambda pair: -pair[1]) if pair[0].malignant == kind]
        for kind in (True, False)
    )
    return (
        f'<table class="differential"><caption class="unseen">{SHARES}</caption>'
        f"{_group('malignant', prediction.malignant, malignant, marks)}"
        f"{_group('benign', 1 - prediction.malignant, benign, marks)}</table>"
        f"{MARKS if points else ''}"
    )


def _group(kind: str, total: float, shares: list[tuple[Label, float]], marks: dict[str, str]) -> str:
    rows = "".join(_row("row", label.name, value, marks[label.code]) for label, value in shares)
    name = GROUPS[kind]
    heading = _row("rowgroup", name, total, marks.get(kind, ""), drawn=kind in marks, kind="sum")
    return f'<tbody class="{kind}">{heading}{rows}</tbody>'


def _row(scope: str, name: str, value: float, marks: str, drawn: bool = True, kind: str = "") -> str:
    bar = f'<span class="bar"><i style="width:{100 * value:.2f}%"></i>{marks}</span>' if drawn else ""
    return f'<tr class="{kind}"><th scope="{scope}">{escape(name)}{bar}</th><td>{percent(value)}</td></tr>'


def _marks(points: Iterable["PointReached"], subject: str) -> str:
    """Write one mark per level; two levels too close together on a bar share one mark with both names."""
    places: dict[float, list[str]] = {}
    for point in sorted((point for point in points if point.subject == subject), key=lambda point: point.threshold):
        place = next((known for known in places if point.threshold - known < APART), point.threshold)
        places.setdefault(place, []).append(f"{ROLES[point.role]}: {percent(point.threshold)}")
    return "".join(
        f'<u style="left:{100 * place:.2f}%" title="{escape(", ".join(names))}"></u>' for place, names in places.items()
    )
