"""What earlier systems still do better than the bundled model: classes, size and speed."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.comparison import RELEASED
from ui import evidence
from ui import wording as shared
from ui.evaluation.choices import COMPARISON
from ui.evaluation.methods import METHODS
from ui.evaluation.wording import BUNDLED, FIGURE, NOTHING, SYSTEM, estimate
from ui.method import wording

CLASSES = "results/comparison_classes.csv"


def ahead(card: Card, table: pd.DataFrame, earlier: pd.DataFrame) -> None:
    """List every figure of a class in which an earlier system is above the bundled model, and say what is cheaper.

    ``table`` is ``results/comparison.csv``, ``earlier`` its rows of earlier systems.
    """
    st.header(wording.AHEAD)
    if earlier.empty:
        st.caption(wording.NO_EARLIER)
        return
    own = table[table["recipe"] == card.model_id]
    if own.empty:
        st.caption(wording.NOT_COMPARED)
        return
    st.markdown(_cheaper(own.iloc[0], earlier))
    if surpassing := releases_above(table):
        st.markdown(wording.RELEASES_ABOVE.format(", ".join(f"`{name}`" for name in surpassing)))
    columns = ("recipe", "metric", "subject", "value", "low", "high", "n_images")
    classes = evidence.optional(card, CLASSES, wording.NOT_BY_CLASS, columns)
    if classes.empty:
        return
    known = classes["metric"].isin(list(wording.OF_CLASS)) & classes["subject"].isin(list(card.names))
    better = best_above(classes[known], card.model_id, list(earlier["recipe"]))
    if better.empty:
        st.caption(wording.NOWHERE_AHEAD)
    else:
        rows = [_row(card, row) for row in better.to_dict("records")]
        evidence.grid("", (FIGURE, wording.COUNTED, SYSTEM, wording.ITS_FIGURE, BUNDLED), rows)
        st.caption(wording.PICKED.format(len(earlier)))
    evidence.origin(
        card, (COMPARISON, CLASSES), METHODS["comparison"], better, "earlier_systems_ahead.csv",
        wording.COMPARISON_COMMAND,
    )  # fmt: skip


def releases_above(table: pd.DataFrame) -> list[str]:
    """Return the earlier releases whose balanced accuracy is above the bundled model's, interval included."""
    if not {"ancestor", "balanced_accuracy_difference_low"} <= set(table):
        return []
    above = (table["ancestor"] == RELEASED) & (table["balanced_accuracy_difference_low"] > 0)
    return list(table["recipe"][above])


def best_above(classes: pd.DataFrame, ours: str, earlier: list[str]) -> pd.DataFrame:
    """Return the best earlier system of each figure in which one is above the bundled model.

    Parameters
    ----------
    classes : DataFrame
        Rows of ``results/comparison_classes.csv``.
    ours : str
        The bundled model's name in it.
    earlier : list of str
        Names of the earlier systems.

    Returns
    -------
    DataFrame
        As ``classes``, with the bundled model's own_value, own_low and own_high; in the order of ``classes``.
    """
    keys = ["metric", "subject"]
    own = classes[classes["recipe"] == ours]
    others = classes[classes["recipe"].isin(earlier)].sort_values("value", ascending=False).drop_duplicates(keys)
    kept = own[[*keys, "value", "low", "high"]].rename(columns=lambda name: name if name in keys else f"own_{name}")
    joined = kept.merge(others, on=keys)
    return joined[joined["value"] > joined["own_value"]]


def _row(card: Card, row: dict) -> tuple[str, ...]:
    name = wording.OF_CLASS[row["metric"]].format(card.names[row["subject"]])
    own = estimate(row, "own_value", ("own_low", "own_high"))
    return name, f"{row['n_images']:,}", row["recipe"], estimate(row), own


def _cheaper(own: pd.Series, earlier: pd.DataFrame) -> str:
    """Write how many earlier systems are smaller, and how many answer faster, and by how much the best one."""
    said = []
    for cost, sentence in wording.CHEAPER.items():
        known = earlier.dropna(subset=cost)
        if known.empty or pd.isna(own[cost]):
            continue
        least = known.sort_values(cost).iloc[0]
        fewer = int((known[cost] < own[cost]).sum())
        counted = wording.ALL_OF if fewer == len(known) else wording.SOME_OF
        numbers = [shared.number(value, wording.DIGITS[cost]) for value in (least[cost], own[cost])]
        said.append(sentence.format(counted.format(fewer, len(known)), least["recipe"], *numbers))
    return " ".join(said) or NOTHING
