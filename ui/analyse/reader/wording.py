"""Every sentence of the reader-first mode, and the names that a reader may choose from."""

from model.card import Card
from ui.analyse.reader.cases import Summary

SWITCH = "Reader first"
SWITCH_HELP = "From the next photo on, you give your own diagnosis before the answer is shown."
ASK = "Your diagnosis first"
BEFORE, SURE, COMMIT = "Diagnosis", "How sure are you?", "Commit and show the answer"
CHOOSE = "choose one"
SURENESS = {1: "A guess", 2: "Rather unsure", 3: "Rather sure", 4: "Sure"}
OTHERS = {"other_malignant": "Another malignant lesion", "other_benign": "Another benign lesion"}
WHY = "This page shows nothing of the model's answer until you commit."
STUDIES = (
    "Correct diagnoses by 71 readers without and with a model (DermFM-Zero, reader study 2b): benign keratosis 38.0 "
    "and 49.4 %, basal cell carcinoma 61.8 and 71.1 %, dermatofibroma 47.2 and 64.2 %. For melanoma no gain was shown: "
    "67.5 and 70.9 % (p = .65). Non-experts got worse for vascular lesions: 81.2 and 62.2 % (p = .026)."
)
YOU, ANSWER, REFUSED = "You, before", "The answer", "no answer"
ANSWER_THEN = "The answer, to the frame that you judged"
NOW, TRUTH, UNKNOWN, NONE = "Your diagnosis now", "What it was, if known", "not known", "–"
CASES = "Cases read in this session: {}"
COLUMNS = ("Case", "Before", "Answer", "After", "Truth")
SAVE = "Cases as CSV"


def diagnoses(card: Card) -> dict[str, str]:
    """Return what a reader may call a lesion, by code: the model's classes and two that it does not have."""
    return card.names | OTHERS


def malignant(card: Card, code: str) -> bool:
    """Return whether a diagnosis that a reader chose is malignant."""
    return code == "other_malignant" if code in OTHERS else card.label(code).malignant


def summary(found: Summary) -> list[str]:
    """Write what the cases so far show, as counts."""
    lines = [
        f"You and the answer named the same diagnosis in {found.agreed} of {found.answered} cases. "
        f"You changed your mind in {found.changed} of {found.read}."
    ]
    if found.known:
        lines.append(
            f"Truth entered for {found.known}: right before {found.right_before}, after {found.right_after}. "
            f"Changed from wrong to right {found.wrong_to_right}, from right to wrong {found.right_to_wrong}. "
            f"The answer was wrong in {found.answer_wrong}; in {found.agreed_with_wrong} of these you ended with it."
        )
    return lines
