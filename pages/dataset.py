"""Dataset: which images the model learnt from and was judged on, and what their imbalance does."""

from ui import navigation, sections
from ui.dataset import page
from ui.dataset import wording as wording

navigation.inside_frame()
sections.show(wording.TITLE, page.SECTIONS, "dataset")
