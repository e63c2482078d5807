"""The batch of one session: its photos until each is assessed, its rows, and the thread that works on them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from model.photo.sources import Source
from ui.batch import row
from ui.batch.row import Row

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from model.pipeline import Analyser

KEY, GENERATION = "batch", "batch_generation"  # session keys
PATIENCE_SECONDS = 10  # a closed page may be on its way back
SURE_AFTER = 3  # photos, before a time is estimated


class Batch:
    """Photos that are assessed one after the other in a thread of their own.

    Parameters
    ----------
    analyser : Analyser
    sources : sequence of Source
    connected : callable
        Says whether anybody still looks; when nobody does, the work stops as if it were cancelled.
    """

    def __init__(
        self, analyser: "Analyser", sources: Sequence[Source], connected: Callable[[], bool] = lambda: True
    ) -> None:
        self.analyser = analyser
        self.rows: list[Row] = []  # only the thread appends
        self.total = len(sources)
        self._sources: list[Source | None] = list(sources)  # None once it has its row, so that its bytes can go
        self._connected = connected
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._began, self._done_before = 0.0, 0

    @property
    def running(self) -> bool:
        """Whether photos are being assessed."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def finished(self) -> bool:
        """Whether every photo has its row."""
        return len(self.rows) == self.total

    def start(self) -> None:
        """Assess the photos that have no row yet."""
        if self._thread:
            if not self._stopping.is_set() and self.running:
                return
            self._thread.join()  # it ends after the photos in work
        self._stopping.clear()
        self._began, self._done_before = time.monotonic(), len(self.rows)
        self._thread = threading.Thread(target=self._work, name="batch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the work end after the photos that are being assessed."""
        self._stopping.set()

    def wait(self, seconds: float | None = None) -> None:
        """Return when the work has ended."""
        if self._thread:
            self._thread.join(seconds)

    def seconds_left(self) -> float | None:
        """Return how long the rest will take, or None while too few photos are done to tell."""
        done = len(self.rows) - self._done_before
        if done < SURE_AFTER:
            return None
        return (time.monotonic() - self._began) / done * (self.total - len(self.rows))

    def _work(self) -> None:
        seen = time.monotonic()
        while not (self.finished or self._stopping.is_set()):
            try:
                with closing(self.analyser.score(self._waiting())) as answers:
                    for scored in answers:
                        self._keep(row.made(scored, len(self.rows) + 1))
                        seen = time.monotonic() if self._connected() else seen
                        if time.monotonic() - seen > PATIENCE_SECONDS:
                            self.stop()
                        if self._stopping.is_set():
                            return
            except Exception:  # one photo never ends the work on the others
                source = self._sources[len(self.rows)]
                self._keep(row.unexpected(source.name if source else "", len(self.rows) + 1))

    def _waiting(self) -> Iterator[Source]:
        for place in range(len(self.rows), self.total):
            source = self._sources[place]
            assert source is not None  # rows are kept in the order of the photos
            yield source

    def _keep(self, found: Row) -> None:
        self._sources[len(self.rows)] = None
        self.rows.append(found)


def current() -> Batch | None:
    """Return the session's batch, if there is one."""
    return st.session_state.get(KEY)


def uploader_key() -> str:
    """Return the upload widget's key; another one after each start, so that it lets go of its files."""
    return f"batch_upload_{st.session_state.get(GENERATION, 0)}"


def begin(analyser: "Analyser", sources: Sequence[Source], files: Sequence["UploadedFile"]) -> None:
    """Start on some photos, and take them out of the server's store: from here on only the batch holds them."""
    context = get_script_run_ctx()
    assert context is not None
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
    st.session_state[KEY] = batch = Batch(analyser, sources, _connected(context.session_id))
    batch.start()


def _connected(session: str) -> Callable[[], bool]:
    def connected() -> bool:
        try:
            return bool(runtime.get_instance().is_active_session(session))
        except RuntimeError:  # no server, as in a test of the page
            return True

    return connected


def clear() -> None:
    """Stop, and forget photos and rows (a button's callback)."""
    batch = st.session_state.pop(KEY, None)
    if batch:
        batch.stop()
