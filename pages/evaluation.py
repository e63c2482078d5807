"""Evaluation: how often the model is right, on which images, and with which uncertainty."""

from ui import navigation, sections
from ui.evaluation import page, wording

navigation.inside_frame()
sections.show(wording.TITLE, page.VIEWS, "view")
