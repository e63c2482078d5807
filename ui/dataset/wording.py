"""Every sentence of the dataset page."""

from ui.wording import SETS

TITLE = "Dataset"
TABLES_COMMAND = "python -m training.judging.dataset_tables --data DATA --work runs/data"
STUDY_COMMAND = "python -m training.studies.balancing --work runs/data --weights imagenet"
SPLIT_COMMAND = "python -m training.bundle runs/RECIPE"
LEAKAGE_COMMAND = "python -m training.studies.leakage"

SET = "Image set"
SIZES = "The four sets"
SIZES_HINT = (
    "Imbalance is the largest class over the smallest, in images, and in brackets in lesions. Of each set, the images "
    "read are those that this model could learn from or be judged on."
)
SIZE_COLUMNS = ("Set", "Images", "Lesions", "Images read", "Classes", "Imbalance")
UNIT = "Counted"
UNITS = {"images": "Images", "lesions": "Lesions"}
SCALE = "Logarithmic scale, so that rare classes can be read"
CLASSES = "Classes of {}, as published"
LESIONS_HINT = "Several images may show one lesion. An image that names no lesion counts as one of its own."
HATCHED = "Hatched: malignant or premalignant."
MAPPED = "{} joins class {} of the seven"
UNMAPPED = "{} has no place among the seven classes and is not used"
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
NOT_KNOWN = "{} says nothing about this: not assessed."
ATTRIBUTE_NOTES = {
    "skin_tone": (
        "MILK10k's own classes 0 to 5, believed to run from 0, darkest, to 5, lightest; that order is not confirmed. "
        "No other set here has a label of skin tone."
    ),
    "confirmation": "Histopathology is the strongest confirmation; a nevus is more often only followed up.",
    "site": "Each set names body sites in its own way.",
}
MISSING_HATCHED = "Hatched: nothing was recorded."

METHOD = "Way to meet imbalance"
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
BALANCING_HINT = "HAM10000, the training split alone: validation and test stay as they are, whatever is chosen."
EPOCH = "One epoch"
EPOCH_COLUMNS = ("Class", "Photos", "Drawn in an epoch", "Loss weight before", "Loss weight after")
MEASURED = "What it did"
MEASURED_ALL = "All ways beside each other"
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
    "Measured on HAM10000's validation split, on a small stand-in ({}): one dense layer per way, fitted to "
    "its optimum. It shows what balancing does to such a layer, not how good the bundled model is. For such a layer "
    "repeating a photo and weighing it more are the same thing, so ways that come to the same shares give the same "
    "figures."
)
NOT_MEASURED = "This way has not been measured."
STUDY_LINE = "The line is the figure without balancing."

SPLIT_HEADING = "Images and lesions of each part of {}"
SPLITS = {"train": "Training", "validation": "Validation", "internal_test": "Internal test"}
CELL = "{:,} of {:,}"
SPLIT_HINT = "Each cell: images of lesions. Training teaches, validation chooses, the internal test judges once."
SPLIT_RULE = (
    "All photos of a lesion, and photos that look the same under different lesion numbers, form a group; a group is "
    "in one part only. Groups are drawn at random, 70, 15 and 15 %, within each diagnosis."
)
CHECKS = "What the split rests on"
CHECK_NAMES = {
    "lesions": "Lesions",
    "several": "of these with more than one photo",
    "joined": "Groups that join several lesion numbers",
    "shared": "Lesions or groups in more than one part",
}
LEAKAGE = "What a leak would have looked like"
LEAKAGE_HINT = (
    "The same experiment with a mistake that is easily made, and without. An inflated figure is no result: it only "
    "shows how far a leak misleads."
)
INFLATED, HONEST = "{}", "the same without"
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
NO_MISTAKE = "The table holds honest figures only, and no leak to compare them with."
COMPUTED = {
    "classes": "rows of the published label tables, counted as the sets name their classes.",
    "attributes": "the published label tables, grouped; an empty field is counted as not recorded.",
    "balancing": "expected draws of an epoch and loss weights by `training.data.balancing`.",
    "study": "the most probable of seven classes; interval: {}.",
    "checks": "lesions and groups of the table of splits, counted anew each time this page is shown.",
    "split": "the table of splits counted, one row an image.",
    "leakage": "{}.",
}


def set_name(dataset: str) -> str:
    """Name an image set."""
    return SETS.get(dataset, dataset)


def group(attribute: str, code: str) -> str:
    """Name a group as the sets' own codes have it."""
    if attribute == "skin_tone" and code.isdigit():
        return f"Class {code}"
    if attribute == "age":
        return code
    name = GROUPS.get(code, code.replace("_", " "))
    return name[:1].upper() + name[1:]


def method(name: str, options: str) -> str:
    """Name a way of balancing with its options, where they tell it from another."""
    return _with_options(METHODS.get(name, name.replace("_", " ")), options)


def short_method(name: str, options: str) -> str:
    """Name a way of balancing beside a chart."""
    return _with_options(SHORT_METHODS.get(name, name.replace("_", " ")), options.replace("per_class = ", "to "))


def _with_options(known: str, options: str) -> str:
    if options.startswith("to "):
        return f"{known}, {options}"
    field, _, value = options.partition(" = ")
    return WITH_OPTIONS.format(known, f"{OPTIONS[field]} {value}") if field == "per_class" else known


def leak(names: str) -> str:
    """Name one or several leaks, as the table joins them."""
    said = LEAK_JOIN.join(LEAKS.get(name, name) for name in names.split(" + "))
    return said[:1].upper() + said[1:]


def leak_measure(metric: str) -> str:
    """Name a figure of the leakage table."""
    return LEAK_MEASURES.get(metric, metric.replace("_", " "))
