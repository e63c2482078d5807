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
ROWS_A_SECOND = 400  # that may be drawn again while photos are being assessed


def show() -> None:
    """Show the session's batch, which draws itself again while it works, or ask for one."""
    st.title(wording.TITLE)
    batch = state.current()
    if batch is None:
        _ask()
        return
    working = batch.running
    seconds = POLL_SECONDS + batch.total / ROWS_A_SECOND
    st.fragment(_show, run_every=seconds if working else None)(batch, working)


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
    found = sources.collect((file.name, file.getvalue()) for file in files)
    if not found.sources or len(found.sources) > wording.MOST_PHOTOS:
        st.error(wording.TOO_MANY.format(len(found.sources)) if found.sources else wording.NO_PHOTOS)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(wording.START, type="primary", key="batch_start", disabled=not found.ready)
        st.markdown(wording.WAITING.format(wording.photos(found.ready)), width="content")
    for said in wording.not_ready(found.unreadable, found.others):
        st.caption(said)
    if pressed:
        state.begin(analyser, found.sources, files)
        st.rerun()


def _show(batch: state.Batch, working: bool) -> None:
    """Show how far the work is, what can be done about it, and what was found so far."""
    if working and not batch.running:
        st.rerun()  # without this fragment's clock
    rows, total = list(batch.rows), wording.photos(batch.total)
    if working:
        st.progress(len(rows) / batch.total, wording.progress(len(rows), total, batch.seconds_left()))
        with st.container(horizontal=True, vertical_alignment="center"):
            cancelled = st.button(wording.CANCEL, key="batch_cancel", on_click=batch.stop)
            st.caption(wording.KEEP_OPEN, width="content")
        if cancelled:
            batch.wait()
            st.rerun()
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            if not batch.finished:
                st.markdown(wording.STOPPED.format(len(rows), total), width="content")
                if st.button(wording.RESUME, type="primary", key="batch_resume", on_click=batch.start):
                    st.rerun()
            if st.button(wording.CLEAR, key="batch_clear", on_click=state.clear, help=wording.CLEAR_HELP):
                st.rerun()
    said = table.summary(rows, batch.analyser.card)
    if rows:
        with st.container(key="batch_summary", horizontal=True, vertical_alignment="center"):
            st.markdown(said, width="content")
            st.page_link("pages/evaluation.py", label=answers.EVALUATION)
        table.show(rows)
        if not working:
            downloads.row(rows)
    attention.draw(f"batch {working} {len(rows) if not working else 0}", "" if working else said, 0, kept=True)
