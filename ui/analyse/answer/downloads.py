"""The files to download; each is made when it is requested."""

from typing import TYPE_CHECKING

import streamlit as st

from model import report
from ui.analyse import state, wording

if TYPE_CHECKING:
    from model.pipeline import Analysis


def row(analysis: "Analysis") -> None:
    """Offer a link to the evaluation, the overlay as it is shown, and the answer as JSON."""
    shown = state.shown()
    with st.container(key="downloads", horizontal=True, vertical_alignment="center"):
        st.page_link("pages/evaluation.py", label=wording.EVALUATION)
        st.download_button(
            wording.SAVE_OVERLAY,
            lambda: report.overlay_png(analysis, shown.code, shown.opacity, shown.contours),
            f"{report.file_stem(analysis)}_{shown.code}.png",
            "image/png",
            on_click="ignore",
            type="tertiary",
        )
        st.download_button(
            wording.SAVE_RESULT,
            lambda: report.result_json(analysis),
            f"{report.file_stem(analysis)}.json",
            "application/json",
            on_click="ignore",
            type="tertiary",
        )
