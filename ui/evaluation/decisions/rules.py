"""Which diagnosis is named: the most probable one, or the one by the rule that weights harm."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui.evaluation import wording as evaluation_wording
from ui.evaluation.decisions import wording
from ui.evaluation.methods import METHODS
from ui.wording import SETS

RULES = "results/decision_rules.csv"


def rules(card: Card) -> None:
    """Compare both rules: their main effects on every test set, and every figure of one set."""
    table, entry = evidence.table(card, RULES), card.raw.get("decision", {})
    st.header(wording.RULES)
    if "harms" in entry:
        st.caption(wording.RULES_HINT.format(entry["harms"]["mel"], entry["share_exponent"]))
    evidence.chart(ForestDisplay(_drawn(table), wording.NAMED_RIGHTLY), "rules")
    with evidence.bar():
        chosen = evidence.choose_set(table)
    evidence.warn_of_validation(chosen)
    rows = evidence.of_set(table, chosen)
    figures = rows.set_index(["metric", "subject", "rule"])
    listed = [
        (f"{_name(card, *key)}, n = {part.n_images.iloc[0]:,}", *(_cell(figures, key, rule) for rule in wording.RULE))
        for key, part in rows.groupby(["metric", "subject"], sort=False)
    ]
    evidence.grid("", (evaluation_wording.FIGURE, *wording.RULE.values()), listed)
    tie = entry.get("near_tie")
    if tie:
        counts = (tie[name] for name in ("named_right", "second_right"))
        st.caption(
            wording.TIES.format(evaluation_wording.share(tie["ratio"]), tie["n_images"], entry["n_images"], *counts)
        )
    evidence.origin(card, (RULES,), METHODS["rules"], rows, "decision_rules.csv")


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return melanomas named and benign images spared on every test set, one row per rule."""
    rows = table[table["split"] != "validation"]
    keys = list(zip(rows["metric"], rows["subject"], strict=True))
    said = pd.Series([wording.RULES_DRAWN.get(key) for key in keys], rows.index)
    rows = rows.assign(said=said, order=said.map(list(wording.RULES_DRAWN.values()).index, "ignore"))
    rows["group"] = [
        f"{SETS.get(row.dataset, row.dataset)}: {row.said}, {wording.RULE_SHORT[row.rule]}" for row in rows.itertuples()
    ]
    return rows.dropna(subset="said").sort_values("order", kind="stable").reset_index(drop=True)


def _name(card: Card, metric: str, subject: str) -> str:
    said = wording.RULE_METRICS[metric]
    return said if subject == ALL else f"{said}, {evaluation_wording.subject(subject, card.names)}"


def _cell(figures: pd.DataFrame, key: tuple[str, str], rule: str) -> str:
    return evaluation_wording.estimate(figures.loc[(*key, rule)])
