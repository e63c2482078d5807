"""Sentences of the evaluation page that are not those of decisions or limits."""

from collections.abc import Mapping

from model.evaluation.cases import ALL, MALIGNANT
from ui.wording import number

TITLE = "Evaluation"
QUESTION = "Question"
NO_QUESTION = "This set has no images for such a question: choose another set."
THRESHOLD = "Threshold: yes at or above"
PREVALENCE = "Prevalence, %"
ONLY_VALIDATION = "This bundle has only validation figures. It has no headline figure yet."
HEADLINE = "Main figures, with 95 % intervals"
POINTS = "Levels"
POINTS_HINT = (
    "Chosen on validation, measured here. Predictive values apply to the share of positive images in the set shown."
)
VALIDATION_FIGURES = "Validation figures, for comparison"
BY_CHANCE = (
    "If every probability were right, the calibration error would still be {:.3f} by chance ({:.3f} to {:.3f} in 95 % "
    "of 1,000 draws), on these {:,} images, each taken as another lesion."
)
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
    "count": "Colour shows the share of the true class.",
    "row": "For each true class, the share that got each answer. The diagonal is sensitivity.",
    "column": "For each answer, the share that is of each class. The diagonal is the PPV at this set's mix of classes.",
}
ROC = "ROC curve"
PRECISION = "Precision-recall curve at a prevalence of {}"
CURVE_MARK = "The mark is the chosen threshold. The shaded area is the pointwise 95 % band."
AT_THRESHOLD = "At a threshold of {} and a prevalence of {}"
NO_BANDS = "The curves are drawn without bands."
NO_AREAS = "The areas under the curves are not shown."
LEVELS = "Levels for this question: {}."
ALL_CLASSES = "The most probable of the seven classes"
SERVED = "As served"
TEMPERATURE = "What the temperature of {:.2f} changes"
WITHOUT = {"before": "Without it", "change": "Change: with minus without, paired"}
ONLY_AFTER = "Figures are shown after temperature only."
CLINIC = "Outcomes of 1,000 lesions at a prevalence of {}, if every yes is biopsied"
OUTCOMES = {
    "found": "Positive, biopsied (found)",
    "missed": "Positive, left (missed)",
    "benign_biopsied": "Negative, biopsied",
    "benign_spared": "Negative, left (spared)",
    "biopsies": "Biopsies in all",
}
ASSUMPTIONS = """
Assumptions
- Sensitivity and specificity are those measured on the images above and stay the same at every prevalence.
- The prevalence is taken as known; the intervals do not include its uncertainty.
- Every lesion with a yes is biopsied and no other one is; nobody else examines the lesions.
- The lesions resemble those of the set: dermoscopic photos of lesions that somebody chose to photograph.
- A missed cancer and an extra biopsy are not equally harmful; the table counts both and does not weight them.
"""
PUBLISHED = (
    "For comparison, published numbers needed to biopsy: 7.5 for dermatologists and 14.8 over all clinicians "
    "(Nelson 2019), 9.71 overall (Petty 2020). Patients and lesions differ, so a direct comparison is not possible."
)
DECISION = (
    "Net benefit is the share of true positives minus the share of false positives, weighted by the odds of the "
    "threshold: to act at 10 % is to accept nine false alarms for one true positive. It applies to this set's share "
    "of positive images, {}."
)
ROBUSTNESS_COMMAND = "python -m training.judging.robustness runs/RECIPE"
COMPARISON_COMMAND = "python -m training.compare"


