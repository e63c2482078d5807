"""Names of lesion sites in image sets and archives, mapped to the few parts that all of them have."""

import re

# The sets name sites in different detail; these parts are common to all of them.
SITES = {
    "head": (
        "head", "face", "scalp", "ear", "neck", "head/neck", "head neck face", "nose", "lip", "eyelid", "cheek",
        "forehead",
    ),
    "trunk": (
        "back", "trunk", "torso", "chest", "abdomen", "anterior torso", "posterior torso", "lateral torso", "genital",
        "oral/genital", "anogenital", "buttock", "buttocks", "breast", "upper back", "lower back", "flank",
    ),
    "upper": (
        "upper", "upper extremity", "upper limb", "hand", "arm", "forearm", "upper arm", "shoulder", "arm or hand",
        "elbow", "wrist", "finger",
    ),
    "lower": (
        "lower", "lower extremity", "lower limb", "foot", "leg", "thigh", "lower leg", "leg or foot", "knee", "ankle",
        "toe",
    ),
    "acral": (
        "acral", "palms/soles", "palm", "sole", "palms", "soles", "palm or sole", "palm and sole", "palm/sole",
        "hands/feet",
    ),
}  # fmt: skip


def site_code(text: str) -> str | None:
    """Return the part that a site belongs to: head, trunk, upper, lower or acral; None for an unknown name."""
    return _CODES.get(_plain(text))


def _plain(text: str) -> str:
    """Return a name in lower case, with one space between its words."""
    words = re.split(r"[\s/_&,;()-]+", text.lower())
    return " ".join(word for word in words if word not in ("", "and", "or"))


_CODES = {_plain(name): code for code, names in SITES.items() for name in names}
