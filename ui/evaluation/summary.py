"""What the model finds, what it misses and where it was not measured; then a table, a chart, and earlier systems."""

import re

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.confusion import commonest_mistake
from model.evaluation.decisions.decision_rules import MOST_PROBABLE
from model.evaluation.decisions.evidence import outside_statements
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording
from ui.evaluation.choices import COMPARED, COMPARISON, CONFUSION, METRICS, POINTS, earlier_systems
from ui.evaluation.decisions.rules import RULES
from ui.evaluation.decisions.wording import EARLIER, OUTSIDE, THIS
from ui.evaluation.methods import METHODS

DRAWN = (("balanced_accuracy", ALL), ("auc", "mel"), ("auc", MALIGNANT))
LEAST_TOLD = re.compile(r":|, with ")  # the text after it in the card's list of groups is the reason


def sentences(card: Card) -> None:
    """Write three sentences: what is found, what is missed, and who was not measured."""
    points = evidence.table(card, POINTS)
    said, named = [], card.raw.get("thresholds", [])
    point = next((entry for entry in named if entry.get("role") == "rule_out"), named[0] if named else None)
    tests = [chosen for chosen in evidence.ordered_sets(points) if chosen[1] != "validation"]
    if point and tests:
        rows = evidence.of_set(points, tests[0])
        rows = rows[rows["point"] == point["name"]].set_index("metric")
        name = wording.subject(point["subject"], card.names)
        said += [_found(rows, tests[0], point, name), _missed(card, rows, tests[0], name)]
    groups = [LEAST_TOLD.split(entry)[0] for entry in card.raw.get("human", {}).get("under_represented", [])]
    if groups:
        said.append(wording.NOT_MEASURED.format("; ".join(groups).lower()))
    st.markdown("\n".join(f"- {sentence}" for sentence in said))


def _found(rows: pd.DataFrame, chosen: evidence.Set, point: dict, name: str) -> str:
    found, spared = rows.loc["sensitivity"], rows.loc["specificity"]
    return wording.FOUND.format(
        shared.set_name(chosen), wording.share(point["value"]), round(found["value"] * found["n_images"]),
        found["n_images"], name, _percent(found), _percent(spared), spared["n_images"],
    )  # fmt: skip


def _missed(card: Card, rows: pd.DataFrame, chosen: evidence.Set, name: str) -> str:
    found = rows.loc["sensitivity"]
    said = wording.MISSED.format(round((1 - found["value"]) * found["n_images"]), found["n_images"], name)
    mistake = commonest_mistake(evidence.of_set(evidence.table(card, CONFUSION), chosen))
    if mistake is None:
        return said
    label, called = (card.names[mistake[key]].lower() for key in ("label", "predicted"))
    return f"{said} {wording.MISTAKE.format(label, called, mistake['count'])}"


def _percent(row: pd.Series) -> str:
    value, low, high = (f"{100 * row[name]:.0f}" for name in ("value", "low", "high"))
    return f"{value} % [{low}, {high}]"


def figures(card: Card) -> None:
    """Show every main figure of every test set in one table, and the three that matter most in one chart."""
    metrics = evidence.table(card, METRICS)
    sets = evidence.ordered_sets(metrics)
    tests = [chosen for chosen in sets if chosen[1] != "validation"]
    if not tests:
        st.info(wording.ONLY_VALIDATION)
    st.header(wording.HEADLINE)
    if tests:
        left, right = st.container(key="pair_figures").columns([11, 10], gap="large")
        with left:
            evidence.grid("", *_table(card, metrics, tests))
        with right:
            evidence.chart(ForestDisplay(_drawn(metrics, tests), wording.VALUE), "headline")
    for found in outside_statements(card):
        share = wording.share(found["sensitivity"])
        model = THIS if found["model"] == card.version else EARLIER.format(found["model"])
        st.caption(OUTSIDE.format(model, found["set"], found["point"], share))
    if len(tests) < len(sets):
        with st.expander(wording.VALIDATION_FIGURES):
            st.caption(shared.VALIDATION)
            evidence.grid("", *_table(card, metrics, [chosen for chosen in sets if chosen not in tests]))
    bootstraps = ", ".join(name for name in metrics["interval"].unique() if name.startswith("bootstrap"))
    evidence.origin(card, (METRICS,), METHODS["overview"].format(bootstraps), metrics, "metrics.csv")


