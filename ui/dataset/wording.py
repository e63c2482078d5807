"""Every sentence of the dataset page."""

from ui.wording import SETS

TITLE = "Dataset"
TABLES_COMMAND = "python -m training.judging.dataset_tables --data DATA --work runs/data"
STUDY_COMMAND = "python -m training.studies.balancing --work runs/data --weights imagenet"
SPLIT_COMMAND = "python -m training.bundle runs/RECIPE --version NUMBER"
LEAKAGE_COMMAND = "python -m training.studies.leakage"

SET = "Image set"
SIZES = "The image sets"
SIZES_HINT = (
    "Imbalance is the size of the largest class divided by that of the smallest, in images, and in brackets in "
    "lesions. Images read are those that can be used to train or to evaluate this model."
)
SIZE_COLUMNS = ("Set", "Images", "Lesions", "Images read", "Classes", "Imbalance")
UNIT = "Counted"
UNITS = {"images": "Images", "lesions": "Lesions"}
SCALE = "Logarithmic scale, to make rare classes visible"
CLASSES = "Classes of {}, as published"
LESIONS_HINT = "Several images may show the same lesion. An image without a lesion number counts as its own lesion."
HATCHED = "Hatched: malignant or premalignant."
MAPPED = "{} counts as class {} of the seven"
UNMAPPED = "{} is not one of the seven classes and is not used"
IMBALANCE = "{:,.0f} to 1"

ATTRIBUTE = "What is known of them"
ATTRIBUTES = {
    "confirmation": "Confirmed by", "age": "Age, years", "sex": "Sex", "site": "Body site", "skin_tone": "Skin tone",
}  # fmt: skip
CLASS = "Class"
EVERY_CLASS = "All classes"
GROUPS = {
    "histo": "Histopathology", "histopathology": "Histopathology", "follow_up": "Follow-up",
    "consensus": "Expert consensus", "confocal": "Confocal microscopy",
    "single contributor clinical assessment": "Clinical assessment by one contributor",
}  # fmt: skip
NOT_KNOWN = "{} does not record this: not assessed."
ATTRIBUTE_NOTES = {
    "skin_tone": (
        "MILK10k's own classes 0 to 5, probably from 0 (darkest) to 5 (lightest); this order is not confirmed. "
        "No other set here has skin tone labels."
    ),
    "confirmation": "Histopathology is the strongest confirmation. Nevi are more often confirmed only by follow-up.",
    "site": "Each set uses its own names for body sites.",
}
MISSING_HATCHED = "Hatched: nothing was recorded."

METHOD = "Balancing method"
METHODS = {
    "none": "None: every photo once",
    "power": "Draw rare classes more often, n to the power 0.4 (as shipped)",
    "class_weights": "Class weights: rare classes count more",
    "effective_number": "Class weights by effective number (Cui 2019)",
    "class_balanced_batches": "Every class equally often, epoch as long as before",
    "over": "Over-sampling: rare classes repeated up to the largest",
    "under": "Under-sampling: all classes cut to the smallest",
    "combined": "Combined: cut and repeated to the median class",
    "smote_pixels": "SMOTE, photos mixed as pixels",
    "smote_embedding": "SMOTE, mixed in the network's features",
}
SHORT_METHODS = {
    "none": "None", "power": "Rare ones more often", "class_weights": "Class weights",
    "effective_number": "Effective number", "class_balanced_batches": "All equally often", "over": "Over-sampling",
    "under": "Under-sampling", "combined": "Combined", "smote_pixels": "SMOTE, pixels",
    "smote_embedding": "SMOTE, features",
}  # fmt: skip
WITH_OPTIONS = "{} ({})"
OPTIONS = {"per_class": "classes filled up to"}
BALANCING_HINT = "HAM10000, training split only. Validation and test are never balanced."
EPOCH = "One epoch"
EPOCH_COLUMNS = ("Class", "Photos", "Drawn in an epoch", "Loss weight before", "Loss weight after")
MEASURED = "Measured effect"
MEASURED_ALL = "All methods compared"
MEASURE = "Figure"
MEASURES = {
    "balanced_accuracy": "Balanced accuracy of seven classes",
    "melanoma_sensitivity": "Melanomas named as melanoma (sensitivity)",
    "melanoma_specificity": "Other lesions not named melanoma (specificity)",
    "melanoma_auc": "AUC, melanoma against all else",
    "macro_auc": "AUC, mean over classes",
    "accuracy": "Accuracy of seven classes",
}
STUDY_NOTE = (
    "Measured on HAM10000's validation split with a substitute ({}): one dense layer per method, fitted to "
    "its optimum. It shows what balancing does to such a layer, not how good the bundled model is. For such a layer, "
    "repeating a photo and giving it more weight are the same, so methods that lead to the same shares have the same "
    "figures."
)
NOT_MEASURED = "This method was not measured."
STUDY_LINE = "The line is the figure without balancing."

