"""Method: how the model was made, and how to make it again."""

from ui import method, navigation, sections
from ui import method_wording as wording

navigation.inside_frame()
sections.show(wording.TITLE, method.SECTIONS, "method_section")
