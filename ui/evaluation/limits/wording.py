"""Sentences about refusals, notes on photos, other clinics, heat maps and outlines."""

from typing import NamedTuple

from ui.wording import SETS

REFUSALS = (
    "A photo that looks unlike the dermoscopic photos in the tests gets no answer. This says nothing about the lesion. "
    "The limit was fitted on validation. The pictures and photos below were not used for fitting."
)
REFUSED = "Refused"
REFUSED_RIGHTLY, REFUSED_WRONGLY = "Pictures that should be refused", "Dermoscopic photos that should not be"
REFUSED_WORSE = "Degraded dermoscopic photos"
LEFT_OUT = "Refused by a gate that was fitted without this kind of picture"
REFUSED_BY_PATIENT = "Dermoscopic photos by age and skin tone"
NEVER_SEEN = ", never seen"
GATES = "Gates that were compared"
KINDS = {
    "close_up": "Ordinary close-ups of lesions", "photograph": "Other photographs", "text": "Pages of text",
    "screen": "Screens", "chart": "Charts", "drawing": "Drawings", "shapes": "Plain shapes", "plain": "Even surfaces",
    "skin": "Skin without a lesion, drawn", "gradient": "Gradients", "noise": "Noise", "pattern": "Patterns",
    "inverted": "Photos, inverted", "recoloured": "Photos, colours exchanged", "shuffled": "Photos, tiles mixed up",
    "posterised": "Photos, two levels a colour", "mosaic": "Photos, a few squares",
}  # fmt: skip
MAIN_KINDS = ("close_up", "photograph", "text", "drawing")
GATE_NAMES = {
    "logistic": "Logistic regression, as served", "mahalanobis": "Mahalanobis distance",
    "nearest_neighbours": "Nearest neighbours", "energy": "Energy of the logits",
}  # fmt: skip
GATE_COLUMNS = ("Gate", *(KINDS[kind] for kind in MAIN_KINDS), "Dermoscopic photos refused, worst set")
GATE_COMMAND, GAUGES_COMMAND = "python -m training.gate", "python -m training.gauges"

GAUGES = "Notes on photo quality"
GAUGES_HINT = (
    "A note is shown next to the answer when a measure is beyond a limit that was fitted on validation, or the lesion "
    "covers half an edge of the frame. About eight of ten notes on hair and on cut-off lesions are right; for others "
    "this was not measured. Many problems get no note. How much is found was measured with photos changed on purpose "
    "in three steps, with lesion masks and with MILK10k's scores for hair. Rulers get no note: no set labels them."
)
GAUGE_NAMES = {
    "sharpness": "Blur", "exposure": "Light", "resolution": "Too few pixels", "cut_off": "Lesion cut off",
    "hair": "Hair", "ink": "Blue or violet marks", "gel": "Fluid",
}  # fmt: skip
FOUND = "Found, of photos that have it"
TOLD = "Share of unchanged photos with a note"
GAUGE_METRICS = {
    "right": "right when noted", "auroc": "discrimination (AUC)", "correlation": "correlation with the score or mask",
}  # fmt: skip


def truth(subject: str) -> str:
    """Return what makes a gauge right, for example "top tenth of MONET_hair" or "blur, step 1"."""
    if ", step " in subject:
        return f"photos changed on purpose, step {subject[-1]}"
    return subject.replace("top tenth of MONET_", "highest tenth of the score for ").replace("_", " ")


SOURCES = "What each image set brings"
SOURCES_HINT = (
    "Not the model that answers here: {learner}, so that a set that is left out has never been seen. Learnt from all "
    "{images:,} training images, its {figure} is {value} on {set}, {size}. The chart shows the change with each choice "
    "of training images: left of the line is worse."
)
LEARNER = "What learns"
SOURCE_FINDINGS = {  # of a choice that is told in words
    "without": "Never having seen {set}: {change}",
    "without_even": "The same, the other sets drawn evenly in each diagnosis: {change}",
    "without_adversarial": "Drawn evenly, and features that must not tell the set: {change}",
    "share": "Half of the training lesions: {change}",
    "unconfirmed_out": "Without labels by consensus or one reader alone, sets that do not say kept: {change}",
}
HALF, UNCLEAR = "50 %", "{}, no clear difference"
JUDGED_ON, SOURCE_CHANGE = "Measured on", "Change of the {} against all training images"
SOURCE_METRICS = {
    "melanoma_auc": "melanoma AUC", "malignant_auc": "malignant AUC", "balanced_accuracy": "balanced accuracy",
}  # fmt: skip
LEARNT = {
    "without": "Without {}", "without_even": "Without {}, sets drawn evenly",
    "without_adversarial": "Without {}, set not told", "everything": "All sets", "alone": "{} alone",
    "share": "{} of the training lesions",
    "every": "Validation learnt too, in {} folds",
    "unconfirmed_half": "Unconfirmed labels count half", "unconfirmed_out": "Unconfirmed labels left out",
}  # fmt: skip
PROBE_NAMES = {
    "set": "Set recognised from the photo, balanced accuracy",
    "melanoma": "Melanoma from the set alone, AUC",
}
NO_REFERENCE = "{} lacks the row of all training images; make it again, or copy it again."


class Learner(NamedTuple):
    """What learns in a table of the study of image sets: its name, heading and hint of its probes, and its command."""

    name: str
    heading: str
    probes: str
    command: str


