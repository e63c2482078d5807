"""Where a photo comes from: a file, the camera or one of the samples."""

import streamlit as st

from ui.analyse import samples, state, wording
from ui.analyse.reader import page as reader
from ui.uploads import PHOTO_MB


def open_source() -> None:
    """Ask for a photo, on the whole page."""
    left, right = st.container(key="open_source").columns([8, 7], gap="large")
    with left, st.container(key="drop_zone"):
        st.title(wording.DROP)
        if st.session_state.get("camera_on"):
            _camera()
        else:
            _uploader(wording.DROP)
        st.caption(wording.FORMATS)
        with st.container(horizontal=True):
            st.toggle(wording.CAMERA, key="camera_on")
            reader.switch()
        st.markdown(wording.PROMISES)
    with right:
        st.header(wording.SAMPLES)
        samples.choose(4)


def bar() -> None:
    """Offer to continue with another photo, in one line above an answer."""
    with st.container(key="drop_line", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="eyebrow">{wording.DROP_NEXT}</p>', width="content")
        _uploader(wording.DROP_NEXT)
        with st.popover(wording.OTHER_SOURCE, key=f"other_source_{state.generation()}"):
            if st.toggle(wording.CAMERA, key="camera_on"):
                _camera()
            samples.choose(4)
        reader.switch()


def _uploader(label: str) -> None:
    key = f"upload_{state.generation()}"
    st.file_uploader(
        label,
        key=key,
        label_visibility="collapsed",
        max_upload_size=PHOTO_MB,
        on_change=state.take_from,
        args=(key,),
    )


def _camera() -> None:
    key = f"camera_{state.generation()}"
    st.camera_input(wording.CAMERA_HINT, key=key, resolution="1080p", on_change=state.take_from, args=(key,))
