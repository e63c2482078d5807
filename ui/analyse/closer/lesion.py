"""The lesion's outline over photo and map, and what was measured of the lesion."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from model.answer.lesion import MARGIN, Outline, heat_inside, square_around
from model.errors import TableError
from model.evaluation.inputs.outline import MEASURES
from model.preprocess import Square
from ui import evidence, pictures
from ui import wording as shared
from ui.analyse import state
from ui.analyse.closer import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis

OPEN = "closer_lesion"  # session key: whether the expander is open
TABLE = "results/outline_measures.csv"
BESIDE = ("mel", "nv")  # classes whose usual range is shown


def on(place: str, analysis: "Analysis", pixels: np.ndarray, square: Square) -> np.ndarray:
    """Return a photo (height, width, 3) with the outline on it, if it is wanted on this of `wording.PLACES`."""
    lesion = analysis.lesion
    if lesion is None or lesion.empty or place not in st.session_state.get("outline_on", wording.PLACES[:1]):
        return pixels
    scale = square.side / len(lesion.inside)
    lines = [contour * scale + (square.left, square.top) for contour in lesion.contours]
    return pictures.outlined(pixels, lines)


def panel(analysis: "Analysis") -> None:
    """Show the measurements beside what is usual; nothing where the model draws no outlines."""
    lesion = analysis.lesion
    if lesion is None:
        return
    expander = st.expander(wording.LESION, key=OPEN, on_change="rerun")
    if expander.open:
        with expander:
            _show(analysis, lesion)


def _show(analysis: "Analysis", lesion: Outline) -> None:
    for code in lesion.codes:
        st.markdown(wording.CODES[code])
    if analysis.measurements is not None:
        st.pills(
            wording.OUTLINE, wording.PLACES, selection_mode="multi", default=wording.PLACES[:1], key="outline_on",
            persist_state="session",
        )  # fmt: skip
        _table(analysis)
        _fit(analysis)
    entry = analysis.card.raw["outline"]
    st.caption(f"{wording.agreement(entry.get('jaccard', []), shared.SETS)} {wording.NOT_A_SCORE}")


def measured(analysis: "Analysis") -> dict[str, float | None]:
    """Return what was measured of a photo's lesion by the names of the table of usual ranges."""
    found = analysis.measurements
    assert found is not None  # callers have checked
    long, short = found.asymmetry or (None, None)
    heat = analysis.explanations["mel"].heat if "mel" in analysis.explanations else None
    return {
        "area": found.area, "asymmetry_long": long, "asymmetry_short": short, "compactness": found.compactness,
        "solidity": found.solidity, **(found.colours or dict.fromkeys(wording.COLOURS)),
        "colour_count": found.colour_count,
        "heat_inside": None if heat is None or analysis.lesion is None else heat_inside(heat, analysis.lesion.inside),
    }  # fmt: skip


def _table(analysis: "Analysis") -> None:
    values = measured(analysis)
    try:
        usual = evidence.table(analysis.card, TABLE).set_index(["label", "measure"])
    except TableError:
        usual = pd.DataFrame()
    classes = [code for code in BESIDE if code in analysis.card.codes] if analysis.centred else []
    names = [analysis.card.label(code).name.lower() for code in classes]
    rows = [
        (_name(name), wording.value(name, values[name]), *(_usual(usual, code, name) for code in classes))
        for name in MEASURES
        if values[name] or name not in wording.COLOURS
    ]
    evidence.grid("", ("", wording.THIS_PHOTO, *map(wording.USUAL.format, names)), rows)
    if not analysis.centred:
        st.caption(wording.OTHER_FRAME)


def _name(name: str) -> str:
    return wording.MEASURES.get(name) or wording.COLOUR_SHARE.format(wording.COLOURS[name])


def _usual(usual: pd.DataFrame, code: str, name: str) -> str:
    if (code, name) not in usual.index:
        return wording.NOT_MEASURED
    row = usual.loc[(code, name)]
    return wording.usual(name, float(row["q05"]), float(row["q95"]))


def _fit(analysis: "Analysis") -> None:
    """Offer a frame around the lesion, with what such frames did on validation."""
    changes = [
        wording.FIT_CHANGE.format(*(shared.signed(row[name]) for name in ("value", "low", "high")),
                                  shared.SETS.get(row["dataset"], row["dataset"]))
        for row in analysis.card.raw["outline"].get("frame", [])
        if row["margin"] == MARGIN
    ]  # fmt: skip
    if not changes or analysis.lesion is None:
        return
    height, width = analysis.photo.pixels.shape[:2]
    wanted = square_around(analysis.lesion.inside, analysis.square, height, width)
    frame = state.nearest_frame(wanted, width, height)
    seen = st.session_state.frame_seen
    already = max(abs(new - old) for new, old in zip(frame, seen, strict=True)) <= 1  # per cent: it would not settle
    st.button(
        wording.FIT, key="fit_frame", on_click=state.fit, args=(frame,), disabled=already,
        help=wording.FITS if already else None,
    )  # fmt: skip
    st.caption(wording.FIT_HINT.format("; ".join(changes)))
