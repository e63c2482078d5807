"""Analyse one photo: read it, run the model, show the answer."""

from ui import navigation
from ui.analyse import page

navigation.inside_frame()
page.show()
