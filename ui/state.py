"""What one session holds: its photo, its answer, and nothing of anybody else's.

Everything lives in ``st.session_state`` and goes with the session; the widgets' own values stay under their keys.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from model.errors import PhotoError
from model.patient import Patient
from model.preprocess import Square
from model.report import for_screen
from ui import wording

if TYPE_CHECKING:  # the pipeline brings TensorFlow, which must not hold up the first page
    from model.pipeline import Analyser, Analysis

WHOLE = {"across": 50, "down": 50, "size": 100}  # percent; the largest centred square
SMALLEST = 20  # percent of the shorter side; below it next to no pixels are left
PATIENT = {"age": "patient_age", "sex": "patient_sex", "site": "patient_site"}  # of the photo at hand, never the next
SHOWN = {"drawn_as": wording.STYLES[0], "opacity": 60}  # how a map is first drawn


@dataclass(frozen=True)
class Shown:
    """How the map is drawn: class code, opacity in [0, 1], lines instead of areas."""

    code: str
    opacity: float
    contours: bool


def generation() -> int:
    """Count of photos taken so far; part of a source widget's key, so that each photo leaves it empty."""
    return st.session_state.get("generation", 0)


def take(data: bytes) -> None:
    """Make this file the session's photo and forget the one before, whatever became of it."""
    for name in ("analysis", "analysed_square", "screen", "trouble", "explained"):
        st.session_state.pop(name, None)
    st.session_state.update(dict.fromkeys(PATIENT.values()))
    st.session_state.update(WHOLE, file=data, generation=generation() + 1, camera_on=False)


def take_from(widget_key: str) -> None:
    """Take what an upload or camera widget received (the widget's callback)."""
    received = st.session_state.get(widget_key)
    if received is not None:
        take(received.getvalue())


def take_sample(path: Path) -> None:
    """Take one of the photos that come with the app."""
    take(path.read_bytes())


def trouble() -> PhotoError | None:
    """Why the last file could not be assessed, if so."""
    return st.session_state.get("trouble")


def waiting() -> bool:
    """Whether a file was taken and still has to be assessed or refused."""
    return "file" in st.session_state


def analysis(analyser: "Analyser") -> "Analysis | None":
    """Return the answer for this session's photo, square and patient; computed when photo or square has changed.

    A file that is no photo is dropped and its `PhotoError` kept for `trouble`.
    """
    if not waiting():
        return None
    wanted = tuple(st.session_state[name] for name in WHOLE)
    if st.session_state.get("analysed_square") != wanted:
        try:
            _keep(_analyse(analyser, wanted), wanted)
        except PhotoError as error:
            st.session_state.trouble = error
            del st.session_state["file"]
            return None
    return st.session_state.analysis.informed(patient())


def patient() -> Patient:
    """Return what was told beside the photo."""
    return Patient(**{name: st.session_state.get(key) for name, key in PATIENT.items()})


def _keep(analysis: "Analysis", wanted: tuple[int, int, int]) -> None:
    st.session_state.update(
        analysis=analysis,
        analysed_square=wanted,
        screen=for_screen(analysis.photo.pixels, analysis.square),
    )
    for name, value in (SHOWN | {"explained": _most_probable(analysis)}).items():
        st.session_state.setdefault(name, value)


def _analyse(analyser: "Analyser", wanted: tuple[int, int, int]) -> "Analysis":
    before = st.session_state.get("analysis")
    if before is None:
        return analyser.analyse(st.session_state.file)
    height, width = before.photo.pixels.shape[:2]
    return analyser.analyse(st.session_state.file, square_from(width, height, *wanted))


def screen() -> tuple[np.ndarray, Square]:
    """Return the photo as it is shown, uint8 (height, width, 3), and the square in its pixels."""
    return st.session_state.screen


def shown() -> Shown:
    """Return the session's choices for the map, to be called when there is an answer."""
    chosen = st.session_state
    return Shown(chosen.explained, chosen.opacity / 100, chosen.drawn_as == wording.STYLES[1])


def _most_probable(analysis: "Analysis") -> str:
    return analysis.card.codes[int(analysis.prediction.probabilities.argmax())]


def square_from(width: int, height: int, across: int, down: int, size: int) -> Square:
    """Place a square by how far it has moved through the room it has.

    Parameters
    ----------
    width, height : int
        Photo in pixels.
    across, down : int
        Percent of the way from the left to the right edge, and from the top to the bottom edge.
    size : int
        Percent of the photo's shorter side, above 0.
    """
    side = min(width, height) * size / 100
    return Square((width - side) * across / 100, (height - side) * down / 100, side)
