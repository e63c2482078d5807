"""Every recipe compared with the bundled model: its results, its cost, and the differences."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.plots import ForestDisplay, TradeOffDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation.choices import COMPARED, COMPARISON, earlier_systems
from ui.evaluation.methods import METHODS
from ui.evaluation.summary import without_rule
from ui.evaluation.wording import FIGURE, IMAGES, NOTHING
from ui.method import wording
from ui.method.ahead import ahead
from ui.method.claims import claims

ANSWERS = "results/comparison_answers.csv"


def comparison(card: Card) -> None:
    """Show the table, the two trade-offs, the paired differences, where an earlier system is ahead, and its claims."""
    table = evidence.table(card, COMPARISON, COMPARED)
    metrics = {name: said for name, said in wording.COMPARED.items() if name in table}
    metric = st.selectbox(FIGURE, metrics, format_func=metrics.get, key="compared_metric", persist_state="session")
    judged = table.iloc[0]
    said = shared.size(judged["n_images"], judged["n_lesions"])
    named = without_rule(card) if metric == "balanced_accuracy" else ""
    st.caption(wording.COMPARISON.format(judged["split"].replace("_", " "), said) + named)
    st.dataframe(listed(table, metric, list(metrics)), hide_index=True, column_config=_columns(metric, metrics))
    answered = table.dropna(subset=[metric])
    _name_missing(wording.NOT_ANSWERED, table, table[metric].isna())
    for column, (cost, name) in zip(st.columns(2), wording.COSTS.items(), strict=True):
        with column:
            _trade_off(card, answered, metric, cost, name)
    sources = (COMPARISON, ANSWERS)
    evidence.origin(card, sources, METHODS["comparison"], table, "comparison.csv", wording.COMPARISON_COMMAND)
    _differences(card, table)
    earlier = earlier_systems(table)
    ahead(card, table, earlier)
    claims(card, earlier)


def listed(table: pd.DataFrame, metric: str, metrics: list[str]) -> pd.DataFrame:
    """Return the table, best first: the chosen figure with its interval, the claim, other figures, cost and making."""
    columns = ["recipe", metric, f"{metric}_low", f"{metric}_high", "n_images", "split", "claimed"]
    columns += [name for name in metrics if name != metric] + [*wording.COSTS, *wording.MAKING]
    rows = table.filter(columns).sort_values(metric, ascending=False, kind="stable")
    words = rows.select_dtypes(include=["object", "str"]).columns
    rows[words] = rows[words].fillna(NOTHING)
    return rows.assign(split=rows["split"].str.replace("_", " "))


def _columns(metric: str, metrics: dict[str, str]) -> dict:
    number = st.column_config.NumberColumn
    columns = {name: number(said, format="%.3f") for name, said in metrics.items()}
    columns |= {
        f"{metric}_low": number(wording.LOW, format="%.3f"),
        f"{metric}_high": number(wording.HIGH, format="%.3f"),
    }
    costs = {name: number(said, format="localized") for name, said in wording.COSTS.items()}
    return (
        columns
        | costs
        | {"recipe": st.column_config.TextColumn(wording.RECIPE, pinned=True), "claimed": wording.CLAIMED}
        | {"n_images": IMAGES, "split": wording.SPLIT}
        | wording.MAKING
    )


def _trade_off(card: Card, answered: pd.DataFrame, metric: str, cost: str, name: str) -> None:
    rows = answered.dropna(subset=[cost]).rename(
        columns={"recipe": "name", cost: "cost", metric: "value", f"{metric}_low": "low", f"{metric}_high": "high"}
    )
    rows = rows[rows["cost"] > 0][["name", "cost", "value", "low", "high", "n_images"]]
    st.header(wording.AGAINST.format(name.lower()))
    if rows.empty:
        st.caption(wording.NO_COST)
        return
    display = TradeOffDisplay(rows.assign(ours=rows["name"] == card.model_id), name, wording.COMPARED[metric])
    evidence.chart(display, f"trade_off_{cost}")
    _name_missing(wording.WITHOUT_COST, answered, answered[cost].isna())


def _name_missing(sentence: str, table: pd.DataFrame, missing: pd.Series) -> None:
    """Write which recipes a chart leaves out."""
    if missing.any():
        st.caption(sentence.format(", ".join(table["recipe"][missing])))


def _differences(card: Card, table: pd.DataFrame) -> None:
    metrics = [name for name in wording.COMPARED if f"{name}_difference" in table]
    if not metrics:
        return
    st.header(wording.DIFFERENCES)
    metric = st.segmented_control(
        FIGURE, metrics, format_func=wording.COMPARED.get, default=metrics[0], required=True,
        key="difference_metric", persist_state="session",
    )  # fmt: skip
    names = {f"{metric}_difference{end}": name for end, name in (("", "value"), ("_low", "low"), ("_high", "high"))}
    rows = table[table["recipe"] != card.model_id].rename(columns=names | {"recipe": "group"})
    rows = rows.dropna(subset="value")[["group", "value", "low", "high", "n_images"]].sort_values("value")
    if rows.empty:
        st.caption(wording.NO_DIFFERENCE)
        return
    display = ForestDisplay(rows.reset_index(drop=True), wording.DIFFERENCE.format(wording.COMPARED[metric]), 0.0)
    evidence.chart(display, "differences")
    answered = table[(table["recipe"] != card.model_id) & table[metric].notna()]
    _name_missing(wording.WITHOUT_DIFFERENCE, answered, answered[f"{metric}_difference"].isna())
    evidence.origin(
        card, (COMPARISON,), METHODS["differences"], rows, f"differences_{metric}.csv", wording.COMPARISON_COMMAND
    )
