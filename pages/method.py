"""Method: how the model was made, and how to make it again."""

from ui import navigation, sections
from ui.method import page, wording

navigation.inside_frame()
sections.show(wording.TITLE, page.SECTIONS, "method")
