"""Evaluation: how often the model is right, on which images, and how sure that is."""

from ui import evaluation, navigation, sections
from ui import evaluation_wording as wording

navigation.inside_frame()
sections.show(wording.TITLE, evaluation.SECTIONS, "section")
