"""The sections of the dataset page, each drawn from tables of the bundle alone."""

from ui.dataset import wording
from ui.dataset.balancing import balancing, study
from ui.dataset.classes import attributes, classes, sizes
from ui.dataset.split import checks, leakage, split

SECTIONS = dict(
    zip(wording.SECTIONS, [(sizes, classes), (attributes,), (balancing, study), (split, checks, leakage)], strict=True)
)
