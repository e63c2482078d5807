"""Method: how the model was trained, and how to train it again."""

from ui import navigation, sections
from ui.method import page, wording

navigation.inside_frame()
sections.show(wording.TITLE, page.SECTIONS, "method")