ONE_LAYER = Learner(
    "One layer",
    "Can the image set give the diagnosis away?",
    "On validation images of {}, whatever is chosen above. By chance, {:.3f} of the sets would be right and the AUC "
    "would be 0.500. ISIC 2020 gives melanomas alone and has no validation images: see the row without it.",
    "python -m training.studies.sources",
)
WHOLE_NETWORK = Learner(
    "A whole network",
    "How well a network's features tell the image set",
    "Sets recognised by a linear layer on the features of each network, balanced accuracy on validation images of {}, "
    "whatever is chosen above. By chance, {:.3f} would be right.",
    "python -m training.studies.sources --fine-tune",
)


def learnt(name: str, of: str, images: int) -> str:
    """Return what was learnt from, with the number of training images."""
    return f"{probe(name, of)}: {images:,.0f} images"


def probe(name: str, of: str) -> str:
    """Return the name of a probe, or of what the probed network has learnt from."""
    return PROBE_NAMES.get(name) or LEARNT.get(name, name).format(SETS.get(of, of))


MAPS_HINT = (
    "Photos of HAM10000's internal test with published lesion masks, the same number of each class. A heat map shows "
    "what the network used, not where the disease is. A map that does no better than a centred blob or random order "
    "tells little."
)
MAP_COMMAND = "python -m training.faithfulness"
MAP_NAMES = {
    "gradcam": "Grad-CAM, the default", "finer": "Grad-CAM, half cells", "layercam": "Layer-CAM",
    "scorecam": "Score-CAM", "occlusion": "Occlusion", "smoothgrad": "SmoothGrad",
    "gaussian": "Baseline: a centred blob", "mask": "Baseline: the expert's mask",
    "uniform": "Baseline: the same everywhere", "random": "Baseline: random",
    "two passes, linear": "Candidate: two passes, linear", "mirrored": "Candidate: mirrored",
}  # fmt: skip
MAP_FIGURES = {
    "insertion less deletion": (
        "Insertion less deletion",
        "How much faster the probability rises when the strongest cells appear first than when they vanish first "
        "(Petsiuk 2018). Higher is better; 0 is no better than no order.",
    ),
    "pointing game": (
        "Strongest heat in the lesion",
        "Share of photos whose strongest heat lies in the lesion (Zhang 2016). Not always right to be high: in actinic "
        "keratosis the skin around counts too.",
    ),
    "energy in the lesion": (
        "Share of the heat in the lesion", "Share of all heat that lies in the lesion (Wang 2020)."
    ),
    "head": (
        "Likeness after shuffling the last layer",
        "Rank correlation with the map of a network whose last layer is shuffled (Adebayo 2018). Near 0 is right: the "
        "map depends on what was learnt.",
    ),
    "deeper": (
        "Likeness after shuffling deeper layers", "As before, with deeper layers shuffled. Near 0 is right.",
    ),
    "stability": (
        "Likeness on a slightly changed photo",
        "Rank correlation with the map of the photo moved by a pixel, as a JPEG of quality 60, or with noise. Near 1 "
        "is right.",
    ),
    "agreement": ("Agreement of two maps", "Rank correlation of two maps of a photo. 1: the same order of cells."),
}  # fmt: skip
MAP_FIGURE, MAP_SUBJECT, ALL_CLASSES = "Figure", "Class", "all classes"
DEFAULT_EARNED = "The default was chosen on validation by a rule written down before: {}"
DEFAULT_RULE = (
    "Grad-CAM stays unless another map that needs at most one further pass has a higher insertion less deletion there, "
    "with a 95 % interval above 0. "
)
NONE_BETTER, BETTER = "None did.", "{} did."
ON_TEST = "On the internal test, against Grad-CAM: {}."
UNINFORMATIVE = (
    "**Uninformative by this test: {}.** The map hardly changes when what the network has learnt is shuffled, so it "
    "says little about the class."
)
GAIN = "{} {} ({} to {})"

OUTLINE_COMMAND = "python -m training.outline"
OUTLINE_FIGURES = {
    "jaccard": "Jaccard index, mean over photos", "dice": "Dice index, mean over photos",
    "jaccard_65": "Jaccard index, below .65 counted as 0",
    "lesion_at_border": "Share of photos whose lesion touches the edge",
    "several_lesions": "Share of photos with more than one lesion",
    "no_lesion": "Share of photos without a lesion found",
}  # fmt: skip
OUTLINE_HINT = "An outline in the centred square, against the expert's mask cut to the same square."
FRAMED = "{}, {:.0%} of the lesion on each side"
FRAME = "A frame around the lesion instead of the centred square"
FRAME_HINT = "Melanoma AUC on validation photos with such a frame, less that with the centred square."
FRAME_CHANGE = "Change of the melanoma AUC"
BESIDE, BESIDE_SHARE = "A frame beside the lesion", "Share of frames without an answer"
BESIDE_HINT = (
    "{}: small frames put by chance on bare skin, where no answer is right, and on the lesion, where one is wanted."
)
NO_FRAMES = "{} has no row that can be shown; make it again, or copy it again."
BESIDE_ROW = "{}, {:.0%} of the side"


def map_figure(metric: str) -> str:
    """Return the key in `MAP_FIGURES` that a stored metric belongs to."""
    if metric in MAP_FIGURES:
        return metric
    if metric.startswith("agreement"):
        return "agreement"
    if metric.startswith("stability"):
        return "stability"
    return "head" if "head" in metric else "deeper"
