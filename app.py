"""Lesionscope: the frame around every page. Start it with ``streamlit run app.py``."""

import streamlit as st

from ui import components, navigation

st.set_page_config(page_title="Lesionscope", page_icon="assets/icon.svg", layout="wide")
components.frame()
navigation.router().run()
