"""Every sentence of the method page."""

from ui.wording import SETS

TITLE = "Method"
TRAIN_COMMAND = "python -m training.train {}"
COMPARISON_COMMAND = "python -m training.compare"

IN_SHORT = "In short"
STAGES = "Stages, from left to right"
IN_ALL_STAGES = "The same in all stages"
SETTING = "Setting"
STAGE, JOINED_STAGE = "Stage {}", "Joined"
SETTINGS = {
    "name": "Recipe",
    "datasets": "Image sets",
    "architecture": "Network",
    "weights": "Started from",
    "size": "Input edge while training, pixels",
    "serve_size": "Input edge when answering, pixels",
    "epochs": "Epochs",
    "batch": "Photos a step",
    "rate": "Highest learning rate",
    "warmup": "Share of steps to reach it",
    "weight_decay": "Weight decay",
    "dropout": "Dropout",
    "augmentation": "Augmentation",
    "mixup": "Mixup",
    "balancing": "Against imbalance",
    "loss": "Loss",
    "teachers": "Teachers",
    "distil": "Share of the teachers' answer in the target",
    "freeze_until": "First layer that learns",
    "members": "Members of the ensemble",
    "shares": "Share of each in the mean of logits",
    "blend": "Share of its own weights in the mean with the previous stage",
    "last_layer_penalty": "Last layer learnt again on validation, penalty of a change",
    "prior_exponent": "Exponent of the class shares that are divided out",
    "views": "Views averaged when answering",
    "precision": "Numbers",
    "seed": "Seed",
}
WHILE_TRAINING = {
    "batch", "rate", "warmup", "weight_decay", "dropout", "augmentation", "mixup", "balancing", "loss", "precision",
}  # fmt: skip
TRAINED = {"epochs": "Epochs trained", "minutes": "Minutes", "device": "Trained on"}
NO_SETTING = "none"
ALL_LAYERS = "all layers learn"
IMAGENET = "ImageNet"
EQUAL = "equal"
MEMBERS = "members of the ensemble"
ARCHITECTURES = {
    "mobilenetv2": "MobileNetV2",
    "resnet50v2_conv4": "ResNet50V2 to its fourth stage",
    "inceptionv3": "Inception V3",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "efficientnet_lite2": "EfficientNet-Lite2",
    "efficientnet_lite2_again": "a second EfficientNet-Lite2",
    "side_by_side": "{} side by side",
}
NO_RECIPE = "The model card does not say how this model was trained."
SUMMARY = (
    "{architecture} with {parameters:,} parameters, pretrained on other photos ({pretrained}), then trained in "
    "{stages} on {images:,} photos of {lesions:,} lesions ({sets}).{joined}{last_layer} Its logits were then "
    "divided by one temperature, {temperature:.3f}, fitted on {calibrated}."
)
JOINED = " The networks were then combined into an ensemble: their logits are averaged."
SIDE_BY_SIDE = " The networks were then put side by side, with one last layer, at first the mean of theirs."
PRIOR = (
    " Before that, the share of each class in training, to the power {:.2g} in all, was divided out (Menon et al., "
    "ICLR 2021), so that rare diagnoses are named more often than by their number in HAM10000 alone."
)
LAST_LAYER = (
    " The last layer then learnt again from {n_images:,} validation photos of {n_lesions:,} lesions, which the "
    "networks had not learnt from. Figures on validation are out of fold: each photo is answered by that one of "
    "{folds} further last layers that had not learnt from its lesion."
)
TOLD = (
    " If age, sex or site are entered, the probabilities are multiplied by factors fitted on the records of the "
    "training photos, to the power {:.2f}, which was fitted on {}."
)
ONE_STAGE, MORE_STAGES = "one stage", "{} stages"
RECORD = "Commit {commit}, manifest sha256 {manifest}, {libraries}."
RECIPE_METHOD = "the record of the training run, packed by `python -m training.bundle`."

CURVES_HINT = (
    "Progress on validation photos, on which recipes were chosen. These are no results, so there are no intervals. "
    "Epochs are numbered through all stages in the table."
)
VALIDATION_SIZE = "HAM10000 validation: {:,} images of {:,} lesions."
LOSS = "Training loss"
EPOCH = "Epoch, over all stages"
SHOWN = "Figure"
FIGURES = {
    "validation_balanced_accuracy": "Balanced accuracy",
    "validation_accuracy": "Accuracy",
    "validation_macro_auc": "AUC, mean over classes",
    "validation_melanoma_auc": "AUC, melanoma",
    "validation_malignant_auc": "AUC, malignant",
    "validation_log_loss": "Log loss",
}
HOME_SET, OTHER_SETS = "HAM10000", "other sets"
OTHER = {name: name.replace("validation_", "other_sets_") for name in FIGURES}
LAST_STAGE = "The table has {} of {} stages."
CURVES_METHOD = "one row an epoch, written while training."

