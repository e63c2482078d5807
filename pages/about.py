"""About: the model card, and where each item of two reporting guidelines is answered."""

import streamlit as st

from ui import about, navigation, sections
from ui import about_wording as wording

navigation.inside_frame()
st.title(wording.TITLE)
card = sections.the_card()
about.purpose(card)
about.limits(card)
about.reporting()
about.sources(card)