SPLIT_HEADING = "Images and lesions of each part of {}"
SPLITS = {"train": "Training", "validation": "Validation", "internal_test": "Internal test"}
CELL = "{:,} images, {:,} lesions"
SPLIT_HINT = (
    "The model learns from training and is selected and fitted on validation. Nothing is learnt from the internal test "
    "or fitted on it; every release is measured on it."
)
SPLIT_RULE = (
    "All photos of a lesion, and photos that look the same under different lesion numbers, form a group. Each group is "
    "in one part only. Groups are drawn at random, 70, 15 and 15 %, within each diagnosis."
)
CHECKS = "Checks of the split"
CLASS, ALL, NONE = "Class", "All", "none"
CHECKED = "Sets with a validation and a test part, together"
CHECK_NAMES = {
    "lesions": "Lesions",
    "several": "of these with more than one photo",
    "joined": "Groups that join several lesion numbers",
    "shared": "Lesions or groups in more than one part",
}
LEAKAGE = "What data leakage would do"
LEAKAGE_HINT = (
    "The same experiment with and without a common mistake. An inflated figure is not a result: it only shows how "
    "much a leak misleads."
)
INFLATED, HONEST = "{}", "without leak"
CLASSIFIER = "Classifier"
LEAKS = {
    "lesions across splits": "lesions on both sides",
    "synthetic before split": "SMOTE before the split",
    "judged on training images": "judged on training photos",
}
LEAK_JOIN = " and "
NO_LEAK = "none"
LEAK_MEASURES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_auc": "AUC, mean over classes",
    "share_of_test_images_with_their_lesion_in_training": "Test photos whose lesion is also in training",
}
SHARING = "{:,} of {:,} test photos show a lesion that is also in training"
PARENTS = "{:,} test photos are synthetic and made of training photos"
NO_MISTAKE = "The table contains only figures without a leak, so there is nothing to compare."
COMPUTED = {
    "classes": "rows of the published label tables, counted under the sets' own class names.",
    "attributes": "the published label tables, grouped; an empty field counts as not recorded.",
    "balancing": "expected draws of an epoch and loss weights by `training.data.balancing`.",
    "study": "the most probable of seven classes; interval: {}.",
    "checks": "lesions and groups in the table of splits, counted each time this page is shown.",
    "split": "the table of splits counted, one row an image.",
    "leakage": "{}.",
}


def set_name(dataset: str) -> str:
    """Name an image set."""
    return SETS.get(dataset, dataset)


def group(attribute: str, code: str) -> str:
    """Return the name of a group from the sets' own codes."""
    if attribute == "skin_tone" and code.isdigit():
        return f"Class {code}"
    if attribute == "age":
        return code
    name = GROUPS.get(code, code.replace("_", " "))
    return name[:1].upper() + name[1:]


def method(name: str, options: str) -> str:
    """Return the name of a balancing method, with options where they distinguish it from another."""
    return _with_options(METHODS.get(name, name.replace("_", " ")), options)


def short_method(name: str, options: str) -> str:
    """Return the short name of a balancing method, for a chart."""
    return _with_options(SHORT_METHODS.get(name, name.replace("_", " ")), options.replace("per_class = ", "to "))


def _with_options(known: str, options: str) -> str:
    if options.startswith("to "):
        return f"{known}, {options}"
    field, _, value = options.partition(" = ")
    return WITH_OPTIONS.format(known, f"{OPTIONS[field]} {value}") if field == "per_class" else known


def leak(names: str) -> str:
    """Return the name of one or several leaks, which the table joins by " + "."""
    said = LEAK_JOIN.join(LEAKS.get(name, name) for name in names.split(" + "))
    return said[:1].upper() + said[1:]


def leak_measure(metric: str) -> str:
    """Name a figure of the leakage table."""
    return LEAK_MEASURES.get(metric, metric.replace("_", " "))
