"""Maps by other methods, contrasts of two classes, and what chosen cells add."""

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from PIL import Image

from model.card import Card
from model.errors import TableError
from model.maps import methods
from model.maps.export import npz_bytes
from model.report import Drawn, file_stem, overlay_png
from ui import cached, evidence
from ui.analyse import state
from ui.analyse import wording as analyse
from ui.analyse.closer import wording
from ui.analyse.photo import picture
from ui.evaluation.limits.maps import MAPS as FAITHFULNESS
from ui.evaluation.limits.maps import unmoved

if TYPE_CHECKING:
    from model.pipeline import Analysis

OPEN = "closer_maps"  # session key: whether the expander is open
KEPT = "maps_kept"  # session key: what was computed for the answer on the screen
WANTED = "map_wanted"  # session key: what a person has just asked for


def panel(analysis: "Analysis") -> None:
    """Offer the maps behind a closed expander."""
    expander = st.expander(wording.MAPS, key=OPEN, on_change="rerun")
    if expander.open:  # pictures and chart are not made for a closed one
        with expander:
            _choose(analysis)


def _choose(analysis: "Analysis") -> None:
    """Let a person choose a map, compute it when asked to, and show it.

    No fragment: Streamlit lets a fragment run to its end before it runs it again, so that Stop would come too late.
    """
    names = analysis.card.names
    method, code, against = st.columns([5, 4, 4])
    chosen = method.selectbox(
        wording.METHOD, methods.METHODS, format_func=wording.method, key="map_method", persist_state="session"
    )
    one = code.selectbox(
        wording.FOR, state.by_probability(analysis), format_func=names.get, key="map_for", persist_state="session"
    )
    additive = chosen == methods.GRADCAM
    others = [None, *(other for other in names if other != one)]
    other = against.selectbox(
        wording.AGAINST, others, format_func=lambda name: names.get(name, wording.NOTHING), key=f"map_against_{one}",
        disabled=not additive, persist_state="session",
    )  # fmt: skip
    st.caption(f"{wording.about(chosen)} {caution(analysis.card, chosen)}")
    raw = _map(analysis, chosen, one, other if additive else None)
    if raw is not None:
        _show(analysis, chosen, one, other if additive else None, raw)


def caution(card: Card, method: str) -> str:
    """Write that a map hardly depends on what was learnt, if that was measured; else nothing."""
    try:
        rows = unmoved(evidence.table(card, FAITHFULNESS))
    except TableError:
        return ""
    found = rows[rows["method"] == method]
    return wording.UNMOVED.format(found["value"].iloc[0]) if len(found) else ""


def _map(analysis: "Analysis", method: str, one: str, other: str | None) -> np.ndarray | None:
    """Return a map in its own units: at once where it comes with the answer, else when it was asked for."""
    if method == methods.GRADCAM:
        maps = np.stack([analysis.explanations[code].raw for code in analysis.card.codes])
        index = analysis.card.codes.index
        return maps[index(one)] - (0 if other is None else maps[index(other)])  # logits of one class less the other's
    kept, name = st.session_state.setdefault(KEPT, {}), (state.name(), method, one)
    if name not in kept:
        place = st.empty()
        if st.session_state.pop(WANTED, None) != name:
            place.button(wording.compute(method), key=f"compute_{method}_{one}", on_click=_want, args=(name,))
            return None
        found = _computed(analysis, method, one, place)
        for old in [old for old in kept if old[0] != state.name()]:
            del kept[old]
        kept[name] = found
        place.empty()
    return kept[name]


def _want(name: tuple[str, str, str]) -> None:
    """Ask for a map (a button's callback)."""
    st.session_state[WANTED] = name


def _computed(analysis: "Analysis", method: str, code: str, place) -> np.ndarray:
    """Compute a map with a progress bar; a press on Stop ends this run of the page, and the work with it."""
    classifier = cached.analyser().classifier
    with place.container():
        bar = st.progress(0.0, wording.COMPUTING)
        st.button(wording.STOP, key=f"stop_{method}_{code}")
    features = classifier.run(analysis.view[None].astype(np.float32)).features[0]
    steps = methods.compute(method, classifier, analysis.view, features, analysis.card.codes.index(code))
    try:
        for step in steps:
            if isinstance(step, np.ndarray):
                return step
            bar.progress(float(step), wording.COMPUTING)
    finally:
        steps.close()
    raise AssertionError("a method ends with its map")


