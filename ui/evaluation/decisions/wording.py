"""Sentences about decisions from the probabilities: the diagnosis named, sets of diagnoses, answers left out."""

from model.evaluation.cases import ALL, MALIGNANT

RULES = "The diagnosis named"
RULES_HINT = (
    "Both columns have the same probabilities; only the diagnosis that is named first differs. The balanced rule "
    "counts a missed melanoma as {:g} other mistakes and divides by each class's share in training to the power {:g}. "
    "It was chosen on validation. It finds more melanomas and raises more false alarms."
)
TIES = (
    "Two diagnoses are a near tie when the weighted share of the second is at least {} of that of the first: "
    "{:,} of {:,} validation images. The first was right in {:,} of these and the second in {:,}."
)
RULE = {"most_probable": "Most probable [95 %]", "balanced": "Balanced rule, as served [95 %]"}
RULE_SHORT = {"most_probable": "most probable", "balanced": "balanced rule"}
RULE_METRICS = {
    "accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "sensitivity": "Sensitivity",
    "specificity": "Specificity",
}  # fmt: skip
RULES_DRAWN = {("sensitivity", "mel"): "melanomas", ("specificity", MALIGNANT): "benign"}
NAMED_RIGHTLY = "Named rightly"
PREDICTION_SETS = "What cannot be told apart"
LEVEL = "Level: how often the set should contain the true diagnosis"
COVERAGE = "Sets that contain the true diagnosis"
SETS_HINT = (
    "The limits were fitted on validation, one for malignant and one for benign diagnoses, so that rare malignant "
    "lesions are covered as often as common benign ones. The dotted line is the level. It applies to lesions "
    "like those of validation; coverage can be lower in other clinics, single diagnoses and young patients."
)
HALVES = (
    "When fitted on one half of the validation lesions and measured on the other half, the sets of malignant lesions "
    "contain the true diagnosis in {} on average ({}: {} to {})."
)
SET_METRICS = {
    ("size", ALL): "Diagnoses in a set, mean",
    ("no_malignant", MALIGNANT): "Malignant, no malignant diagnosis in the set",
    ("no_malignant", "mel"): "Melanoma, no malignant diagnosis in the set",
}
HOLDS = "{}, set contains it"
SUBJECTS = {ALL: "Any diagnosis", MALIGNANT: "Malignant", "benign": "Benign"}
ABSTENTION = "If the least certain answers were left out"
ABSTENTION_HINT = (
    "{}, the most certain answers first. Without the uncertain ones, the others are right more often on average. "
    "But the share of melanomas named need not rise, and malignant lesions are still missed: {:,} of {:,} malignant "
    "images among the surest {} of {:,}."
)
ABSTENTION_LINES = {
    ("balanced_accuracy", ALL): "Balanced accuracy",
    ("sensitivity", "mel"): "Melanomas named, of those answered",
    ("missed", MALIGNANT): "Malignant images answered as benign, of all",
}
ABSTENTION_COLUMNS = (
    "{} of the images answered", "Balanced accuracy [95 %]", "Melanomas named, of those answered",
    "Malignant answered as benign, of those answered",
)  # fmt: skip
ANSWERED, SHARE_OF_IMAGES = "Answered, in % of the images", "Share"
OUTSIDE = (
    "Measured by others with {} on images that are in none of these tables, so n and interval are missing. On {}, "
    "the level \u201c{}\u201d had a sensitivity of {}."
)
EARLIER, THIS = "the earlier model {}", "this model"
