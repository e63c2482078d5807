"""A page of views: one is open at a time, and each panel of it fails alone when its own table is missing."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from model.card import Card, load_card
from model.errors import BundleError, LesionscopeError
from ui import cached

if TYPE_CHECKING:
    from model.pipeline import Analyser

Panel = Callable[[Card], None]
Panels = Sequence[Panel]


def show(title: str, views: Mapping[str, Panels | Mapping[str, Panels]], key: str) -> None:
    """Write the title, let a person choose a view, and where it has parts one of them, and show its panels.

    Both choices are in the page's address, so that a link opens the same view.

    Parameters
    ----------
    title : str
    views : mapping of str to (sequence of callable, or mapping of str to such a sequence)
        Panels by the name of their view, or of their part of a view; the first is open. Each panel takes the card.
    key : str
        Name of the choice in the address; another one for every page.
    """
    st.title(title)
    card = the_card()
    panels = views[_choose(title, list(views), key)]
    if isinstance(panels, Mapping):
        panels = panels[_choose(title, list(panels), f"{key}_part")]
    for panel in panels:
        try:
            panel(card)
        except LesionscopeError as error:  # a missing or damaged table affects only its own panel
            st.info(str(error))


def _choose(title: str, names: list[str], key: str) -> str:
    if st.session_state.get(key) not in (None, *names):
        del st.session_state[key]  # the parts of another view
    return st.segmented_control(
        title, names, default=names[0], required=True, key=key, label_visibility="collapsed",
        bind="query-params", persist_state="session",
    )  # fmt: skip


def the_card() -> Card:
    """Return the card of the bundle, or write in one sentence why there is none and end the page."""
    try:
        return load_card()
    except BundleError as error:
        st.error(str(error))
        st.stop()


def the_model() -> "Analyser":
    """Return the model, or write in one sentence why there is none and end the page."""
    try:
        return cached.analyser()
    except BundleError as error:
        st.error(str(error))
        st.stop()
