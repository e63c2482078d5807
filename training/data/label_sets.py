"""Which classes a recipe tells apart, and how the diagnoses of each image set map to them."""

from dataclasses import dataclass

import pandas as pd

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
LABELS = (
    ("akiec", "Actinic keratosis / intraepithelial carcinoma", True),
    ("bcc", "Basal cell carcinoma", True),
    ("bkl", "Benign keratosis", False),
    ("df", "Dermatofibroma", False),
    ("mel", "Melanoma", True),
    ("nv", "Melanocytic nevus", False),
    ("vasc", "Vascular lesion", False),
)

# Squamous cell carcinoma and keratoacanthoma join akiec: they are the invasive end of the same keratinocyte
# disease, share its "malignant" side, and HAM10000 has no class of its own for them. An empty code means
# that the diagnosis has no place among the seven classes and the image is not used for them.
ISIC2019_TO_SEVEN = {
    "MEL": "mel", "NV": "nv", "BCC": "bcc", "AK": "akiec", "BKL": "bkl", "DF": "df", "VASC": "vasc",
    "SCC": "akiec", "UNK": "",
}  # fmt: skip

# AK is HAM10000's akiec, which joins actinic keratosis and Bowen's disease. ISIC 2019's own table calls some of these
# images SCC; here they stay with the label they were published under, and SCC comes from MILK10k's SCCKA.
SEVEN_TO_EIGHT = {
    "akiec": "AK", "bcc": "BCC", "bkl": "BKL", "df": "DF", "mel": "MEL", "nv": "NV", "vasc": "VASC",
}  # fmt: skip
SCC_SOURCES = ("SCC", "SCCKA")
# Consensus is a reading of the photo itself and a single assessment one reader's word. Follow-up without change,
# confocal microscopy and histology are evidence from outside the photo, so these images count as confirmed; were
# follow-up left out, more than half of HAM10000's naevi would be "unknown" and the class another word for naevus.
UNCONFIRMED = ("consensus", "single contributor clinical assessment")
BENIGN, MALIGNANT, UNKNOWN = "benign", "malignant", "unknown"


@dataclass(frozen=True)
class LabelSet:
    """The classes of a recipe in the order of its outputs, and which of them are malignant or melanoma."""

    codes: tuple[str, ...]
    malignant: tuple[str, ...]
    melanoma: str | None = None


MALIGNANT_CODES = tuple(code for code, _, malignant in LABELS if malignant)
LABEL_SETS = {
    "seven": LabelSet(CODES, MALIGNANT_CODES, "mel"),
    "eight": LabelSet(("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"), ("MEL", "BCC", "AK", "SCC"), "MEL"),
    "two": LabelSet((BENIGN, MALIGNANT), (MALIGNANT,)),
    "three": LabelSet((BENIGN, MALIGNANT, UNKNOWN), (MALIGNANT,)),
}


def labels_in(manifest: pd.DataFrame, label_set: str) -> pd.Series:
    """Return each image's class in a label set, missing where it has none.

    Parameters
    ----------
    manifest : DataFrame
        With column label (one of the seven codes, benign, malignant, unknown, or empty); for "eight" and "three"
        also source_label and confirmation.
    label_set : str
        One of `LABEL_SETS`.
    """
    label = manifest.label.where(manifest.label.isin(CODES))
    if label_set == "seven":
        return label
    if label_set == "eight":
        return label.map(SEVEN_TO_EIGHT).mask(manifest.source_label.isin(SCC_SOURCES), "SCC")
    two = label.map({code: MALIGNANT if code in MALIGNANT_CODES else BENIGN for code in CODES})
    two = two.fillna(manifest.label.where(manifest.label.isin([BENIGN, MALIGNANT])))  # a set that tells no more
    if label_set == "two":
        return two
    folder = manifest.source_label.where(manifest.source_label.isin([BENIGN, MALIGNANT, UNKNOWN]))
    return folder.fillna(two.mask(manifest.confirmation.isin(UNCONFIRMED)).fillna(UNKNOWN))
