"""Which classes each image set contains, how they were confirmed, and in which patients."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.evaluation.plots import ClassBalanceDisplay, GroupsDisplay
from model.evaluation.subgroups import AGE_BANDS, NOT_ASSESSED, NOT_RECORDED
from ui import evidence
from ui.dataset import wording
from ui.dataset.choices import choose_set, logarithmic

CLASSES, ATTRIBUTES = "dataset/class_balance.csv", "dataset/attributes.csv"


def sizes(card: Card) -> None:
    """Show how large and how imbalanced each set is."""
    table = evidence.table(card, CLASSES)
    rows = []
    for dataset, classes in table.groupby("dataset", sort=False):
        imbalance = [wording.IMBALANCE.format(_imbalance(classes[unit])) for unit in wording.UNITS]
        images, lesions, read = (classes[name].sum() for name in ("images", "lesions", "images_read"))
        filled = (classes["images"] > 0).sum()
        counted = (f"{images:,}", f"{lesions:,}", f"{read:,}", filled)
        rows.append((wording.set_name(dataset), *counted, f"{imbalance[0]} ({imbalance[1]})"))
    evidence.grid(wording.SIZES, wording.SIZE_COLUMNS, rows)
    st.caption(wording.SIZES_HINT)
    saved = pd.DataFrame(rows, columns=list(wording.SIZE_COLUMNS))
    command = wording.TABLES_COMMAND
    evidence.origin(card, (CLASSES,), wording.COMPUTED["classes"], saved, "image_sets.csv", command)


def _imbalance(counts: pd.Series) -> float:
    return counts[counts > 0].max() / counts[counts > 0].min()


def classes(card: Card) -> None:
    """Show the class balance of one set."""
    table = evidence.table(card, CLASSES)
    dataset = choose_set(table)
    unit, scaled = _unit(), logarithmic()
    chosen = table[(table["dataset"] == dataset) & (table["images"] > 0)].reset_index(drop=True)
    st.header(wording.CLASSES.format(wording.set_name(dataset)))
    names = dict(zip(chosen["label"], chosen["name"], strict=True))
    display = ClassBalanceDisplay(chosen, names, set(chosen["label"][chosen["malignant"]]), unit, scaled)
    evidence.chart(display, "classes")
    st.caption(" ".join([wording.HATCHED, *([wording.LESIONS_HINT] if unit == "lesions" else [])]))
    st.caption(_mapping(card, chosen))
    evidence.origin(card, (CLASSES,), wording.COMPUTED["classes"], display.table(), f"classes_{dataset}.csv",
                    wording.TABLES_COMMAND)  # fmt: skip


def _mapping(card: Card, chosen: pd.DataFrame) -> str:
    """Write which of a set's classes count as another class, and which are not used."""
    said, known = [], card.names
    for row in chosen.itertuples():
        if row.seven not in known:
            said.append(wording.UNMAPPED.format(row.name))
        elif row.name != known[row.seven]:
            said.append(wording.MAPPED.format(row.name, known[row.seven]))
    return "; ".join(said) + "." if said else ""


def attributes(card: Card) -> None:
    """Show how the labels were confirmed, and age, sex, site and skin tone, of one class or all."""
    table, named = evidence.table(card, ATTRIBUTES), evidence.optional(card, CLASSES, "", ("dataset", "label", "name"))
    dataset = choose_set(table)
    attribute = st.segmented_control(
        wording.ATTRIBUTE, wording.ATTRIBUTES, format_func=wording.ATTRIBUTES.get, default="confirmation",
        required=True, key="attribute", persist_state="session",
    )  # fmt: skip
    rows = table[(table["dataset"] == dataset) & (table["attribute"] == attribute)]
    if (rows["group"] == NOT_ASSESSED).all():
        st.info(wording.NOT_KNOWN.format(wording.set_name(dataset)))
        return
    shown = _groups(rows, _choose_class(dataset, rows, named), attribute)
    missing = wording.group(attribute, NOT_RECORDED)
    display = GroupsDisplay(shown, {missing})
    evidence.chart(display, "attributes")
    notes = [wording.MISSING_HATCHED] if (shown["group"] == missing).any() else []
    st.caption(" ".join([*notes, wording.ATTRIBUTE_NOTES.get(attribute, "")]))
    evidence.origin(card, (ATTRIBUTES,), wording.COMPUTED["attributes"], rows, f"{attribute}_{dataset}.csv",
                    wording.TABLES_COMMAND)  # fmt: skip


def _choose_class(dataset: str, rows: pd.DataFrame, named: pd.DataFrame) -> str:
    named = named[named["dataset"] == dataset]
    names = dict(zip(named["label"], named["name"], strict=True))
    labels = sorted(rows["label"].unique(), key=lambda label: list(names).index(label) if label in names else 0)
    offered = {wording.EVERY_CLASS: wording.EVERY_CLASS} | {label: names.get(label, label) for label in labels}
    return st.selectbox(
        wording.CLASS, offered, format_func=offered.get, key=f"class_{dataset}", persist_state="session"
    )


def _groups(rows: pd.DataFrame, label: str, attribute: str) -> pd.DataFrame:
    """Return group, images and, for one class, images_all; the group "not recorded" comes last."""
    total = rows.groupby("group")["images"].sum()
    total = total.loc[sorted(total.index, key=lambda group: _place(group, attribute, total))]
    table = pd.DataFrame({"group": [wording.group(attribute, group) for group in total.index]})
    if label == wording.EVERY_CLASS:
        return table.assign(images=total.to_numpy())
    of_class = rows[rows["label"] == label].set_index("group")["images"].reindex(total.index, fill_value=0)
    return table.assign(images=of_class.to_numpy(), images_all=total.to_numpy())


def _place(group: str, attribute: str, total: pd.Series) -> tuple:
    natural = {"age": list(AGE_BANDS).index(group) if group in AGE_BANDS else 0, "skin_tone": group}
    return group == NOT_RECORDED, natural.get(attribute, -total[group])


def _unit() -> str:
    return st.segmented_control(
        wording.UNIT, wording.UNITS, format_func=wording.UNITS.get, default="images", required=True, key="unit",
        persist_state="session",
    )  # fmt: skip
