"""The sections of the dataset page, each drawn from tables of the bundle alone."""

from ui.dataset.balancing import balancing, study
from ui.dataset.classes import attributes, classes, sizes
from ui.dataset.split import checks, leakage, split

SECTIONS = {
    "Classes": (sizes, classes),
    "Patients and labels": (attributes,),
    "Balancing": (balancing, study),
    "Split and leakage": (split, checks, leakage),
}
