"""The sections of the dataset page, each drawn from tables of the bundle alone."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.plots import ClassBalanceDisplay, EpochDisplay, ForestDisplay, GroupsDisplay
from model.evaluation.splits import split_facts
from model.evaluation.subgroups import AGE_BANDS, NOT_ASSESSED, NOT_RECORDED
from ui import dataset_wording as wording
from ui import evidence

CLASSES, ATTRIBUTES, BALANCING = "dataset/class_balance.csv", "dataset/attributes.csv", "dataset/balancing.csv"
COUNTS, SPLITS = "dataset/class_counts.csv", "dataset/splits.csv"
STUDY, LEAKAGE = "results/balancing_study.csv", "results/leakage.csv"
STUDY_COLUMNS = ("method", "options", "metric", "value", "low", "high", "n_images", "n_lesions", "split", "interval")
SHOWN_BESIDE = ("balanced_accuracy", "melanoma_sensitivity", "melanoma_specificity", "melanoma_auc")


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
    evidence.grid(wording.SIZES, ("Set", "Images", "Lesions", "Images read", "Classes", "Imbalance"), rows)
    st.caption(wording.SIZES_HINT)


def _imbalance(counts: pd.Series) -> float:
    return counts[counts > 0].max() / counts[counts > 0].min()


def classes(card: Card) -> None:
    """Show the class balance of one set."""
    table = evidence.table(card, CLASSES)
    dataset = _choose_set(table)
    unit, logarithmic = _unit(), st.toggle(wording.SCALE, key="logarithmic", persist_state="session")
    chosen = table[(table["dataset"] == dataset) & (table["images"] > 0)].reset_index(drop=True)
    st.header(wording.CLASSES.format(wording.set_name(dataset)))
    names = dict(zip(chosen["label"], chosen["name"], strict=True))
    display = ClassBalanceDisplay(chosen, names, set(chosen["label"][chosen["malignant"]]), unit, logarithmic)
    evidence.chart(display, "classes")
    st.caption(" ".join([wording.HATCHED, *([wording.LESIONS_HINT] if unit == "lesions" else [])]))
    st.caption(_mapping(card, chosen))
    evidence.origin(card, (CLASSES,), wording.COMPUTED["classes"], display.table(), f"classes_{dataset}.csv",
                    wording.TABLES_COMMAND)  # fmt: skip


def _mapping(card: Card, chosen: pd.DataFrame) -> str:
    """Say which of a set's classes became another one, or none."""
    said, known = [], {label.code: label.name for label in card.labels}
    for row in chosen.itertuples():
        if row.seven not in known:
            said.append(wording.UNMAPPED.format(row.name))
        elif row.name != known[row.seven]:
            said.append(wording.MAPPED.format(row.name, known[row.seven]))
    return "; ".join(said) + "." if said else ""


def attributes(card: Card) -> None:
    """Show how the labels were confirmed, and age, sex, site and skin tone, of one class or all."""
    table, named = evidence.table(card, ATTRIBUTES), evidence.optional(card, CLASSES, "", ("dataset", "label", "name"))
    dataset = _choose_set(table)
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
    """Return group, images and, for one class, images_all; what was not recorded comes last."""
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


def balancing(card: Card) -> None:
    """Show what a way of balancing makes of an epoch, and what it did to a head trained with it."""
    table = evidence.table(card, BALANCING)
    ways = list(table[["method", "options"]].drop_duplicates().itertuples(index=False, name=None))
    way = st.selectbox(wording.METHOD, ways, format_func=lambda chosen: wording.method(*chosen), key="way",
                       persist_state="session")  # fmt: skip
    st.caption(wording.BALANCING_HINT)
    rows = _of_way(table, way).reset_index(drop=True)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(wording.EPOCH)
        logarithmic = st.toggle(wording.SCALE, key="logarithmic", persist_state="session")
        display = EpochDisplay(rows, {label.code: label.name for label in card.labels}, logarithmic)
        evidence.chart(display, "epoch")
    with right:
        st.header(wording.MEASURED)
        _measured(card, way)
    cells = display.table()[["name", "images", "draws", "class_weight"]].itertuples(index=False)
    grid = [
        (name, f"{images:,}", f"{draws:,.0f}", f"{1:.3f}", f"{weight:.3f}") for name, images, draws, weight in cells
    ]
    evidence.grid("", wording.EPOCH_COLUMNS, grid)
    evidence.origin(card, (BALANCING,), wording.COMPUTED["balancing"], display.table(), f"epoch_{way[0]}.csv",
                    wording.TABLES_COMMAND)  # fmt: skip


def _of_way(table: pd.DataFrame, way: tuple[str, str]) -> pd.DataFrame:
    return table[(table["method"] == way[0]) & (table["options"] == way[1])]


