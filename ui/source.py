"""Where a photo comes from: a file, the camera or one of the samples."""

from pathlib import Path

import streamlit as st

from ui import state, wording

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"


def open_source() -> None:
    """Ask for a photo, with all the room there is."""
    left, right = st.columns([8, 5], gap="large")
    with left, st.container(key="drop_zone"):
        st.title(wording.DROP)
        if st.session_state.get("camera_on"):
            _camera()
        else:
            _uploader(wording.DROP)
        st.caption(wording.FORMATS)
        st.toggle(wording.CAMERA, key="camera_on")
    with right:
        st.header(wording.SAMPLES)
        _samples(st.container(key="samples"))
        st.caption(wording.SAMPLES_HINT)
        st.markdown(wording.REAL_PHOTOS)
        st.header(wording.PROMISE)
        st.markdown(wording.PROMISES)


def next_photo() -> None:
    """Offer to go on with another file, in one line below an answer."""
    with st.container(key="drop_line", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="eyebrow">{wording.DROP_NEXT}</p>', width="content")
        _uploader(wording.DROP_NEXT)


def other_source() -> None:
    """Offer the camera and the samples below an answer, one click away."""
    with st.popover(wording.OTHER_SOURCE, width="stretch", key=f"other_source_{state.generation()}"):
        if st.toggle(wording.CAMERA, key="camera_on"):
            _camera()
        _samples(st.container(key="samples"))
        st.caption(wording.SAMPLES_HINT)


def _uploader(label: str) -> None:
    key = f"upload_{state.generation()}"
    st.file_uploader(
        label,
        key=key,
        label_visibility="collapsed",
        on_change=state.take_from,
        args=(key,),
    )


def _camera() -> None:
    key = f"camera_{state.generation()}"
    st.camera_input(wording.CAMERA_HINT, key=key, resolution="1080p", on_change=state.take_from, args=(key,))


def _samples(place: st.delta_generator.DeltaGenerator) -> None:
    for column, (name, title) in zip(place.columns(3, wrap=False), wording.SAMPLE_NAMES.items(), strict=True):
        path = SAMPLES / name
        column.image(str(path), width="stretch", alt=title)
        column.button(title, key=name, on_click=state.take_sample, args=(path,), width="stretch", wrap=True)
