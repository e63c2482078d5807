"""What is made of the probabilities: the diagnosis named, what cannot be told apart, what leaving answers out does."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.plots import ForestDisplay, LinesDisplay
from ui import evaluation_wording as wording
from ui import evidence
from ui.evaluation.choices import names
from ui.evaluation_methods import METHODS

RULES, SETS, ABSTENTION = "results/decision_rules.csv", "results/prediction_sets.csv", "results/abstention.csv"


def rules(card: Card) -> None:
    """Show both rules' figures on one set, side by side."""
    table = evidence.table(card, RULES)
    chosen = evidence.choose_set(table)
    rows = evidence.of_set(table, chosen)
    st.header(wording.RULES)
    harm = card.raw["decision"]["harms"]["mel"]
    st.caption(wording.RULES_HINT.format(harm, card.raw["decision"]["share_exponent"]))
    figures = rows.set_index(["metric", "subject", "rule"])
    listed = [
        (f"{_name(card, *key)}, n = {part.n_images.iloc[0]:,}", *(_cell(figures, key, rule) for rule in wording.RULE))
        for key, part in rows.groupby(["metric", "subject"], sort=False)
    ]
    evidence.grid("", (wording.FIGURE, *wording.RULE.values()), listed)
    evidence.origin(card, (RULES,), METHODS["rules"], rows, "decision_rules.csv")


def _name(card: Card, metric: str, subject: str) -> str:
    said = wording.RULE_METRICS[metric]
    return said if subject == ALL else f"{said}, {wording.subject(subject, names(card))}"


def _cell(figures: pd.DataFrame, key: tuple[str, str], rule: str) -> str:
    row = figures.loc[(*key, rule)]
    low, high = wording.number(row["low"]), wording.number(row["high"])
    return f"{wording.number(row['value'])} {wording.bracket(low, high)}"


def sets(card: Card) -> None:
    """Show how often the set of diagnoses holds the true one, at the level chosen."""
    table = evidence.table(card, SETS)
    st.header(wording.PREDICTION_SETS)
    levels = sorted(table["level"].unique())
    level = st.segmented_control(
        wording.LEVEL, levels, default=levels[0], format_func=wording.share, required=True, key="set_level",
        persist_state="session",
    )  # fmt: skip
    rows = table[(table["level"] == level) & ~table["split"].str.startswith("validation")]
    cover = rows[(rows["metric"] == "coverage") & rows["subject"].isin((ALL, MALIGNANT, "mel", "benign"))]
    drawn = pd.concat([cover, rows[rows["subject"].str.startswith(f"{MALIGNANT}, ")]]).sort_index()
    groups = [
        f"{wording.set_name((row.dataset, row.split))}: {wording.subject(row.subject, names(card))}"
        for row in drawn.itertuples()
    ]
    evidence.chart(ForestDisplay(drawn.assign(group=groups), wording.COVERAGE, float(level)), "coverage")
    st.caption(wording.SETS_HINT)
    size = rows[(rows["metric"] == "size") | ((rows["metric"] == "no_malignant") & (rows["subject"] == MALIGNANT))]
    named = [
        f"{wording.set_name((row.dataset, row.split))}: {wording.SET_METRICS[row.metric]}" for row in size.itertuples()
    ]
    evidence.figures("", size.assign(name=named))
    evidence.origin(card, (SETS,), METHODS["sets"], table, "prediction_sets.csv")


def abstention(card: Card) -> None:
    """Show what answering the surest photos only changes."""
    table = evidence.table(card, ABSTENTION)
    rows = evidence.of_set(table, evidence.ordered_sets(table)[0])
    st.header(wording.ABSTENTION)
    st.caption(wording.ABSTENTION_HINT.format(wording.set_name((rows["dataset"].iloc[0], rows["split"].iloc[0]))))
    keys = list(zip(rows["metric"], rows["subject"], strict=True))
    lines = rows.assign(x=100 * rows["coverage"], series=[wording.ABSTENTION_LINES.get(key) for key in keys])
    lines = lines.dropna(subset="series")
    evidence.chart(LinesDisplay(lines, wording.ANSWERED, wording.SHARE_OF_IMAGES), "abstention")
    evidence.origin(card, (ABSTENTION,), METHODS["abstention"], table, "abstention.csv")
