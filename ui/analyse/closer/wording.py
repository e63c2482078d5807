"""Sentences on the lesion's outline and measurements, and on maps."""

from model.answer.lesion import CUT, EMPTY, SEVERAL

OUTLINE, PLACES = "Outline of the lesion on", ("Map", "Photo")
LESION = "The lesion: outline and measurements"
CODES = {
    EMPTY: "No lesion was found in the frame, so nothing was measured.",
    SEVERAL: "More than one lesion was found; the largest is measured.",
    CUT: "The frame cuts the lesion off: its shape is not measured; area and colours are of the part that is seen.",
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
FIT, FIT_HINT = (
    "Fit the frame to the lesion",
    "A square around the outline, with room on each side. On validation photos it changed the melanoma AUC by {}; "
    "so the centred square stays the default.",
)
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
        return f"{number:.0%}"
    return f"{number:.0f}" if name == "colour_count" else f"{number:.2f}"


def usual(name: str, low: float, high: float) -> str:
    """Write the usual range of a measurement."""
    return NOT_MEASURED if low != low else f"{value(name, low)} to {value(name, high)}"
