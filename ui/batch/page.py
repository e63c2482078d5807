"""The page as a whole: asking for photos, the work on them, and the table of what was found."""

from typing import TYPE_CHECKING

import streamlit as st

from ui import sections
from ui.analyse import attention
from ui.analyse import wording as answers
from ui.batch import downloads, sources, state, table, wording
from ui.uploads import ARCHIVE_MB, MEGABYTE

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from model.pipeline import Analyser

POLL_SECONDS = 1
ROWS_A_SECOND = 100  # that may be drawn again while photos are being assessed


def show() -> None:
    """Show the session's batch, or ask for one."""
    st.title(wording.TITLE)
    batch = state.current()
    if batch is None:
        _ask()
        return
    _work(batch)
    seconds = POLL_SECONDS + len(batch.rows) / ROWS_A_SECOND
    st.fragment(_found, run_every=seconds if batch.running else None)(batch)


def _ask() -> None:
    """Take photos, and load the model while a person chooses."""
    st.markdown(wording.EMPTY)
    with st.container(key="drop_zone"):
        files = st.file_uploader(
            wording.DROP, accept_multiple_files=True, max_upload_size=ARCHIVE_MB, key=state.uploader_key(),
            label_visibility="collapsed",
        )  # fmt: skip
    place = st.container()
    st.caption(wording.LIMITS)
    attention.draw("none", "", 0, kept=False)
    with st.spinner(answers.LOADING):
        analyser = sections.the_model()
    if files:
        with place:
            _offer(analyser, files)


def _offer(analyser: "Analyser", files: list["UploadedFile"]) -> None:
    """Say what was chosen, and start on request."""
    size = sum(file.size for file in files)
    if size > wording.MOST_MB * MEGABYTE:
        st.error(wording.TOO_LARGE.format(size / MEGABYTE))
        return
    found, others = sources.collect((file.name, file.getvalue()) for file in files)
    if not found or len(found) > wording.MOST_PHOTOS:
        st.error(wording.TOO_MANY.format(len(found)) if found else wording.NO_PHOTOS)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(wording.START, type="primary", key="batch_start")
        st.markdown(wording.WAITING.format(wording.photos(len(found))), width="content")
    if others:
        st.caption(wording.left_out(others))
    if pressed:
        state.begin(analyser, found, files)
        st.rerun()


def _work(batch: state.Batch) -> None:
    """Show how far the work is while it runs, and what can be done then."""
    if batch.running:
        _progress(batch)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not batch.finished:
            st.markdown(wording.STOPPED.format(len(batch.rows), wording.photos(batch.total)), width="content")
            st.button(wording.RESUME, type="primary", key="batch_resume", on_click=batch.start)
        st.button(wording.CLEAR, key="batch_clear", on_click=state.clear, help=wording.CLEAR_HELP)


@st.fragment(run_every=POLL_SECONDS)
def _progress(batch: state.Batch) -> None:
    if not batch.running:
        st.rerun()
    done = len(batch.rows)
    st.progress(done / batch.total, wording.progress(done, batch.total, batch.seconds_left()))
    if st.button(wording.CANCEL, key="batch_cancel", on_click=batch.stop):
        batch.wait()
        st.rerun()


def _found(batch: state.Batch) -> None:
    """Show what was found so far."""
    rows = list(batch.rows)
    card = batch.analyser.card
    said = table.summary(rows, card)
    if rows:
        with st.container(key="batch_summary", horizontal=True, vertical_alignment="center"):
            st.markdown(said, width="content")
            st.page_link("pages/evaluation.py", label=answers.EVALUATION)
        table.show(rows)
    if rows and not batch.running:
        downloads.row(rows)
    running = batch.running
    attention.draw(f"batch {running}", "" if running else said, 0, kept=True)
