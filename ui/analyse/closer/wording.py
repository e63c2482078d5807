"""Sentences on the lesion's outline and measurements, and on maps."""

import math

from model.answer.lesion import CUT, EMPTY, SEVERAL
from model.maps import methods
from ui.analyse.wording import ON_MAP, ON_PHOTO

OUTLINE, PLACES = "Outline of the lesion on", (ON_MAP, ON_PHOTO)
LESION = "The lesion: outline and measurements"
CODES = {
    EMPTY: "No lesion was found in the frame, so nothing was measured.",
    SEVERAL: "More than one lesion was found; the largest is measured.",
    CUT: "The lesion touches the edge of the frame: its shape is not measured; area and colours are of the part seen.",
}
DRAWN = "Drawn by a small network that learnt from masks of experts{}. It can be wrong: compare it with the photo."
AGREES = "; on {} it overlaps with such masks by {} (Jaccard index, {} to {}; {} photos)"
FIGURES = ("value", "low", "high")
NOT_A_SCORE = (
    "Measurements, named as in the ABCD rule (Stolz 1994); not the rule's score, and no diagnosis. Usual: from the 5th "
    "to the 95th of 100 photos of the class in HAM10000's internal test."
)
THIS_PHOTO, USUAL = "This photo", "Usual: {}"
MEASURES = {
    "area": "Area, share of the frame",
    "asymmetry_long": "Asymmetry about the long axis (0: none)",
    "asymmetry_short": "Asymmetry about the short axis (0: none)",
    "compactness": "Border irregularity, compactness (1: a disc)",
    "solidity": "Border irregularity, solidity (1: no notches)",
    "colour_count": "How many of the six colours",
    "heat_inside": "Share of the melanoma evidence in the lesion",
}
COLOURS = {
    "white": "white", "red": "red", "light_brown": "light brown", "dark_brown": "dark brown", "blue_grey": "blue-grey",
    "black": "black",
}  # fmt: skip
COLOUR_SHARE = "Colour: {}"
SHARES = ("area", "heat_inside", *COLOURS)
NOT_MEASURED = "not measured"
OTHER_FRAME = "What is usual was measured on the largest centred square of photos, not on a frame of your own."
FIT, FIT_HINT = (
    "Fit the frame to the lesion",
    "A square around the outline, with room on each side. On validation photos it changed the melanoma AUC by {}; "
    "so the centred square stays the default.",
)
FITS = "The frame is already the one around the lesion."
FIT_CHANGE = "{} ({} to {}) on {}"


def agreement(rows: list[dict], sets: dict[str, str]) -> str:
    """Write how well the outline agrees with masks, from the card's entries for each set."""
    found = []
    for row in rows:
        if row["split"] != "validation":
            name, interval = sets.get(row["dataset"], row["dataset"]), (f"{row[key]:.2f}" for key in FIGURES)
            found.append(AGREES.format(name, *interval, f"{row['n_images']:,}"))
    return DRAWN.format("".join(found))


def value(name: str, number: float | None) -> str:
    """Write a measurement."""
    if number is None or number != number:
        return NOT_MEASURED
    if name in SHARES:
        return f"{100 * number:.0f} %"
    return f"{number:.0f}" if name == "colour_count" else f"{number:.2f}"


def usual(name: str, low: float, high: float) -> str:
    """Write the usual range of a measurement."""
    return NOT_MEASURED if low != low else f"{value(name, low)} to {value(name, high)}"


MAPS = "Other maps, two classes against each other, and what a region adds"
METHOD, FOR, AGAINST, NOTHING = "Map", "For", "Against", "nothing"
COMPUTE, COMPUTE_LOADING = "Compute ({} passes)", "Compute ({} passes; loads TensorFlow, about 1 GB of memory)"
UNMOVED = (
    "Caution: on test photos this map hardly changed when the last layer was shuffled (rank correlation {:.2f}), so it "
    "says little about the class."
)
COMPUTING, STOP = "Computing the map", "Stop"
POSITIVE = "Coloured: what speaks for {}; without colour: nothing, or evidence against it."
CONTRASTED = "Orange speaks for {}, blue for {}; the stronger, the more colour."
SAVE_ARRAY = "Map as array (NPZ)"
CELLS_ALT = "The network's view with a mark in each cell; choose cells to see what they add."
CHOOSE = "Click a cell, or drag a box over several: what they add is written here."
ADDS = "The {} add **{:+.2f}** to the logit of {} (all cells: {:+.2f})."
ADDS_AGAINST = "The {} add **{:+.2f}** to the log odds of {} (all cells: {:+.2f}): before calibration, odds times {}."


def method(name: str) -> str:
    """Write a method's name."""
    return methods.METHODS[name].name


def about(name: str) -> str:
    """Write what a map says and where it is from; with the map of the answer, which others would be the same."""
    found = methods.METHODS[name]
    same = f" {' '.join(methods.SAME)}" if name == methods.GRADCAM else ""
    return f"{found.definition} {found.source}.{same}"


def compute(name: str) -> str:
    """Write the button of a map that is not there yet."""
    found = methods.METHODS[name]
    return (COMPUTE_LOADING if found.tensorflow else COMPUTE).format(found.passes)


def against(names: list[str]) -> str:
    """Write one class, or two against each other."""
    return " against ".join(names)


def ends(drawn, names: list[str]) -> str:
    """Write what the colours mean."""
    return POSITIVE.format(names[0]) if drawn.against is None else CONTRASTED.format(*names)


def region(total: float, cells: int, whole: float, names: list[str]) -> str:
    """Write what chosen cells add to a class, or to one against another."""
    counted = "chosen cell" if cells == 1 else f"{cells} chosen cells"
    text = ADDS if len(names) == 1 else ADDS_AGAINST
    odds = f"{math.exp(min(total, 20)):.2g}"
    said = text.format(counted, total, against(names), whole, odds)
    return said.replace(" add ", " adds ") if cells == 1 else said
