"""Sentences about which photos get no answer, and about what is told of a photo beside its answer."""

REFUSALS = (
    "A photo that looks unlike the dermoscopic photos the model was measured on gets no answer. That says nothing "
    "about the lesion. The limit was fitted on validation; pictures and photos below were held out."
)
REFUSED = "Refused"
REFUSED_RIGHTLY, REFUSED_WRONGLY = "Pictures that should be refused", "Dermoscopic photos that should not be"
REFUSED_WORSE = "Degraded dermoscopic photos"
LEFT_OUT = "By a gate that was fitted without the kind: kinds that nobody thought of"
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

GAUGES = "What is told about a photo"
GAUGES_HINT = (
    "Told beside the answer, only beyond a limit that was fitted on validation: little is told wrongly, much is left "
    "untold. Photos changed on purpose in three steps, lesion masks and MILK10k's scores for hair say how much "
    "is found. Rulers are not told: no set says which photos hold one."
)
GAUGE_NAMES = {
    "sharpness": "Blur", "exposure": "Light", "resolution": "Too few pixels", "cut_off": "Lesion cut off",
    "hair": "Hair", "ink": "Blue or violet marks", "gel": "Fluid",
}  # fmt: skip
FOUND = "Found, of photos that have it"
TOLD = "Told of photos as they were taken"
GAUGE_METRICS = {
    "right": "right when told", "auroc": "told apart (AUC)", "correlation": "correlation with the score or mask",
}  # fmt: skip


def truth(subject: str) -> str:
    """Name what makes a gauge right, for example "top tenth of MONET_hair" or "blur, step 1"."""
    if ", step " in subject:
        return f"photos changed on purpose, step {subject[-1]}"
    return subject.replace("top tenth of MONET_", "highest tenth of the score for ").replace("_", " ")
