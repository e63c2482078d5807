"""The heat map of a class, and a legend in the colours that are drawn."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from model import explain
from ui.analyse import state, wording
from ui.analyse.closer import lesion
from ui.analyse.photo import picture

if TYPE_CHECKING:
    from model.pipeline import Analysis


def panel(analysis: "Analysis") -> None:
    """Show the heat map of a class, with the choice of class, style and opacity."""
    names = {code: analysis.card.label(code).name for code in state.by_probability(analysis)}
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
    pixels, square = state.screen(analysis, analysis.square)
    with st.container(key="map_picture"):
        drawn = explain.overlay(pixels, explanation.heat, square, shown.opacity, shown.contours)
        picture(f"{wording.EXPLAINED} {names[shown.code]}", lesion.on(wording.ON_MAP, analysis, drawn, square))
    style, opacity, scale = st.container(key="map_controls").columns([8, 5, 7], wrap=False)
    style.segmented_control(wording.DRAWN_AS, wording.STYLES, key="drawn_as", required=True, persist_state="session")
    opacity.slider(wording.OPACITY, 0, 100, key="opacity", format="%d %%", persist_state="session")
    scale.html(legend(explanation, analysis.view, shown))


def legend(explanation: explain.Explanation, view: np.ndarray, shown: state.Shown) -> str:
    """Write the colours of a map as they look on this photo, or that there is nothing to colour.

    Parameters
    ----------
    explanation : Explanation
    view : ndarray, uint8, shape (size, size, 3)
        The network's input; its mean colour represents the skin below the map.
    shown : Shown
    """
    if not explanation.informative:
        return f'<p class="remark">{wording.NO_EVIDENCE}</p>'
    skin = view.reshape(-1, 3).mean(axis=0)
    if shown.contours:
        levels = np.array(explain.CONTOUR_LEVELS)
        colours = np.stack([explain.contour_colour(level) for level in levels])
        lines = [
            f'<span><i style="background:{colour}"></i>{level:.0%}</span>'
            for level, colour in zip(levels, _css(skin, colours, np.full(3, shown.opacity)), strict=True)
        ]
        return f'<p class="scale lines">{"".join(lines)}</p>'
    heat = np.arange(0, 256, 15)
    stops = ",".join(_css(skin, explain.colour_bar()[heat], heat / 255 * shown.opacity))
    bar = f'<i style="background:linear-gradient(90deg,{stops})"></i>'
    return f'<p class="scale">{bar}<span>{wording.SCALE[0]}</span><span>{wording.SCALE[1]}</span></p>'


def _css(skin: np.ndarray, colours: np.ndarray, weights: np.ndarray) -> list[str]:
    """Return colours (n, 3) laid over the skin (3,) with weights (n,) in [0, 1], as CSS."""
    mixed = skin * (1 - weights[:, None]) + colours * weights[:, None]
    return ["rgb({},{},{})".format(*np.rint(colour).astype(int)) for colour in mixed]