CASES = "{:,} of {:,} cases, the surest answers first"
CELL = "Cell (or click one)"
NO_CELL = "Choose true class and answer"
EMPTY_CELL = "There is no such case in this set."
CONFIDENCE = "Probability of the answer"
TRUTH, ANSWER, LOOK = "Truth", "Answer", "Open"
CONFIRMATIONS = {
    "histo": "histopathology", "histopathology": "histopathology", "confocal": "confocal microscopy",
    "follow_up": "follow-up", "consensus": "consensus",
}  # fmt: skip
CONFIRMED, YEARS, TONE, THUMBNAIL = "by {}", "{:.0f} years", "skin tone {:.0f}", "Photo {}"
CASE = "Case"
PHOTO_OF, MAP_OF = "{}, from your copy of the set", "What counted for {}, computed now"
NO_PHOTO = (
    "The photo is not on this computer. To see it here with its overlay, start the app with {} set to the folder that "
    "contains the image sets as published{}."
)
PUBLISHERS = {
    "ham10000": " (this one from Harvard Dataverse, doi:10.7910/DVN/DBW86T, in `ham10000`)",
    "milk10k": " (this one from challenge.isic-archive.com, MILK10k, in `milk10k`)",
    "isic2019": " (this one from challenge.isic-archive.com, 2019, in `isic2019`)",
    "ph2": " (this one from www.fc.up.pt/addi, PH2, in `ph2`)",
}
FIGURE, VALUE, CLASSES = "Figure", "Value", "{} of {} classes"
HEADLINE_METRICS = {
    ("balanced_accuracy", ALL): "Balanced accuracy",
    ("accuracy", ALL): "Accuracy",
    ("macro_auc", ALL): "AUC, mean over classes",
    ("auc", "mel"): "AUC, melanoma",
    ("auc", MALIGNANT): "AUC, malignant",
    ("average_precision", "mel"): "Average precision, melanoma",
    ("ece", ALL): "Calibration error, lower is better",
}
FOUND = (
    "**It finds** ({}): from a probability of {} on, {:,} of {:,} images of {} are found ({}), and {} of the {:,} "
    "other images are correctly left."
)
MISSED = "**It misses** {:,} of {:,} images of {} at that threshold."
MISTAKE = "Its most common mistake is {} named {}: {:,} images."
NOT_MEASURED = "**Hardly or not measured**: {}."
AREAS = ("melanoma_auc", "malignant_auc")  # which the best of a family is chosen by
ANCESTORS = "The best earlier system of each family"
SAME_IMAGES = (
    "HAM10000, internal test, the same {} for every row, with 95 % intervals. Trained again for this comparison; of "
    "each family, the one with the highest AUC. Earlier releases of this model: Method, Systems compared."
)
WITHOUT_RULE = (
    "Balanced accuracy is of what a system names: the earlier ones their most probable class, this model what its rule "
    "names, which they do not have. By the most probable class this model has {}. AUCs do not depend on that."
)
BUNDLED, SYSTEM = "This model", "System"
ANCESTOR_METRICS = {
    "balanced_accuracy": "Balanced accuracy", "melanoma_auc": "AUC, melanoma", "malignant_auc": "AUC, malignant",
}  # fmt: skip
POINT, POINT_METRICS = "Level", ("sensitivity", "specificity", "ppv")
ASSUMED, NET_BENEFIT, DECISION_CURVE = "What this assumes", "What net benefit is", "Decision curve"
NO_DECISION = "The decision curve is not shown."
TOO_SMALL, GROUP, NOT_LABELLED = "{} groups too small for a rate", "Group", "not labelled"
SUBGROUP_METRICS = {"sensitivity": "Sensitivity", "specificity": "Specificity", "auc": "AUC"}
SUBGROUPS = "{} at the level {} ({}). The dotted line is all patients. Below 30 cases, only the count is shown."
ATTRIBUTES = {
    "age_band": "Age", "sex": "Sex", "site": "Site", "confirmation": "Confirmed by", "skin_tone": "Skin tone",
}  # fmt: skip
SKIN_TONE = (
    "Only MILK10k labels skin tone, in classes 0 to 5, probably from darkest to lightest. "
    "For all other sets it is not assessed."
)
ROBUSTNESS_METRICS = {
    "accuracy": "Accuracy of the diagnosis named",
    "melanoma_sensitivity": "Melanomas called melanoma",
    "melanoma_sensitivity_at_point": "Melanoma sensitivity at the high-sensitivity level",
    "melanoma_specificity_at_point": "Melanoma specificity at the high-sensitivity level",
    "map_agreement": "Heat map: rank agreement with the photo as taken",
}
CORRUPTIONS = "What is done to the photo"
NO_CORRUPTION = "Choose at least one corruption."
ROBUSTNESS = (
    "The images are drawn as evenly over the classes as possible, so these figures differ from those of the whole test."
)
SEVERITY = "Severity"
SEVERITIES = {0: "as taken", 1: "mild", 2: "medium", 3: "severe"}
EVERY_FIGURE = "Every figure with its interval"
EXTERNAL = (
    "Melanoma against nevus on images of these two classes alone, in every set, at the level {} ({}). "
    "External figures do not replace the internal one: another clinic has other patients, cameras and reasons to take "
    "a photo."
)
EXTERNAL_METRICS = {
    "auc": "AUC, melanoma against nevus",
    "sensitivity": "Sensitivity for melanoma at the level",
    "specificity": "Specificity among nevi at the level",
    "accuracy": "Share named rightly among seven",
}
NO_EXTERNAL = "This bundle has no external test."
NO_POINT = "This bundle has no level for melanoma, so the sets cannot be compared at one."
INFORMED = (
    "What age, sex and site add to the photo, on {}: {} with at least one of the three recorded. The factors were "
    "fitted on the training images, their exponent on validation; see the card's entry patient."
)
INFORMED_FIGURES = "The same images with and without the patient"
INFORMED_COLUMNS = ("Figure", "Photo alone [95 %]", "With patient [95 %]", "Difference [95 %]")
INFORMED_METRICS = {
    ("macro_auc", ALL): "AUC, mean over classes",
    ("auc", "mel"): "AUC, melanoma",
    ("auc", MALIGNANT): "AUC, malignant",
    ("log_loss", ALL): "Log loss, lower is better",
    ("ece", ALL): "Calibration error (ECE), lower is better",
}
HIGHER_IS_BETTER = ("macro_auc", "auc")
INFORMED_DIFFERENCE = "With the patient minus photo alone"
INFORMED_BY_AGE = "Melanoma, by age"
INFORMED_BY_AGE_HINT = (
    "{}. The photo alone and with the patient, each at its own threshold for {} on validation ({} and {}). Age moves "
    "the answer towards melanoma in older patients and towards nevus in younger ones. This helps between ages but not "
    "within one age, and a melanoma of a young patient ranks lower among naevi. Below 30 cases, only the count is "
    "shown."
)
SIDES = {"photo_alone": "photo alone", "with_patient": "with patient"}
INFORMED_AGE_COLUMNS = ("Group", "Sensitivity [95 %]", "Specificity [95 %]", "AUC [95 %]")
TOO_FEW = "too few"
FACTORS = "Effect of each entry"
FACTORS_HINT = (
    "Probabilities are multiplied by these factors; then all seven are scaled to a sum of 1. The factors are odds from "
    "a logistic regression of the class on age, sex, site and image set over {4:,} training images, to the power "
    "{0:.2f}. Ages count from {1:.0f} years, and only between {2:.0f} and {3:.0f}. The factors describe who was "
    "photographed for these image sets, not who gets the disease."
)
TOLD, DECADE = "Entry", "Ten years older"
IMAGES, NOTHING = "Images", "–"


