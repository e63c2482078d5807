"""Check a card's levels, decision rule and limits of sets against the tables with their results."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from model.answer.decision import MELANOMA, named_codes
from model.card import Card
from model.errors import TableError
from model.evaluation.cases import MALIGNANT, read_cases
from model.evaluation.decisions.prediction_sets import sets_of
from model.evaluation.tables import load_table

LEVELS, RULES, SETS = "results/operating_points.csv", "results/decision_rules.csv", "results/prediction_sets.csv"
ROUNDED = 1e-6  # tables keep six decimals


def decision_faults(card: Card) -> Iterator[str]:
    """Yield a sentence for each level, rule or limit that is not the one which a table of the bundle measured.

    Tables that the card does not list, as in older cards, are skipped; damaged ones are reported elsewhere.
    """
    predictions = _table(card, "results/predictions.csv")
    yield from _levels(card, _table(card, LEVELS))
    if predictions.empty:
        return
    parts = list(predictions.groupby(["dataset", "split"], sort=False))
    if "decision" in card.raw:
        yield from _rule(card, parts, _table(card, RULES))
    if "prediction_sets" in card.raw:
        yield from _sets(card, parts, _table(card, SETS))


def _table(card: Card, name: str) -> pd.DataFrame:
    try:
        return load_table(card, name)
    except TableError:
        return pd.DataFrame()


def _levels(card: Card, table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    measured = table.groupby("point").threshold.first()
    for point in card.raw.get("thresholds", []):
        found = measured.get(point["name"])
        if found is None or abs(found - point["value"]) > ROUNDED:
            yield f"{LEVELS} measures '{point['name']}' at {found}, the card has it at {point['value']}."


def _rule(card: Card, parts: list, table: pd.DataFrame) -> Iterator[str]:
    """Name the melanomas of every set by the card's rule."""
    columns = [f"p_{code}" for code in card.codes]
    for (dataset, split), part in parts:
        if "named" in part and (part["named"] != named_codes(part[columns].to_numpy(), card)).any():
            yield f"results/predictions.csv names other diagnoses of {dataset}, {split} than the card's rule."
        melanomas = part[part.label == MELANOMA]
        if table.empty or melanomas.empty:
            continue
        expected = np.mean(named_codes(melanomas[columns].to_numpy(), card) == MELANOMA)
        rows = table[(table.rule == card.raw["decision"].get("rule")) & (table.metric == "sensitivity")]
        yield from _compared(RULES, "melanomas named", dataset, split, rows[rows.subject == MELANOMA], expected)


def _sets(card: Card, parts: list, table: pd.DataFrame) -> Iterator[str]:
    """Count the malignant images of every set whose prediction set contains the true diagnosis."""
    flagged = card.malignant
    for (dataset, split), part in parts:
        cases = read_cases(part, card.labels)
        malignant = flagged[cases.targets]
        if table.empty or not malignant.any():
            continue
        for limits in card.raw["prediction_sets"].get("levels", []):
            covered = sets_of(cases, limits)[np.arange(len(malignant)), cases.targets][malignant].mean()
            rows = table[(table.level == limits["level"]) & (table.metric == "coverage") & (table.subject == MALIGNANT)]
            yield from _compared(SETS, f"coverage at {limits['level']}", dataset, split, rows, covered)


def _compared(name: str, said: str, dataset: str, split: str, rows: pd.DataFrame, expected: float) -> Iterator[str]:
    values = rows[(rows.dataset == dataset) & (rows.split == split)].value
    if len(values) != 1 or abs(values.iloc[0] - expected) > ROUNDED:
        yield f"{name} was made with another card: {said} in {dataset}, {split} are {expected:.6f} with this one."
