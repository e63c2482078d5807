"""Sentences that more than one page needs, keyed by code where the model gives codes."""

import math

from model.answer import sentences
from model.answer.patient import Patient

DISCLAIMER_NAME = "Disclaimer"
DISCLAIMER = sentences.DISCLAIMER

SEXES = {"female": "Female", "male": "Male"}
SITES = {
    "head": "Head or neck", "trunk": "Trunk", "upper": "Arm or hand", "lower": "Leg or foot", "acral": "Palm or sole",
}  # fmt: skip
SETS = {
    "ham10000": "HAM10000", "ph2": "PH2", "milk10k": "MILK10k", "isic2019": "ISIC 2019",
    "isic2019_bcn_84px": "BCN20000 at 84 pixels", "isic2020_melanoma": "ISIC 2020 (melanomas)",
}  # fmt: skip

SHARES = "Probability of each diagnosis, from the photo alone"
GROUPS = {"malignant": "Malignant or premalignant", "benign": "Benign"}
ROLES = {
    "rule_out": "high-sensitivity level",
    "balanced": "balanced level",
    "confirm": "high-specificity level",
}  # of a threshold

NOTES = {
    "small_photo": "The frame has fewer pixels than the network reads, so detail is missing.",
    "reduced_size": "The photo is larger than the assessment needs and was read at a smaller size.",
    "first_frame_only": "The file contains several frames. Only the first was assessed.",
    "sixteen_bit_scaled": "A grey photo: the model has learnt from colour photos only.",
    "grey": "A grey photo: the model has learnt from colour photos only.",
    "significant_bits": "The photo uses only a part of its 16 bits. It was brightened to use the full range.",
    "profile_ignored": "The photo's colour profile cannot be read. Its colours may be shown and assessed wrongly.",
    "float_scaled": "A grey photo: the model has learnt from colour photos only.",
    "sharpness": "The photo is blurred: fine structures are lost. Hold the dermatoscope still and focus on the lesion.",
    "exposure": "The photo is very dark or very bright. Change the light and take it again.",
    "cut_off": "Part of the lesion lies outside the frame and was not assessed. Move the frame, or take the photo "
    "again with the whole lesion in view.",
    "hair": "Hair covers the skin and can hide structures. Part it, stick it down or clip it.",
    "ink": "The photo shows skin marker, which can change the answer. Take the photo before marking.",
    "gel": "Fluid or bubbles cover the skin and can change the answer. Wipe off the fluid or press the bubbles out.",
}

SET = "Measured on"
SPLITS = {
    "internal_test": "internal test",
    "external": "external test",
    "validation": "validation (no headline figure)",
}
VALIDATION = (
    "The model, its temperature and its thresholds were chosen on the validation images. "
    "These figures are therefore too good and are no headline figures."
)
METHOD = "How was this computed"
SAVE = "Table as CSV"
COMMAND = "python -m training.evaluate runs/RECIPE"


def percent(probability: float) -> str:
    """A probability with one decimal, never rounded up to 100 % or down to 0 %."""
    if probability > 0.999:
        return "> 99.9 %"
    if probability < 0.001:
        return "< 0.1 %"
    return f"{probability:.1%}".replace("%", " %")


def patient(known: Patient) -> str:
    """Write what was entered about a patient, for example "age 34, female, leg or foot"."""
    age = "" if known.age is None else f"age {known.age:.0f}"
    sex = SEXES.get(known.sex, "").lower()
    site = SITES.get(known.site, known.site or "").lower()
    return ", ".join(part for part in (age, sex, site) if part)


def set_name(chosen: tuple[str, str]) -> str:
    """Name a dataset and split."""
    dataset, split = chosen
    return f"{SETS.get(dataset, dataset)}, {SPLITS.get(split, split.replace('_', ' '))}"


def size(images: float, lesions: float, positive: float | None = None) -> str:
    """Write the images and lesions on which a figure was counted."""
    shown = "" if positive is None or math.isnan(positive) else f" ({positive:,.0f} positive)"
    counted, grouped = ("an unknown number of" if math.isnan(count) else f"{count:,.0f}" for count in (images, lesions))
    return f"{counted} images{shown} of {grouped} lesions"


def number(value: float, digits: int = 3) -> str:
    """A figure, or a word that says why there is none."""
    if math.isnan(value):
        return "undefined"
    return "no limit" if math.isinf(value) else f"{value:,.{digits}f}"


def signed(difference: float) -> str:
    """A difference with its sign; one that rounds to nothing has a plus."""
    return f"{round(difference, 3) + 0.0:+.3f}".replace("-", "\N{MINUS SIGN}")
