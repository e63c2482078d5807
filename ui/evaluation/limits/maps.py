"""How far heat maps can be trusted, and how well the outline agrees with masks."""

import numpy as np
import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import TableError
from model.evaluation.plots.forest import ForestDisplay
from model.evaluation.subgroups import FEWEST_CASES
from ui import evidence
from ui import wording as shared
from ui.evaluation.limits import wording
from ui.evaluation.methods import METHODS

MAPS, OUTLINE, FRAME = "results/faithfulness.csv", "results/outline.csv", "results/outline_frame.csv"
BESIDE = "results/outline_beside.csv"
ALL = "all"
NET = "insertion less deletion"
GAIN = f"{NET}, gain over gradcam"
UNMOVED = 0.5  # rank correlation with the map of a network that has forgotten the classes


def faithfulness(card: Card) -> None:
    """Show one figure of every map beside those of baselines that see no network."""
    table = evidence.table(card, MAPS)
    test = table[(table["split"] != "validation") & (table["metric"] != GAIN)]
    test = test.assign(figure=test["metric"].map(wording.map_figure))
    with evidence.bar():
        figures = [name for name in wording.MAP_FIGURES if name in set(test["figure"])]
        figure = st.selectbox(
            wording.MAP_FIGURE, figures, format_func=lambda name: wording.MAP_FIGURES[name][0], key="map_figure",
            width=2 * evidence.CHOICE, persist_state="session",
        )  # fmt: skip
        rows = test[test["figure"] == figure]
        subjects = list(dict.fromkeys(rows["subject"]))
        names = card.names | {ALL: wording.ALL_CLASSES}
        subject = st.selectbox(
            wording.MAP_SUBJECT, subjects, format_func=lambda code: names.get(code, code), key=f"map_subject_{figure}",
            width=evidence.CHOICE, persist_state="session",
        )  # fmt: skip
    rows = rows[rows["subject"] == subject]
    st.caption(f"{wording.MAPS_HINT} {wording.MAP_FIGURES[figure][1]}")
    shown = rows.assign(group=[_name(*row) for row in rows[["method", "metric"]].itertuples(index=False)])
    evidence.chart(ForestDisplay(shown, wording.MAP_FIGURES[figure][0], 0.0), "maps")
    if figure in ("head", "deeper") and len(unmoved(table)):
        st.markdown(wording.UNINFORMATIVE.format(", ".join(_name(name, NET) for name in unmoved(table)["method"])))
    st.markdown(earned(table))
    evidence.origin(card, (MAPS,), METHODS["maps"], table, "faithfulness.csv", wording.MAP_COMMAND)


def _name(method: str, metric: str) -> str:
    """Write a map's name, and what it was compared with or what was changed where there are several."""
    name, figure = wording.MAP_NAMES.get(method, method), wording.map_figure(metric)
    if figure == "agreement":
        other = metric.removeprefix("agreement with ")
        return f"{name}; {wording.MAP_NAMES.get(other, other)}"
    return name if figure == metric or figure == "head" else f"{name}; {metric.rpartition(', ')[2]}"


def earned(table: pd.DataFrame) -> str:
    """Write which map earned the default on validation, and what others gained over it there and on the test."""
    gains = table[table["metric"] == GAIN]
    chosen, test = gains[gains["split"] == "validation"], gains[gains["split"] != "validation"]
    better = chosen[chosen["low"] > 0].sort_values("value")
    verdict = wording.BETTER.format(_name(better["method"].iloc[-1], NET)) if len(better) else wording.NONE_BETTER
    said = f"{wording.DEFAULT_EARNED.format(wording.DEFAULT_RULE + verdict)} {_gains(chosen)}."
    return f"{said} {wording.ON_TEST.format(_gains(test))}" if len(test) else said


def _gains(rows: pd.DataFrame) -> str:
    said = []
    for row in rows.to_dict("records"):
        figures = (shared.number(row[key], 3) for key in ("value", "low", "high"))
        said.append(wording.GAIN.format(_name(row["method"], NET), *figures))
    return "; ".join(said)


def unmoved(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of maps that hardly change when the last layer is shuffled: correlation surely above .5."""
    return table[(table["metric"].map(wording.map_figure) == "head") & (table["low"] > UNMOVED)]


def outlines(card: Card) -> None:
    """Show agreement with masks by class."""
    table = evidence.table(card, OUTLINE)
    with evidence.bar():
        chosen = evidence.choose_set(table)
        metrics = [name for name in wording.OUTLINE_FIGURES if name in set(table["metric"])]
        metric = st.selectbox(
            wording.MAP_FIGURE, metrics, format_func=wording.OUTLINE_FIGURES.get, key="outline_figure",
            width=2 * evidence.CHOICE, persist_state="session",
        )  # fmt: skip
    rows = evidence.of_set(table, chosen)
    rows = rows[rows["metric"] == metric]
    whole = rows[rows["label"] == ALL].iloc[0]
    evidence.measured_on(chosen, whole["n_images"], whole["n_lesions"])
    st.caption(wording.OUTLINE_HINT)
    names = card.names | {ALL: wording.ALL_CLASSES}
    shown = rows.assign(group=rows["label"].map(lambda code: names.get(code, code)))
    evidence.chart(ForestDisplay(shown, wording.OUTLINE_FIGURES[metric], float(whole["value"])), "outline")
    evidence.origin(card, (OUTLINE,), METHODS["outline"], table, "outline.csv", wording.OUTLINE_COMMAND)


def frames(card: Card) -> None:
    """Show what a frame around the lesion does to the melanoma AUC on validation."""
    table = evidence.table(card, FRAME)
    rows = table[table["frame"] == "difference"]
    st.header(wording.FRAME)
    st.caption(wording.FRAME_HINT)
    names = [
        wording.FRAMED.format(shared.set_name((row["dataset"], row["split"])), row["margin"])
        for row in rows.to_dict("records")
    ]
    evidence.chart(ForestDisplay(rows.assign(group=names), wording.FRAME_CHANGE, 0.0), "frames")
    evidence.origin(card, (FRAME,), METHODS["outline_frame"], table, "outline_frame.csv", wording.OUTLINE_COMMAND)


def beside(card: Card) -> None:
    """Show how many frames of one's own get no answer, on bare skin and on the lesion."""
    rows = evidence.table(card, BESIDE, ("dataset", "split", "shows", "share", "value", "low", "high", "n_images"))
    rows = rows.replace([np.inf, -np.inf], np.nan).dropna(subset=["share", "value"])
    rows = rows[rows["n_images"] >= FEWEST_CASES]
    if rows.empty:
        raise TableError("damaged", wording.NO_FRAMES.format(BESIDE))
    first = (rows["dataset"].iloc[0], rows["split"].iloc[0])
    rows = evidence.of_set(rows, first)
    st.header(wording.BESIDE)
    st.caption(wording.BESIDE_HINT.format(shared.set_name(first)))
    names = [wording.BESIDE_ROW.format(shows, share) for shows, share in zip(rows["shows"], rows["share"], strict=True)]
    evidence.chart(ForestDisplay(rows.assign(group=names), wording.BESIDE_SHARE), "beside")
    evidence.origin(
        card,
        (BESIDE,),
        METHODS["outline_beside"].format(FEWEST_CASES),
        rows,
        "outline_beside.csv",
        wording.OUTLINE_COMMAND,
    )
