"""A page of sections: one is open at a time, and each panel of it stands or falls with its own tables."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from model.card import Card, load_card
from model.errors import BundleError, LesionscopeError

Panel = Callable[[Card], None]


def show(title: str, sections: Mapping[str, Sequence[Panel]], key: str) -> None:
    """Write the title, let a person choose a section, and show its panels.

    Parameters
    ----------
    title : str
    sections : mapping of str to sequence of callable
        Panels by the name of their section, the first one open; each takes the card.
    key : str
        Of the chooser; another one for every page.
    """
    st.title(title)
    card = the_card()
    names = list(sections)
    chosen = st.segmented_control(
        title, names, default=names[0], required=True, key=key, label_visibility="collapsed", persist_state="session"
    )
    for panel in sections[chosen]:
        try:
            panel(card)
        except LesionscopeError as error:  # a table that is missing or damaged takes only its own panel away
            st.info(str(error))


def the_card() -> Card:
    """Return the card of the bundle, or say in one sentence why there is none and end the page."""
    try:
        return load_card()
    except BundleError as error:
        st.error(str(error))
        st.stop()
