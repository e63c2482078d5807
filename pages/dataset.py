"""Dataset: the images for training and evaluation, and the effect of their imbalance."""

from ui import navigation, sections
from ui.dataset import page, wording

navigation.inside_frame()
sections.show(wording.TITLE, page.SECTIONS, "dataset")