def cell(label: str, called: str, images: int) -> str:
    """Name a cell of the confusion matrix."""
    return f"{label} called {called}: {images:,} images"


def group(attribute: str, group: str) -> str:
    """Name a group of patients."""
    return group if attribute == "everyone" else f"{ATTRIBUTES.get(attribute, attribute)}: {group}"


def question(subject: str, names: dict[str, str]) -> str:
    """Name a yes-or-no question; ``names`` are the classes' full names by code."""
    special = {
        ALL: ALL_CLASSES,
        MALIGNANT: "Malignant against benign",
        "mel_vs_nv": "Melanoma against nevus",
        "akiec_bcc_vs_bkl": "Keratinocyte carcinoma against benign keratosis",
    }
    return special.get(subject) or f"{names[subject]} against all else"


def subject(code: str, names: dict[str, str]) -> str:
    """Name the images that a figure is about."""
    special = {ALL: "all", MALIGNANT: "malignant", "benign": "benign"}
    return special.get(code) or names.get(code, code).removesuffix(" lesion").lower()


def share(value: float) -> str:
    """A prevalence or threshold in percent, with no more digits than it needs."""
    return f"{100 * value:.3g} %"


def bracket(low: str, high: str) -> str:
    """An interval, kept on one line where a narrow screen breaks them."""
    return f"[{low},\N{NO-BREAK SPACE}{high}]"


def estimate(row: Mapping, name: str = "value", ends: tuple[str, str] = ("low", "high")) -> str:
    """A figure with its interval, from the columns of a table's row that hold the value and both ends."""
    value, low, high = (number(row[column]) for column in (name, *ends))
    return f"{value} {bracket(low, high)}"
