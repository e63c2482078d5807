"""The parts of a page: each shows one thing that the engine found."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from model import explain, report
from model.card import Card, Label
from model.errors import TableError
from model.evaluation.tables import load_table
from model.patient import UNKNOWN, Patient
from model.preprocess import Square
from ui import patient, pictures, state, wording

if TYPE_CHECKING:
    from model.pipeline import Analysis
    from model.predict import Prediction

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def frame() -> None:
    """Show what is around every page: logo, look and the disclaimer that never scrolls away."""
    st.logo(str(ASSETS / "logo.svg"), size="large")
    st.html(ASSETS / "theme.css")
    st.html(f'<footer class="disclaimer" role="note">{escape(wording.DISCLAIMER)}</footer>')


def photo_panel(analysis: "Analysis", pixels: np.ndarray, square: Square) -> None:
    """Show the photo with the square that the network sees, and let a person move it."""
    with st.container(key="photo_title"):
        st.html(f'<p class="eyebrow">{wording.PHOTO}</p>')
    _picture("photo", wording.PHOTO, pictures.framed(pixels, square))
    height, width = analysis.photo.pixels.shape[:2]
    side = analysis.square.side
    room = {"across": width - side, "down": height - side, "size": side}
    columns = st.container(key="frame_controls").columns(3, wrap=False)
    for column, (name, label) in zip(columns, wording.SQUARE.items(), strict=True):
        column.slider(
            label,
            state.SMALLEST if name == "size" else 0,
            100,
            key=name,
            format="%d %%",
            disabled=room[name] < 1,
            persist_state="session",
        )


def _picture(name: str, alt: str, pixels: np.ndarray) -> None:
    with st.container(key=f"{name}_picture"):
        st.image(pictures.jpeg(pixels), width="stretch", alt=alt)


def answer_panel(analysis: "Analysis") -> None:
    """Show the seven probabilities, malignant ones first, with their sum."""
    if analysis.prediction.abstained:
        st.warning(wording.NOTES[analysis.prediction.reason])
    else:
        st.html(differential(analysis.card, analysis.prediction, analysis.patient, analysis.photo_alone))
        patient.panel(analysis.card)
    for code in analysis.warnings:
        st.caption(wording.NOTES[code])


def differential(
    card: Card, prediction: "Prediction", known: Patient = UNKNOWN, alone: "Prediction | None" = None
) -> str:
    """Write the bar chart as a table that can also be read without seeing the bars.

    Where something is known of the patient, what the photo ``alone`` gives stands beside it.
    """
    beside = alone if known.known else None
    shares = [None] * len(card.labels) if beside is None else beside.probabilities
    triples = list(zip(card.labels, prediction.probabilities, shares, strict=True))
    top, most, _ = max(triples, key=lambda triple: triple[1])
    sums = {True: (prediction.malignant, beside and beside.malignant)}
    sums[False] = tuple(None if value is None else 1 - value for value in sums[True])
    groups = "".join(
        _group(malignant, sums[malignant], [triple for triple in triples if triple[0].malignant == malignant])
        for malignant in (True, False)
    )
    told = wording.TOLD.format(wording.patient(known)) if known.known else ""
    heads = f'<tr class="heads"><td></td><td>{wording.WITH_PATIENT}</td><td>{wording.PHOTO_ALONE}</td></tr>'
    return (
        f'<p class="eyebrow">{escape(wording.MOST_PROBABLE + told)}</p>'
        f'<p class="headline"><span>{escape(top.name)}</span><b>{wording.percent(most)}</b></p>'
        f'<table class="differential">{heads if beside else ""}{groups}</table>'
        f'<p class="remark">{wording.CLOSED_SET}</p>'
    )


def _group(malignant: bool, sums: tuple[float, float | None], triples: list[tuple[Label, float, float | None]]) -> str:
    kind = "malignant" if malignant else "benign"
    rows = "".join(_row(*triple) for triple in sorted(triples, key=lambda triple: -triple[1]))
    heading = f'<th scope="rowgroup">{wording.GROUPS[malignant]}</th>{_cells(*sums)}'
    return f'<tbody class="{kind}"><tr class="sum">{heading}</tr>{rows}</tbody>'


def _row(label: Label, value: float, alone: float | None) -> str:
    bar = f'<i style="width:{100 * value:.2f}%"></i>'
    name = f'<th scope="row">{escape(label.name)}<span class="bar">{bar}</span></th>'
    return f"<tr>{name}{_cells(value, alone)}</tr>"


def _cells(value: float, alone: float | None) -> str:
    beside = "" if alone is None else f'<td class="alone">{wording.percent(alone)}</td>'
    return f"<td>{wording.percent(value)}</td>{beside}"


def map_panel(analysis: "Analysis", pixels: np.ndarray, square: Square) -> None:
    """Show what counted for a class, with the choice of class, style and opacity."""
    names = {label.code: label.name for label in analysis.card.labels}
    with st.container(key="map_title", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="eyebrow">{wording.EXPLAINED}</p>', width="content")
        st.selectbox(
            wording.EXPLAINED,
            names,
            format_func=names.get,
            key="explained",
            label_visibility="collapsed",
            persist_state="session",
        )
    shown = state.shown()
    explanation = analysis.explanations[shown.code]
    picture = explain.overlay(pixels, explanation.heat, square, shown.opacity, shown.contours)
    _picture("map", f"{wording.EXPLAINED} {names[shown.code]}", picture)
    style, opacity, scale = st.container(key="map_controls").columns([8, 5, 7], wrap=False)
    style.segmented_control(wording.DRAWN_AS, wording.STYLES, key="drawn_as", required=True, persist_state="session")
    opacity.slider(wording.OPACITY, 0, 100, key="opacity", format="%d %%", persist_state="session")
    scale.html(_scale(explanation))


def _scale(explanation: explain.Explanation) -> str:
    """Write the colour bar of a map, or that there is nothing to colour."""
    if not explanation.informative:
        return f'<p class="remark">{wording.NO_EVIDENCE}</p>'
    colours = ",".join(f"rgb({red},{green},{blue})" for red, green, blue in explain.colour_bar()[::15])
    bar = f'<i style="background:linear-gradient(90deg,{colours})"></i>'
    return f'<p class="scale">{bar}<span>{wording.SCALE[0]}</span><span>{wording.SCALE[1]}</span></p>'


def evidence(card: Card) -> None:
    """Say, one click away, how good this model is and on what that was measured."""
    with st.popover(wording.EVIDENCE.format(card.version), width="stretch"):
        try:
            table = load_table(card, "results/metrics.csv")
        except TableError as error:
            st.markdown(str(error))
            return
        for (dataset, split), part in table[table.split != "validation"].groupby(["dataset", "split"]):
            st.html(_measured(dataset, split, part.set_index(["metric", "subject"])))
        st.caption(wording.EVIDENCE_HINT)


def _measured(dataset: str, split: str, table) -> str:
    whole = table.loc[("balanced_accuracy", "all")]
    heading = wording.measured_on(dataset, split, whole.n_images, whole.n_lesions)
    rows = "".join(
        f"<tr><th scope='row'>{name}</th><td>{wording.figure(table.loc[key].value)}</td>"
        f"<td class='interval'>{wording.interval(table.loc[key])}</td></tr>"
        for key, name in wording.METRICS.items()
        if key in table.index
    )
    return f"<table class='measured'><caption>{escape(heading)}</caption>{rows}</table>"


def downloads(analysis: "Analysis") -> None:
    """Offer the overlay as it is shown, and the answer as JSON; each is made when it is asked for."""
    shown = state.shown()
    left, right = st.columns(2)
    left.download_button(
        wording.SAVE_OVERLAY,
        lambda: report.overlay_png(analysis, shown.code, shown.opacity, shown.contours),
        f"overlay_{shown.code}.png",
        "image/png",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        wording.SAVE_RESULT,
        lambda: report.result_json(analysis),
        "result.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )
