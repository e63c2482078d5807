"""The photo with the frame that the network sees, and the controls that move it."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui import pictures
from ui.analyse import state, wording
from ui.analyse.closer import lesion

if TYPE_CHECKING:
    from model.pipeline import Analysis


@st.fragment
def panel(analysis: "Analysis") -> None:
    """Show the photo; a moved frame is drawn at once, and assessed when a person presses the button."""
    with st.container(key="photo_title"):
        st.html(f'<p class="eyebrow">{wording.PHOTO}</p>')
    place = st.container(key="photo_picture")
    expander = st.expander(wording.MOVE_FRAME, key="move_frame", on_change="rerun")
    with expander, st.container(key="frame_controls"):
        _controls(analysis)
    with place:
        pixels, square = state.screen(analysis, analysis.square)
        outlined = pixels if state.hidden() else lesion.on(wording.ON_PHOTO, analysis, pixels, square)
        picture(wording.PHOTO, pictures.framed(outlined, state.screen(analysis, state.square_set(analysis))[1]))


def _controls(analysis: "Analysis") -> None:
    height, width = analysis.photo.pixels.shape[:2]
    side = min(width, height) * st.session_state["size"] / 100
    room = {"across": width - side, "down": height - side, "size": side}
    columns = st.columns(3, wrap=False)
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
    if st.button(
        wording.LOOK_HERE,
        key="look_here",
        type="primary",
        width="stretch",
        disabled=not state.frame_moved(),
        on_click=state.look_here,
    ):
        st.rerun()  # the answer lies outside this fragment
    if max(room["across"], room["down"]) < 1:
        st.caption(wording.NO_ROOM)
    if not analysis.centred and st.button(wording.BACK, key="back", width="stretch", on_click=state.back):
        st.rerun()


def picture(alt: str, pixels: np.ndarray) -> None:
    """Show pixels (height, width, 3) as wide as the space allows."""
    st.image(pictures.jpeg(pixels), width="stretch", alt=alt)