JUDGED_ON, BILLIONS = "Measured on", "Multiply-adds of one photo, billions"
PAIRED = {
    "log_loss": "log loss",
    "melanoma_auc": "melanoma AUC",
    "malignant_auc": "malignant AUC",
    "balanced_accuracy": "balanced accuracy",
}
COST_HINT = (
    "The network that answers here needs {billions:.2f} billion multiply-adds. Its {figure} is {value} on {set}, "
    "{size}, {better}. Each line is what is kept of its trunks, at {sizes} px from left to right, with the last layer "
    "learnt again. A gain on validation is not yet proven on a test set."
)
BETTER = {True: "where less is better", False: "where more is better"}
LESS, RELEASES, COST_CHANGE = "Fewer trunks, other sizes", "Earlier releases", "Change of the {} against what is served"
COST_SIZE, SERVED = "{:g} px", "what is served"
COST_ROW = "{}, {} px: {:.2f} billion"
COST_METHOD = (
    "last layers learn from validation in five folds by group and answer the fold that they have not seen; the trunks "
    "stay as they are, and each answer has a temperature fitted on HAM10000's images. Intervals and differences "
    "resample lesions. Earlier releases have their stored answers; those to 1.12.0 raised rare classes on purpose, "
    "which costs log loss."
)
COST_COMMAND = "python -m training.studies.cost RUN --releases BUNDLE ..."
GAINS_HINT = (
    "A small network, trained alike but for what a row names: {learner}. With all {images:,} training images, "
    "{draws:,} draws and labels alone, its {figure} is {value} on {set}, {size}. It is weaker than the network that "
    "answers here. Each row is one training: another seed shows the variation by chance."
)
GAINS_CHANGE = "Change of the {}"
GAIN_IMAGES, GAIN_DRAWS, GAIN_SEED = "{:,.0f} images ({:.0f} % of the lesions)", "{:,.0f} draws", "another seed"
GAIN_TEACHERS = {True: "distilled from one trunk", False: "distilled from all {:.0f} trunks"}
GAINS_METHOD = (
    "each network answers validation images, which it did not train on. The target of a distilled one is .7 the answer "
    "of the shipped network, or of its last trunk, to the plain photo and .3 the label; validation chose those "
    "teachers' recipes, and their layer here has not learnt from it. Intervals and differences resample lesions; they "
    "do not include the variation between seeds."
)
GAINS_COMMAND = "KERAS_BACKEND=torch python -m training.studies.gains RUN"
NO_START = "{} lacks the rows of the first network; make it again, or copy it again."
NO_TRUNKS = "{} lacks the rows of the trunks; make it again, or copy it again."


AGAIN = (
    "On your own computer, from the folder of this program, with the image sets in `data/` as published "
    "(docs/training.md says where from). Two processor cores need hours, not days."
)
COMMANDS = """\
python -m training.data.manifest --data data --datasets {sets}
{unpack}python -m training.train {recipe} --data data --splits model/bundle/dataset/splits.csv
python -m training.calibrate runs/{recipe}
python -m training.bundle runs/{recipe} --bundle runs/bundle --version NUMBER
python -m training.evaluate runs/{recipe} --bundle runs/bundle
"""
UNPACK = "python -m training.accelerator.unpack {}\n"
EACH = """
- `manifest` reads the images, `unpack` networks that a GPU trained
- `train` trains every missing stage; an interrupted run continues where it stopped
- `calibrate` fits the temperature on validation, out of fold
- `bundle` packs, under a version of its own, weights, card and tables into a folder
- `evaluate` evaluates the packed model on the internal and external tests
"""
TABLES = "The tables of the page Dataset:"
TABLE_COMMANDS = """\
python -m training.judging.dataset_tables --data data --work runs/data --bundle runs/bundle
python -m training.studies.balancing --work runs/data --weights imagenet --bundle runs/bundle
"""
SERVE = "To see the result in this app:"
SERVE_COMMAND = "LESIONSCOPE_BUNDLE=runs/bundle make app"

