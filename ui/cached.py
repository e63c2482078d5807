"""What all sessions share: only the model, never a photo or an answer."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from model.card import bundle_folder

if TYPE_CHECKING:
    from model.pipeline import Analyser


def analyser() -> "Analyser":
    """Return the loaded and warmed model, the same one for every session.

    Raises
    ------
    BundleError
        If the model's folder is missing or contradicts itself; the next call tries again.
    """
    return _load(bundle_folder())


@st.cache_resource(show_spinner=False)
def _load(folder: Path) -> "Analyser":
    from model.pipeline import Analyser  # loads the network, which must not delay the first page

    return Analyser(folder)
