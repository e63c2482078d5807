"""Every sentence of the page that answers a photo, keyed by code where the model gives codes."""

from model import report
from model.answer.decision import RULE_OUT
from model.answer.gate import BESIDE, BLANK, OUTSIDE
from ui.uploads import PHOTO_MB

DROP = "Drop a dermoscopic photo"
DROP_NEXT = "Next photo"
FORMATS = (
    f"JPEG, PNG, WebP, TIFF, BMP, HEIC or AVIF, up to {PHOTO_MB} MB. It is assessed on this computer and never stored."
)
OTHER_SOURCE = "Camera or sample"
CAMERA = "Use the camera"
CAMERA_HINT = "Hold the dermatoscope to the lens. The lesion should fill about half of the frame."
SAMPLES = "No photo at hand?"
SAMPLES_HINT = (
    "Eight real photos from the ISIC Archive, public domain (CC0). The model was not trained on them. "
    "Press one: its true diagnosis is shown next to the answer. The answer is not always right."
)
SAMPLE = "Open sample {}"
SAMPLE_TRUTH = "What it was: <b>{0}</b> <small>Sample {1}, {2}, {3}</small>"
PROMISES = """
You will see how high the risk is, compared with levels whose hits and misses were measured; which diagnoses cannot be
told apart; and which parts of the photo count as evidence.
"""

READING = "Reading the photo"
LOADING = "Loading the model (only once after the start)"
PHOTO = "Photo with the frame that the network reads"
MOVE_FRAME = "Move the frame"
LOOK_HERE, BACK = "Look at this frame", "Back to the centred square"
NO_ROOM = "Make the frame smaller to move it."
SQUARE = {"across": "Left to right", "down": "Top to bottom", "size": "Frame size"}
ON_PHOTO, ON_MAP = "Photo", "Map"
SIDE, SIDES = "Photo or map", (ON_PHOTO, ON_MAP)
EXPLAINED = "What counted for"
DRAWN_AS = "Drawn as"
STYLES = ("Heat", "Contours")
OPACITY = "Opacity"
SCALE = report.SCALE
NO_EVIDENCE = "Nothing in this photo is evidence for this class."
SAVE_OVERLAY = "Overlay PNG"
SAVE_RESULT = "Result JSON"

AGE, SEX, SITE, NOT_TOLD = "Age in years", "Sex", "Site of the lesion", "not given"
PATIENT_HINT = (
    "Optional, for this photo only. They weight the photo's answer by how often each diagnosis occurred in such "
    "patients in training: a young age lowers the probability of melanoma, although young people get it too. "
    "Headline, levels and named diagnosis come from the photo alone."
)
WITH, EFFECT = "With {}: {}.", "{} {} (photo alone {})"
PREVALENCE, NOT_SET = "Malignant of 100 in your clinic", "not set"
PREVALENCE_HELP = "Kept for this session. Urgent referrals: 6 to 8 of 100. Screening clinic: about 1."
SUBJECTS = {"mel": "melanoma", "malignant": "malignant"}

REFUSED = {  # what to do
    OUTSIDE: "Judge the lesion as you would without this program. For an answer, take a sharp dermoscopic photo with "
    "the lesion in the middle, or move the frame.",
    BESIDE: "Move the frame to the lesion.",
    BLANK: "Move the frame or take another photo.",
}
ANYWAY = "Show the answer anyway"
ANYWAY_HINT = "It was not measured how often such answers are right."
OTHER_FRAME = (
    "How often such answers are right was measured for the centred square of a photo, not for a frame of your own."
)
CENTRED = "The centred square: <b>{}</b>."
IN_FRAME = "In this frame:"
NOT_ADJUSTED = "Not adjusted to your clinic: the rates for that were measured for the centred square alone."
LEADS = "This answer is that to the centred square, where the risk is higher. This frame: <b>{}</b>."
FORCED_HEADING = "Probabilities without a risk level"

SUSPICIOUS = {"mel": "Suspicious of melanoma", "malignant": "Suspicious of malignancy"}
NOT_RULED_OUT = {"mel": "Melanoma is not ruled out", "malignant": "Malignancy is not ruled out"}
BELOW, BELOW_ONE = "Below both high-sensitivity levels", "Below the high-sensitivity level"
NO_LEVELS = "This model has no measured levels"
NAMED = "Diagnosis named: <b>{}</b>"
TIE = "Diagnosis named, a near tie: <b>{}</b>"
MOST_PROBABLE = "By probability alone it would be {}."
TOGETHER = "Cannot be told apart here: <b>{}</b>"
EVALUATION = "How it was measured"


def headline(decision) -> str:
    """Write in a few words what the risk is; never that there is none."""
    out = [point for point in decision.points if point.role == RULE_OUT]
    if not out and decision.risk != "high":
        return NO_LEVELS
    if decision.risk == "low":
        return BELOW if len(out) > 1 else BELOW_ONE
    names = SUSPICIOUS if decision.risk == "high" else NOT_RULED_OUT
    return names["mel" if "mel" in decision.reached else "malignant"]


def either(decision, names: dict[str, str]) -> str:
    """Write the full names of the named diagnosis and of those nearly tied with it."""
    return " or ".join(names[code] for code in decision.together)


def named(decision, names: dict[str, str]) -> list[str]:
    """Write which diagnosis is named and which ones cannot be told apart from it, as lines of HTML.

    ``names`` are the full names by class code.
    """
    tied = decision.together
    lines = [(TIE if len(tied) > 1 else NAMED).format(either(decision, names))]
    if decision.most_probable not in tied:
        lines[0] += f" <small>{MOST_PROBABLE.format(names[decision.most_probable])}</small>"
    widest = decision.sets[max(decision.sets)] if decision.sets else ()
    apart = dict.fromkeys((*widest, *tied)) if widest else {}  # what is named above is never left out
    if len(apart) > 1:
        lines.append(TOGETHER.format(", ".join(names[code] for code in apart)))
    return lines