COMPARED = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_auc": "AUC, mean over classes",
    "melanoma_auc": "AUC, melanoma",
    "melanoma_sensitivity": "Melanomas called melanoma",
    "malignant_auc": "AUC, malignant",
    "melanoma_nevus_auc": "AUC, melanoma against nevus",
    "carcinoma_keratosis_auc": "AUC, carcinoma against keratosis",
    "two_way_accuracy": "Accuracy, malignant from a sum of 50 % on",
    "ece": "Calibration error (ECE)",
}
COMPARISON = "HAM10000, {}: {}. Every recipe is evaluated on the same images. Click a column to sort."
NOT_ANSWERED = "This figure cannot be computed from the labels of these recipes: {}."
COSTS = {"parameters": "Parameters", "milliseconds": "Milliseconds a photo"}
RECIPE, LOW, HIGH = "Recipe", "95 % from", "95 % to"
MAKING = {
    "ancestor": "Reproduces",
    "data": "Image sets",
    "weights": "Pretrained weights",
    "balancing": "Balancing",
    "size": "Pixels",
    "epochs": "Epochs",
    "minutes": "Minutes",
    "device": "Device",
    "mapping": "How its classes were read",
    "note": "Note",
}
CLAIMED = "Claimed by its author, not measured here"
AGAINST = "Against {}"
WITHOUT_COST = "From an earlier comparison, so not timed together with the others: {}."
WITHOUT_DIFFERENCE = "From an earlier comparison, so not compared with this model image by image: {}."
NO_COST = "This cost was not recorded for any recipe."
DIFFERENCES = "Difference to the bundled model"
DIFFERENCE = "{}: recipe minus bundled model"
NO_DIFFERENCE = "There is no other recipe with this difference."
SPLIT = "Split"
AHEAD = "What earlier systems do better"
NO_EARLIER = "This comparison has no earlier system."
RELEASES_ABOVE = "Earlier releases of this model with a clearly higher balanced accuracy: {}."
NOT_COMPARED = "This comparison leaves out the bundled model."
CHEAPER = {
    "parameters": "{} earlier systems have fewer parameters: `{}` has {}, this model {}.",
    "milliseconds": "{} answer one photo faster in the same engine: `{}` in {} ms, this model in {} ms.",
}
DIGITS = {"parameters": 0, "milliseconds": 1}
ALL_OF, SOME_OF = "All {}", "{} of {}"
OF_CLASS = {"auc": "AUC, {}", "sensitivity": "Sensitivity, {}"}
ITS_FIGURE, COUNTED = "Its figure", "Images"
NOT_BY_CLASS = "So the figures of single classes are not compared."
NOWHERE_AHEAD = "No earlier system has a higher AUC or sensitivity in any class, on the same images."
PICKED = (
    "What a system names counts as its answer: the most probable class, or, for this model and its releases since "
    "1.7.0, what the balanced rule names. The best of {} systems is picked in each row on these images, so its "
    "figure is rather too high. They were measured on HAM10000 only."
)
CLAIMS = "What mistakes in the split do to `{}`"
NO_LEAKS = "So claims are not set beside what mistakes in a split give."
MISTAKE, TESTED, WITH_IT, WITHOUT_IT = "Mistake", "Test photos", "Accuracy with it", "Accuracy without it"
CLAIMS_HINT = (
    "Eight classes of ISIC 2019. Above: what the authors of this family claim on splits of their own. How they split "
    "is not known; with these mistakes the same network gets this far. The page Dataset explains them."
)
CHANGED, OTHER_MODEL = "This model and another one, image by image", "Other model"
CHANGED_HINT = "Balanced accuracy, {} minus this model: {} on {}."
OUTCOMES = {
    "both": "both name it rightly", "ours": "only this model names it rightly", "theirs": "only {} names it rightly",
    "neither": "neither names it rightly",
}  # fmt: skip
CASES_OF, CASES_SHOWN = "{} images", "Cases"
IMAGE, TRUTH, ARCHIVE, OPEN_PAGE = "Image", "True class", "ISIC Archive", "open page"


def listed(names: list[str]) -> str:
    """Join names as in a sentence: "one, two and three"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def setting(name: str, recipe: dict) -> str:
    """Return a recipe's setting as text for a table cell."""
    value = recipe.get(name)
    if name in WHILE_TRAINING and recipe.get("epochs") == 0:
        return NO_SETTING
    if name == "weights" and recipe.get("members"):
        return MEMBERS
    if name == "weights":
        pretrained = IMAGENET if IMAGENET.lower() in str(value).lower() else str(value)
        return str(recipe.get("start_from") or "").replace("_", " ") or pretrained
    if name == "architecture":
        trunks = (recipe.get("architecture_options") or {}).get("trunks") or ()
        return ARCHITECTURES.get(value, str(value)).format(listed([ARCHITECTURES[trunk] for trunk in trunks]))
    if name == "datasets":
        return ", ".join(SETS.get(part, part) for part in value)
    if name in ("balancing", "loss"):
        options = recipe.get(f"{name}_options") or {}
        return ", ".join([str(value).replace("_", " "), *(f"{k.replace('_', ' ')} {v}" for k, v in options.items())])
    if name == "freeze_until" and not value and recipe.get("epochs") != 0:
        return ALL_LAYERS
    if name == "serve_size" and not value:
        return str(recipe.get("size"))
    if name == "shares" and recipe.get("members") and not value:
        return EQUAL
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not value:
        return NO_SETTING
    if isinstance(value, list):
        return ", ".join(str(part).replace("_", " ") for part in value)
    return f"{value:,}" if isinstance(value, int) and name != "seed" else str(value).replace("_", " ")
