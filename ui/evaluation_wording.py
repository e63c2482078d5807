"""Every sentence of the evaluation page."""

import math

from model.evaluation.cases import ALL, MALIGNANT
from ui.wording import SETS

TITLE = "Evaluation"
SECTIONS = ("Overview", "Confusion matrix", "ROC and precision", "Calibration", "Clinic", "Decision curve")
SECTION = "Section"
SET = "Measured on"
QUESTION = "Question"
NO_QUESTION = "These images hold no question of this kind: choose another set."
THRESHOLD = "Threshold: the answer is yes from this probability on"
PREVALENCE = "Prevalence among the lesions seen"
OTHER = "Other"
OTHER_PREVALENCE = "Prevalence in %"
SPLITS = {
    "internal_test": "internal test",
    "external": "external test",
    "validation": "validation (no headline figure)",
}
VALIDATION = (
    "Validation images chose the model, its temperature and its thresholds, "
    "so these figures flatter it and are no headline figures."
)
ONLY_VALIDATION = "This bundle holds validation figures only: it has no headline figure yet."
HEADLINE = "Headline figures"
HEADLINE_HINT = "The larger figure is the estimate; below it the 95 % interval and what it was counted on."
POINTS = "Named operating points"
POINTS_HINT = (
    "Chosen on validation, measured here. Predictive values hold at the share of positive images of the set shown."
)
VALIDATION_FIGURES = "Validation figures, for comparison"
HEADLINE_METRICS = {
    ("balanced_accuracy", ALL): "Balanced accuracy of seven classes",
    ("accuracy", ALL): "Accuracy of seven classes",
    ("macro_auc", ALL): "AUC, mean over classes",
    ("auc", "mel"): "AUC, melanoma against all else",
    ("auc", MALIGNANT): "AUC, malignant against benign",
    ("average_precision", "mel"): "Average precision, melanoma",
    ("ece", ALL): "Calibration error (ECE), lower is better",
}
CALIBRATION_METRICS = {
    ("ece", ALL): "Calibration error (ECE), lower is better",
    ("brier", ALL): "Brier score, lower is better",
    ("log_loss", ALL): "Log loss, lower is better",
}
METRICS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "number_needed_to_biopsy": "Number needed to biopsy",
}
MODES = {"count": "Counts", "row": "By row", "column": "By column"}
MODE = "Numbers"
MODE_HINTS = {
    "count": "Images. Colour shows the share of the true class.",
    "row": "Of each true class, the share that got each answer; the diagonal is sensitivity.",
    "column": "Of each answer, the share that was each class; the diagonal is the PPV at this set's mix of classes.",
}
ROC = "ROC curve"
PRECISION = "Precision-recall curve at a prevalence of {}"
CURVE_MARK = "The mark is the chosen threshold, the shaded area the pointwise 95 % band."
AT_THRESHOLD = "At a threshold of {} and a prevalence of {}"
NO_BANDS = "The curves are drawn without bands."
NO_AREAS = "The areas under the curves are not shown."
NAMED_THRESHOLDS = "Named thresholds for this question: {}."
ALL_CLASSES = "The most probable of the seven classes"
STATES = ("before temperature", "after temperature (as served)")
CLINIC = "What would happen to 1,000 lesions at a prevalence of {}, if every yes were biopsied"
OUTCOMES = {
    "found": "Positive, biopsied: found",
    "missed": "Positive, left: missed",
    "benign_biopsied": "Negative, biopsied",
    "benign_spared": "Negative, left: spared",
    "biopsies": "Biopsies in all",
}
ASSUMPTIONS = """
Assumptions
- Sensitivity and specificity are those measured on the images above and stay the same at every prevalence.
- The prevalence is taken as known; its own uncertainty is not in the intervals.
- Every lesion that gets a yes is biopsied and every other one is left; nobody else looks.
- The lesions resemble those of the set: dermoscopic photos of lesions that somebody chose to photograph.
- A missed cancer and one more biopsy do not weigh the same; the table counts them and does not weigh them.
"""
PUBLISHED = (
    "For comparison, published numbers needed to biopsy: 7.5 for dermatologists and 14.8 over all clinicians "
    "(Nelson 2019), 9.71 overall (Petty 2020); other patients and another mix of lesions, so no like-for-like test."
)
DECISION = (
    "Net benefit counts true positives and takes off false ones, weighed by the odds of the probability from which "
    "one would act: who acts from 10 % accepts nine false alarms for one true one. It holds at this set's own share "
    "of positive images, {}."
)
METHOD = "How was this computed"
SAVE = "Table as CSV"
COMMAND = "python -m training.evaluate runs/RECIPE"
METHODS = {
    "overview": "shares carry Wilson's interval at the effective sample size, other figures {}.",
    "points": "Wilson's interval at the effective sample size that lesions leave.",
    "confusion": "the most probable class of every image, counted.",
    "curves": "bands, drawn where they are stored, from resampling lesions; points from every distinct probability.",
    "threshold": (
        "sensitivity and specificity with Wilson's interval at the effective sample size, predictive values with "
        "Mercaldo's at the chosen prevalence; number needed to biopsy is 1 / PPV."
    ),
    "calibration": "{} bins of equal width, n above each bar, Wilson's interval by lesion.",
    "clinic": "the measured rates with Wilson's interval by lesion, times the lesions; biopsies in all by MOVER.",
    "decision": "net benefit after Vickers and Elkin (2006), 95 % band from resampling lesions.",
}


def question(subject: str, names: dict[str, str]) -> str:
    """Name a yes-or-no question; ``names`` are the classes' full names by code."""
    special = {
        ALL: ALL_CLASSES,
        MALIGNANT: "Malignant against benign",
        "mel_vs_nv": "Melanoma against nevus",
        "akiec_bcc_vs_bkl": "Keratinocyte carcinoma against benign keratosis",
    }
    return special.get(subject) or f"{names[subject]} against all else"


def set_name(chosen: tuple[str, str]) -> str:
    """Name a dataset and split."""
    dataset, split = chosen
    return f"{SETS.get(dataset, dataset)}, {SPLITS.get(split, split.replace('_', ' '))}"


def size(images: float, lesions: float, positive: float | None = None) -> str:
    """Say what a figure was counted on."""
    shown = "" if positive is None or math.isnan(positive) else f" ({positive:,.0f} positive)"
    return f"{images:,.0f} images{shown} of {lesions:,.0f} lesions"


def share(value: float) -> str:
    """A prevalence or threshold in percent, with no more digits than it needs."""
    return f"{100 * value:.3g} %"


def number(value: float, digits: int = 3) -> str:
    """A figure, or in words why there is none."""
    if math.isnan(value):
        return "undefined"
    return "no limit" if math.isinf(value) else f"{value:,.{digits}f}"