def _show(analysis: "Analysis", method: str, one: str, other: str | None, raw: np.ndarray) -> None:
    names = [analysis.card.label(code).name for code in (one, other) if code]
    drawn = drawing(method, names, raw)
    left, right = st.columns(2)
    with left:
        pixels, square = state.screen(analysis, analysis.square)
        picture(drawn.title, drawn.over(pixels, square, state.shown().opacity))
        st.caption(wording.ends(drawn, names))
        _downloads(analysis, method, one, other, raw, drawn)
    with right:
        if methods.METHODS[method].additive:
            _cells(analysis, raw, names)


def drawing(method: str, names: list[str], raw: np.ndarray) -> Drawn:
    """Return how a map is drawn: one class by its positive part, a contrast of two by both parts on one scale."""
    title = f"{methods.METHODS[method].name}, {wording.against(names)}"
    if len(names) == 1:
        return Drawn(title, methods.heat_of(raw))
    strongest = max(float(np.abs(raw).max()), 1e-6)
    parts = (np.maximum(sign * raw, 0).astype(np.float32) / strongest for sign in (1, -1))
    return Drawn(title, *parts, ends=(names[1], names[0]))


def _downloads(analysis: "Analysis", method: str, one: str, other: str | None, raw: np.ndarray, drawn: Drawn) -> None:
    stem = f"{file_stem(analysis)}_{method}_{one}{f'-{other}' if other else ''}"
    opacity = state.shown().opacity
    with st.container(horizontal=True):
        st.download_button(
            analyse.SAVE_OVERLAY, lambda: overlay_png(analysis, one, opacity, drawn=drawn), f"{stem}.png", "image/png",
            on_click="ignore", type="tertiary", key="map_png",
        )  # fmt: skip
        codes = "-".join(code for code in (one, other) if code)
        st.download_button(
            wording.SAVE_ARRAY, lambda: npz_bytes(raw, codes, method, analysis.card), f"{stem}.npz",
            "application/octet-stream", on_click="ignore", type="tertiary", key="map_npz",
        )  # fmt: skip


def _cells(analysis: "Analysis", raw: np.ndarray, names: list[str]) -> None:
    """Let a person choose cells of an additive map on the view, by a click or a box, and say what they add."""
    found = st.plotly_chart(
        cells_figure(analysis.view, raw), width="stretch", key=f"cells_{state.name()}_{raw.shape}", on_select="rerun",
        selection_mode=("points", "box"), config={"displayModeBar": False}, alt=wording.CELLS_ALT,
    )  # fmt: skip
    chosen = sorted({point["point_index"] for point in found["selection"]["points"]})
    values = raw.ravel()
    st.markdown(wording.region(values[chosen].sum(), len(chosen), values.sum(), names) if chosen else wording.CHOOSE)


def cells_figure(view: np.ndarray, raw: np.ndarray) -> go.Figure:
    """Return the view with a mark in the middle of each cell; the marks are numbered along the rows."""
    (rows, columns), size = raw.shape, len(view)
    down, across = np.mgrid[0:rows, 0:columns]
    marks = go.Scatter(
        x=(across.ravel() + 0.5) * size / columns, y=(down.ravel() + 0.5) * size / rows, mode="markers",
        marker={"symbol": "square-open", "size": 16 if rows < 10 else 8, "color": "white", "opacity": 0.7},
        selected={"marker": {"color": "#E69F00", "opacity": 1}}, unselected={"marker": {"opacity": 0.35}},
        customdata=raw.ravel(), hovertemplate="%{customdata:+.2f}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(marks)
    figure.add_layout_image(
        source=Image.fromarray(view), x=0, y=0, sizex=size, sizey=size, xref="x", yref="y", layer="below",
        sizing="stretch",
    )  # fmt: skip
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_layout(
        xaxis=axis | {"range": [0, size]}, yaxis=axis | {"range": [size, 0], "scaleanchor": "x"}, dragmode="select",
        margin=dict.fromkeys("lrtb", 0), height=340, showlegend=False, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure
