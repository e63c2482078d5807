"""The state of one session: its photo and its answer, and nothing of other sessions.

Everything is in ``st.session_state`` and ends with the session; the widgets' own values are under their keys.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from model.answer.decision import MELANOMA
from model.answer.patient import Patient
from model.errors import PhotoError
from model.photo.image import read_photo
from model.preprocess import Square
from model.report import for_screen
from ui.analyse import wording

if TYPE_CHECKING:  # the pipeline takes a moment to import
    from model.pipeline import Analyser, Analysis

WHOLE = {"across": 50, "down": 50, "size": 100}  # percent; the largest centred square
SMALLEST = 20  # percent of the shorter side; below it almost no pixels are left
PATIENT = {
    "age": "patient_age",
    "sex": "patient_sex",
    "site": "patient_site",
}  # of the current photo, never of the next one
SHOWN = {"drawn_as": wording.STYLES[0], "opacity": 60, "side": wording.SIDES[0]}  # how a map is first shown


@dataclass(frozen=True)
class Shown:
    """How the map is drawn: class code, opacity in [0, 1], lines instead of areas."""

    code: str
    opacity: float
    contours: bool


def generation() -> int:
    """Count of files taken so far; part of a source widget's key, so that each file leaves it empty."""
    return st.session_state.get("generation", 0)


def take(data: bytes, sample_id: str | None = None) -> None:
    """Let a file wait to be read; the previous answer stays until this file is known to be a photo."""
    st.session_state.update(waiting=(data, sample_id), generation=generation() + 1, camera_on=False)


def take_from(widget_key: str) -> None:
    """Take what an upload or camera widget received (the widget's callback)."""
    received = st.session_state.get(widget_key)
    if received is not None:
        take(received.getvalue())


def waiting() -> bool:
    """Whether a file was taken and still has to be assessed or refused."""
    return "waiting" in st.session_state


def read(analyser: "Analyser") -> None:
    """Assess the waiting file; if it is no photo, keep only its `PhotoError`, for `trouble`."""
    data, sample_id = st.session_state.pop("waiting")
    try:
        found = analyser.look(read_photo(data))
    except PhotoError as error:
        st.session_state.trouble = error
        return
    st.session_state.update(dict.fromkeys(PATIENT.values()))
    st.session_state.update(WHOLE, case=generation(), sample_id=sample_id, answered_anyway=False)
    st.session_state.hidden = bool(st.session_state.get("reader_first"))
    st.session_state.update(explained=told(found), frame_wanted=frame_set())
    _keep(found)


def answered() -> bool:
    """Whether there is a photo with its answer, shown or hidden."""
    return "analysis" in st.session_state


def hidden() -> bool:
    """Whether the answer waits until the reader has judged the photo."""
    return st.session_state.get("hidden", False)


def show_answer() -> None:
    """Let the answer be shown."""
    st.session_state.hidden = False


def trouble() -> PhotoError | None:
    """Return, once, why the last file could not be assessed."""
    return st.session_state.pop("trouble", None)


def analysis(analyser: "Analyser") -> "Analysis":
    """Return the answer for this session's photo and frame, computed again when another frame was requested."""
    before = st.session_state.analysis
    if st.session_state.frame_wanted != st.session_state.frame_seen:
        _keep(analyser.look(before.photo, _square(before, st.session_state.frame_wanted), known=before))
    found = st.session_state.analysis
    return found.answered_anyway() if st.session_state.answered_anyway else found


def _keep(found: "Analysis") -> None:
    st.session_state.update(
        analysis=found,
        frame_seen=st.session_state.frame_wanted,
        screen=for_screen(found.photo.pixels, found.square)[0],
    )
    for name, value in SHOWN.items():
        st.session_state.setdefault(name, value)


def look_here() -> None:
    """Request the frame that the sliders show; the answer to a refused photo must be requested again."""
    st.session_state.update(frame_wanted=frame_set(), answered_anyway=False)


def nearest_frame(square: Square, width: int, height: int) -> tuple[int, int, int]:
    """Return the sliders' values nearest to a square of a photo so many pixels wide and high, as `frame_set`."""
    side = min(width, height)
    size = max(SMALLEST, round(100 * square.side / side))
    room = {"across": width - side * size / 100, "down": height - side * size / 100}
    across, down = (
        round(100 * min(max(edge / room[name], 0), 1)) if room[name] >= 1 else 50
        for name, edge in (("across", square.left), ("down", square.top))
    )
    return across, down, size


def fit(frame: tuple[int, int, int]) -> None:
    """Request a frame, as `frame_set`."""
    st.session_state.update(zip(WHOLE, frame, strict=True))
    look_here()


def back() -> None:
    """Request the largest centred square."""
    st.session_state.update(WHOLE)
    look_here()


def answer_anyway() -> None:
    """Request the answer to a refused photo (a button's callback)."""
    st.session_state.answered_anyway = True


def case() -> int:
    """Number of the photo on the screen, the same for every frame of it."""
    return st.session_state.get("case", 0)


def name() -> str:
    """Return an id of the answer on the screen; it changes with the photo, the frame and a request after a refusal."""
    parts = (case(), *st.session_state.frame_seen, st.session_state.answered_anyway, hidden())
    return " ".join(map(str, parts))


def side() -> str:
    """Which of photo and map is shown where there is only room for one."""
    return st.session_state.side.lower()


def sample_id() -> str | None:
    """Id of the sample on the screen; None for a person's own photo."""
    return st.session_state.get("sample_id")


def patient() -> Patient:
    """Return the patient data entered for the photo."""
    return Patient(**{name: st.session_state.get(key) for name, key in PATIENT.items()})


def frame_set() -> tuple[int, int, int]:
    """Values of the sliders: across, down, size, in percent."""
    return tuple(st.session_state[name] for name in WHOLE)


def frame_moved() -> bool:
    """Whether the frame of the sliders has not been assessed yet."""
    return frame_set() != st.session_state.frame_seen


def square_set(analysis: "Analysis") -> Square:
    """Return the frame of the sliders in pixels of the photo."""
    return _square(analysis, frame_set())


def _square(analysis: "Analysis", frame: tuple[int, int, int]) -> Square:
    height, width = analysis.photo.pixels.shape[:2]
    return square_from(width, height, *frame)


def screen(analysis: "Analysis", square: Square) -> tuple[np.ndarray, Square]:
    """Return the photo as it is shown, uint8 (height, width, 3), and a square of the photo in its pixels."""
    pixels = st.session_state.screen
    scale = pixels.shape[1] / analysis.photo.pixels.shape[1]
    return pixels, Square(square.left * scale, square.top * scale, square.side * scale)


def shown() -> Shown:
    """Return the session's choices for the map, to be called when there is an answer."""
    chosen = st.session_state
    return Shown(chosen.explained, chosen.opacity / 100, chosen.drawn_as == wording.STYLES[1])


def by_probability(analysis: "Analysis") -> list[str]:
    """Return the class codes, the photo's most probable one first."""
    order = np.argsort(-analysis.photo_alone.probabilities, kind="stable")
    return [analysis.card.codes[index] for index in order]


def told(analysis: "Analysis") -> str:
    """Return the class that the headline is about, on which the map opens: melanoma, else a malignant one, else named.

    A map of the most probable class would be taken for that of the melanoma that is not ruled out.
    """
    decision, order = analysis.decision, by_probability(analysis)
    if MELANOMA in decision.reached:
        return MELANOMA
    if decision.reached:
        return next(code for code in order if analysis.card.label(code).malignant)
    return decision.named


def square_from(width: int, height: int, across: int, down: int, size: int) -> Square:
    """Place a square by its position in percent of the possible range.

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
