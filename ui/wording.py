"""Every sentence a clinician reads, keyed by code where the engine speaks in codes."""

from model.patient import Patient

DISCLAIMER = (
    "For research and teaching. Not a medical device, not a diagnosis: "
    "a suspicious lesion belongs before a dermatologist."
)

DROP = "Drop a dermoscopic photo"
DROP_NEXT = "Next photo"
FORMATS = "JPEG, PNG, WebP, TIFF, BMP or HEIC, up to 20 MB. It is assessed on this computer and never stored."
OTHER_SOURCE = "Camera or sample"
CAMERA = "Use the camera"
CAMERA_HINT = "Hold the dermatoscope to the lens; the lesion fills about half of the frame."
SAMPLES = "No photo at hand?"
SAMPLES_HINT = "Synthetic: drawn by this program, no patient. They show how the page works, not how well."
SAMPLE_NAMES = {
    "synthetic_nv.jpg": "Synthetic, regular network",
    "synthetic_mel.jpg": "Synthetic, blue-white veil",
    "synthetic_bcc.jpg": "Synthetic, branching vessels",
}
REAL_PHOTOS = "Real dermoscopic photos: [gallery of the ISIC Archive](https://gallery.isic-archive.com)"

PROMISE = "What you will see"
PROMISES = """
- the probabilities of seven diagnoses, and of a malignant one
- where in the photo the evidence for each of them lies
- how often such answers are right, one click away
"""

READING = "Reading the photo"
LOADING = "Loading the model, once after the start"
PHOTO = "Photo, with the frame that the network sees"
SQUARE = {"across": "Left to right", "down": "Top to bottom", "size": "Frame size"}
EXPLAINED = "What counted for"
DRAWN_AS = "Drawn as"
STYLES = ("Heat", "Contours")
OPACITY = "Opacity"
MOST_PROBABLE, TOLD = "Most probable of the seven", ", with {}"
GROUPS = {True: "Malignant or premalignant", False: "Benign"}
CLOSED_SET = "Calibrated; the seven add up to 100 % because the model knows no eighth diagnosis."
PATIENT = "Age, sex, site (optional)"
AGE, SEX, SITE, NOT_TOLD = "Age in years", "Sex", "Site of the lesion", "not told"
SEXES = {"female": "Female", "male": "Male"}
SITES = {
    "head": "Head or neck", "trunk": "Trunk", "upper": "Arm or hand", "lower": "Leg or foot", "acral": "Palm or sole",
}  # fmt: skip
PATIENT_HINT = (
    "They weigh the photo's answer by how often training saw each diagnosis in such patients. A young age weighs nevus "
    "above melanoma, though the young get melanoma too: read both columns. Ages below {:.0f} or above {:.0f} count as "
    "these. What it adds, and to whom, is under Evaluation; the map shows the photo alone. Forgotten with the photo."
)
WITH_PATIENT, PHOTO_ALONE = "with patient", "photo alone"
SCALE = ("none", "strongest")
NO_EVIDENCE = "Nothing in this photo speaks for this class."
SAVE_OVERLAY = "Overlay PNG"
SAVE_RESULT = "Result JSON"
EVIDENCE = "How good is model {}?"
EVIDENCE_HINT = "95 % intervals in brackets. Lesions of the test were never seen in training."
METRICS = {
    ("balanced_accuracy", "all"): "Balanced accuracy",
    ("auc", "mel"): "AUC, melanoma",
    ("auc", "malignant"): "AUC, malignant",
}
SETS = {"ham10000": "HAM10000", "ph2": "PH2", "milk10k": "MILK10k", "isic2019": "ISIC 2019"}

NOTES = {
    "blank": "No answer: the frame holds an even surface and no lesion. Move the frame or take another photo.",
    "small_photo": "The frame holds fewer pixels than the network reads, so that detail is missing.",
    "reduced_size": "The photo is larger than the assessment needs and was read at a smaller size.",
    "first_frame_only": "The file holds several frames; only the first was assessed.",
    "sixteen_bit_scaled": "A grey photo: the model has learnt from colour photos only.",
    "grey": "A grey photo: the model has learnt from colour photos only.",
    "significant_bits": "The photo uses a part of its 16 bits only, and was made as bright as that part allows.",
    "profile_ignored": "The photo's colour profile cannot be read; its colours may be shown and assessed wrongly.",
    "float_scaled": "A grey photo: the model has learnt from colour photos only.",
}


def percent(probability: float) -> str:
    """A probability with one decimal, never rounded up to certainty or down to nothing."""
    if probability > 0.999:
        return "> 99.9 %"
    if probability < 0.001:
        return "< 0.1 %"
    return f"{probability:.1%}".replace("%", " %")


def patient(known: Patient) -> str:
    """Say what was told about a patient, for example "age 34, female, leg or foot"."""
    age = "" if known.age is None else f"age {known.age:.0f}"
    sex = SEXES.get(known.sex, "").lower()
    site = SITES.get(known.site, known.site or "").lower()
    return ", ".join(part for part in (age, sex, site) if part)


def measured_on(dataset: str, split: str, images: int, lesions: int) -> str:
    """Name a test set and its size."""
    name = SETS.get(dataset, dataset)
    return f"{name}, {split.replace('_', ' ')}: {images} images of {lesions} lesions"


def figure(value: float) -> str:
    """A figure of merit between 0 and 1 with three decimals."""
    return f"{value:.3f}"


def interval(row) -> str:
    """The two ends of a figure's interval."""
    return f"[{figure(row.low)}, {figure(row.high)}]"
