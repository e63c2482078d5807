"""Sentences about photos that get no answer, and about the notes on a photo next to its answer."""

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
    "A note is shown next to the answer when a measure is beyond a limit that was fitted on validation. Few notes are "
    "wrong, but many problems get no note. How much is found was measured with photos changed on purpose in three "
    "steps, with lesion masks and with MILK10k's scores for hair. Rulers get no note: no set labels them."
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