def _measured(card: Card, way: tuple[str, str]) -> None:
    study = evidence.optional(card, STUDY, "", STUDY_COLUMNS)
    rows = _of_way(study, way).set_index("metric")
    known = [metric for metric in SHOWN_BESIDE if metric in rows.index]
    if known:
        shown = rows.loc[known].reset_index().assign(name=[wording.MEASURES[metric] for metric in known])
        evidence.figures(wording.method(*way), shown)
        st.caption(wording.STUDY_NOTE.format(rows["features"].iloc[0]))
    elif len(study):
        st.info(wording.NOT_MEASURED)


def study(card: Card) -> None:
    """Show every way of balancing beside the others, in one figure."""
    st.header(wording.MEASURED_ALL)
    table = evidence.table(card, STUDY)
    offered = [metric for metric in wording.MEASURES if metric in set(table["metric"])]
    metric = st.selectbox(wording.MEASURE, offered, format_func=wording.MEASURES.get, key="measure",
                          persist_state="session")  # fmt: skip
    rows = table[table["metric"] == metric]
    names = [wording.method(*way) for way in rows[["method", "options"]].itertuples(index=False)]
    plain = rows["value"][rows["method"] == "none"]
    reference = None if plain.empty else float(plain.iloc[0])
    display = ForestDisplay(
        rows.assign(group=[evidence.on_lines(name) for name in names]), wording.MEASURES[metric], reference
    )
    evidence.chart(display, "study")
    st.caption(f"{wording.STUDY_LINE} {wording.STUDY_NOTE.format(rows['features'].iloc[0])}")
    method = wording.COMPUTED["study"].format(rows["interval"].iloc[0])
    evidence.origin(card, (STUDY,), method, rows, f"balancing_{metric}.csv", wording.STUDY_COMMAND)


def split(card: Card) -> None:
    """Show how many images and lesions each part has, and that no lesion is in two of them."""
    counts = evidence.table(card, COUNTS)
    dataset = _choose_set(counts)
    chosen = counts[counts["dataset"] == dataset].set_index(["label", "split"])
    parts = [part for part in wording.SPLITS if part in chosen.index.get_level_values("split")]
    total = counts[counts["dataset"] == dataset].groupby("split")[["images", "lesions"]].sum()
    rows = [(label.name, *(_cell(chosen, (label.code, part)) for part in parts)) for label in card.labels]
    rows.append(("All", *(_cell(total, part) for part in parts)))
    heading = wording.SPLIT_HEADING.format(wording.set_name(dataset))
    evidence.grid(heading, ("Class", *(wording.SPLITS[part] for part in parts)), rows)
    st.caption(f"{wording.SPLIT_HINT} {wording.SPLIT_RULE}")
    facts = split_facts(evidence.table(card, SPLITS))
    evidence.grid(
        wording.CHECKS, ("All sets together", ""), [(wording.CHECK_NAMES[k], f"{v:,}") for k, v in facts.items()]
    )
    evidence.origin(card, (COUNTS, SPLITS), wording.COMPUTED["split"], counts, "split.csv", wording.SPLIT_COMMAND)


def _cell(counts: pd.DataFrame, key) -> str:
    if key not in counts.index:
        return "none"
    return wording.CELL.format(*counts.loc[key, ["images", "lesions"]].astype(int))


def leakage(card: Card) -> None:
    """Show what a leak would have done to the figures, the honest one beside the inflated one."""
    st.header(wording.LEAKAGE)
    table = evidence.table(card, LEAKAGE)
    if table.empty:
        raise TableError("empty", f"The table {LEAKAGE} holds no row; run {wording.LEAKAGE_COMMAND} again.")
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
            pairs.append({"group": evidence.on_lines(name), "n_images": row["n_test"], **figures})
    return pd.DataFrame(pairs).astype({"n_images": "Int64"})


def _told(row: dict) -> str:
    """Say how many test photos a leak touched, and how it was made."""
    said = [f"**{wording.leak(row['leak'])}**"]
    if row["n_test_sharing_lesion"] > 0:
        said.append(wording.SHARING.format(int(row["n_test_sharing_lesion"]), int(row["n_test"])))
    if row["n_test_synthetic_parent"] > 0:
        said.append(wording.PARENTS.format(int(row["n_test_synthetic_parent"])))
    return "; ".join(said + ([] if pd.isna(row["note"]) else [str(row["note"])])) + "."


def _choose_set(table: pd.DataFrame) -> str:
    return st.selectbox(
        wording.SET, list(dict.fromkeys(table["dataset"])), format_func=wording.set_name,
        key=f"image_set_{table['dataset'].nunique()}", persist_state="session",
    )  # fmt: skip


def _unit() -> str:
    return st.segmented_control(
        wording.UNIT, wording.UNITS, format_func=wording.UNITS.get, default="images", required=True, key="unit",
        persist_state="session",
    )  # fmt: skip


SECTIONS = dict(
    zip(wording.SECTIONS, [(sizes, classes), (attributes,), (balancing, study), (split, leakage)], strict=True)
)
