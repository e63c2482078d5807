"""Dataset: which images the model learnt from and was judged on, and what their imbalance does."""

from ui import dataset, navigation, sections
from ui import dataset_wording as wording

navigation.inside_frame()
sections.show(wording.TITLE, dataset.SECTIONS, "dataset_section")