def _table(card: Card, metrics: pd.DataFrame, sets: list[evidence.Set]) -> tuple[tuple[str, ...], list[tuple]]:
    """Return header and rows: one figure per row, one set per column, n once in the header."""
    by_set = {chosen: evidence.of_set(metrics, chosen) for chosen in sets}
    header = [_counted(card, chosen, rows) for chosen, rows in by_set.items()]
    cells = {chosen: rows.set_index(["metric", "subject"]) for chosen, rows in by_set.items()}
    body = [(name, *(_cell(cells[chosen], key) for chosen in sets)) for key, name in wording.HEADLINE_METRICS.items()]
    return (wording.FIGURE, *header), body


def _counted(card: Card, chosen: evidence.Set, rows: pd.DataFrame) -> str:
    whole = rows[rows["metric"] == "accuracy"].iloc[0]
    present = rows["subject"][(rows["metric"] == "sensitivity") & rows["subject"].isin(card.codes)].nunique()
    said = f"{shared.set_name(chosen)}: {shared.size(whole['n_images'], whole['n_lesions'])}"
    return said if present == len(card.codes) else f"{said}, {wording.CLASSES.format(present, len(card.codes))}"


def _cell(rows: pd.DataFrame, key: tuple[str, str]) -> str:
    if key not in rows.index:
        return wording.NOTHING
    return wording.estimate(rows.loc[key])


def _drawn(metrics: pd.DataFrame, tests: list[evidence.Set]) -> pd.DataFrame:
    parts = [
        evidence.of_set(metrics, chosen)[lambda rows, key=key: (rows["metric"] == key[0]) & (rows["subject"] == key[1])]
        for key in DRAWN
        for chosen in tests
    ]
    rows = pd.concat(parts, ignore_index=True)
    group = [
        f"{wording.HEADLINE_METRICS[row.metric, row.subject]}: {shared.SETS.get(row.dataset, row.dataset)}"
        for row in rows.itertuples()
    ]
    return rows.assign(group=group)


def ancestors(card: Card) -> None:
    """Show the best earlier system of each family and the bundled model on the same images."""
    table = evidence.table(card, COMPARISON, COMPARED)
    st.header(wording.ANCESTORS)
    judged = table.iloc[0]
    st.caption(wording.SAME_IMAGES.format(shared.size(judged["n_images"], judged["n_lesions"])) + without_rule(card))
    metrics = [name for name in wording.ANCESTOR_METRICS if name in table]
    own = table[table["recipe"] == card.model_id].head(1)
    rows = [(wording.BUNDLED, *(_compared(own.iloc[0], name) for name in metrics))] if len(own) else []
    for family, systems in earlier_systems(table).groupby("family"):
        areas = [name for name in wording.AREAS if name in metrics]  # AUC does not depend on a decision rule
        judged = next((name for name in areas if systems[name].notna().all()), metrics[-1])
        best = systems.sort_values(judged, ascending=False).iloc[0]
        rows.append((f"{family}: {best['recipe']}", *(_compared(best, name) for name in metrics)))
    evidence.grid("", (wording.SYSTEM, *(wording.ANCESTOR_METRICS[name] for name in metrics)), rows)
    command = wording.COMPARISON_COMMAND
    evidence.origin(card, (COMPARISON,), METHODS["comparison"], table, "comparison.csv", command)


def without_rule(card: Card) -> str:
    """Write this model's balanced accuracy as the earlier systems have it, whose answer is the most probable class."""
    if RULES not in card.raw.get("tables", {}):
        return ""
    rules = evidence.table(card, RULES)
    home = evidence.of_set(rules, ("ham10000", "internal_test"))
    row = home[(home["rule"] == MOST_PROBABLE) & (home["metric"] == "balanced_accuracy")]
    return f" {wording.WITHOUT_RULE.format(wording.estimate(row.iloc[0]))}" if len(row) else ""


def _compared(row: pd.Series, metric: str) -> str:
    if pd.isna(row[metric]):
        return wording.NOTHING
    return wording.estimate(row, metric, (f"{metric}_low", f"{metric}_high"))
