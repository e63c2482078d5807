"""Analyse one photo: take it, ask the model, show what it found."""

from ui import navigation
from ui.analyse import page

navigation.inside_frame()
page.show()
