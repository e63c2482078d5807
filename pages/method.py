"""Method: how the model was made, and how to make it again."""

from ui import method, sections
from ui import method_wording as wording

sections.show(wording.TITLE, method.SECTIONS, "method_section")
