"""About: the model card, and where each item of two reporting guidelines is answered."""

import streamlit as st

from ui import navigation, sections
from ui.about import page, wording

navigation.inside_frame()
st.title(wording.TITLE)
card = sections.the_card()
page.purpose(card)
page.limits(card)
page.sources(card)
page.reporting()
