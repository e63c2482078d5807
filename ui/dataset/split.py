"""How images were divided, and what a leaking split would have done to the figures."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.inputs.splits import split_facts
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui.dataset import wording
from ui.dataset.choices import choose_set

COUNTS, SPLITS, LEAKAGE = "dataset/class_counts.csv", "dataset/splits.csv", "results/leakage.csv"


def split(card: Card) -> None:
    """Show how many images and lesions each part has, and that no lesion is in two of them."""
    counts = evidence.table(card, COUNTS)
    dataset = choose_set(counts)
    chosen = counts[counts["dataset"] == dataset].set_index(["label", "split"])
    parts = [part for part in wording.SPLITS if part in chosen.index.get_level_values("split")]
    total = counts[counts["dataset"] == dataset].groupby("split")[["images", "lesions"]].sum()
    rows = [(label.name, *(_cell(chosen, (label.code, part)) for part in parts)) for label in card.labels]
    rows.append((wording.ALL, *(_cell(total, part) for part in parts)))
    heading = wording.SPLIT_HEADING.format(wording.set_name(dataset))
    evidence.grid(heading, (wording.CLASS, *(wording.SPLITS[part] for part in parts)), rows)
    st.caption(f"{wording.SPLIT_HINT} {wording.SPLIT_RULE}")
    evidence.origin(card, (COUNTS,), wording.COMPUTED["split"], counts, "split.csv", wording.SPLIT_COMMAND)


def checks(card: Card) -> None:
    """Show that no lesion is in two parts, counted from the split itself."""
    facts = split_facts(evidence.table(card, SPLITS))
    rows = [(wording.CHECK_NAMES[name], f"{count:,}") for name, count in facts.items()]
    evidence.grid(wording.CHECKS, (wording.CHECKED, ""), rows)
    saved = pd.DataFrame(rows, columns=["what", "count"])
    evidence.origin(card, (SPLITS,), wording.COMPUTED["checks"], saved, "split_checks.csv", wording.SPLIT_COMMAND)


def _cell(counts: pd.DataFrame, key) -> str:
    if key not in counts.index:
        return wording.NONE
    return wording.CELL.format(*counts.loc[key, ["images", "lesions"]].astype(int))


def leakage(card: Card) -> None:
    """Show what a leak would have done to the figures, the honest figure next to the inflated one."""
    st.header(wording.LEAKAGE)
    table = evidence.table(card, LEAKAGE)
    if table.empty:
        raise TableError("empty", f"The table {LEAKAGE} has no row; run {wording.LEAKAGE_COMMAND} again.")
    st.caption(wording.LEAKAGE_HINT)
    metrics = list(dict.fromkeys(table["metric"]))
    metric = st.selectbox(wording.MEASURE, metrics, format_func=wording.leak_measure, key="leak_measure",
                          persist_state="session")  # fmt: skip
    rows = table[table["metric"] == metric]
    method = st.selectbox(wording.CLASSIFIER, list(dict.fromkeys(rows["method"])), key=f"classifier_{metric}",
                          persist_state="session")  # fmt: skip
    rows = rows[rows["method"] == method]
    mistakes = rows[rows["leak"] != wording.NO_LEAK]
    if mistakes.empty:
        st.info(wording.NO_MISTAKE)
    else:
        evidence.chart(ForestDisplay(_pairs(mistakes), wording.leak_measure(metric)), "leakage")
        st.markdown("\n".join(f"- {_told(row)}" for row in mistakes.to_dict("records")))
    said = wording.COMPUTED["leakage"].format("; ".join(dict.fromkeys(rows["demonstration"])))
    evidence.origin(card, (LEAKAGE,), said, rows, "leakage.csv", wording.LEAKAGE_COMMAND)


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return two rows for each leak: the inflated figure, and the honest one below it."""
    pairs = []
    for row in rows.to_dict("records"):
        names = {"": wording.INFLATED.format(wording.leak(row["leak"])), "honest_": wording.HONEST}
        for prefix, name in names.items():
            figures = {key: row[prefix + key] for key in ("value", "low", "high")}
            pairs.append({"group": name, "n_images": row["n_test"], **figures})
    return pd.DataFrame(pairs).astype({"n_images": "Int64"})


def _told(row: dict) -> str:
    """Write how many test photos a leak affected, and how the leak was made."""
    said = [f"**{wording.leak(row['leak'])}**"]
    if row["n_test_sharing_lesion"] > 0:
        said.append(wording.SHARING.format(int(row["n_test_sharing_lesion"]), int(row["n_test"])))
    if row["n_test_synthetic_parent"] > 0:
        said.append(wording.PARENTS.format(int(row["n_test_synthetic_parent"])))
    return "; ".join(said + ([] if pd.isna(row["note"]) else [str(row["note"])])) + "."
