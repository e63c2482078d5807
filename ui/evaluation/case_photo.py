"""One judged image: its photo from the user's own copy of the set, read through the model each time."""

import os
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import streamlit as st
from PIL import Image

from model import explain, report
from model.answer.decision import decide
from model.card import Card
from model.errors import LesionscopeError
from model.photo.image import read_file
from ui import bars, cached, pictures
from ui.evaluation import wording

THUMBNAIL_PIXELS = 160
DATA_VARIABLE = "LESIONSCOPE_DATA"  # environment variable that names the folder with the image sets
PLACES = {  # dataset -> path of an image in its folder as published
    "ham10000": tuple(f"HAM10000_images{part}/{{image}}.jpg" for part in ("", "_part_1", "_part_2")),
    "milk10k": ("MILK10k_Training_Input/{lesion}/{image}.jpg",),
    "isic2019": ("ISIC_2019_Training_Input/{image}.jpg",),
    "ph2": tuple(f"PH2 Dataset images/{{image}}/{{image}}_Dermoscopic_Image/{{image}}.{e}" for e in ("bmp", "jpg")),
}
USUAL = ("images/{image}.jpg",)  # the same for every other set


def find(dataset: str, lesion_id: str, image_id: str) -> Path | None:
    """Return the file of an image in the folder that `DATA_VARIABLE` names, None if there is none."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        return None
    tried = (place.format(image=image_id, lesion=lesion_id) for place in PLACES.get(dataset, USUAL))
    return next((path for place in tried if (path := Path(folder, dataset, place)).is_file()), None)


def thumbnail(path: Path) -> Image.Image | None:
    """Return a small copy of an image, None where the file is none; a JPEG is decoded no larger than needed."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
            small = image.convert("RGB")
    except OSError:
        return None
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    return small


@st.dialog(wording.CASE, width="large")
def dialog(card: Card, case: pd.Series) -> None:
    """Show one row of the predictions in a dialog: stored probabilities, photo and both maps."""
    show(card, case)


def show(card: Card, case: pd.Series) -> None:
    """Show one row of the predictions: stored probabilities and, where the file is here, photo and maps."""
    path = find(case["dataset"], str(case["lesion_id"]), case["image_id"])
    names = card.names
    st.markdown(f"{wording.TRUTH}: **{names[case['label']]}**")
    if path is None:
        st.info(wording.NO_PHOTO.format(DATA_VARIABLE, wording.PUBLISHERS.get(case["dataset"], "")))
    else:
        _photo(card, case, path)
    answer = stored_answer(card, case)
    st.html(bars.table(card, answer, decide(answer.probabilities, card).points))


def stored_answer(card: Card, case: pd.Series) -> SimpleNamespace:
    """Return the stored probabilities in the form of a prediction."""
    probabilities = case[[f"p_{code}" for code in card.codes]].to_numpy(float)
    malignant = card.malignant
    return SimpleNamespace(probabilities=probabilities, malignant=float(probabilities[malignant].sum()))


def _photo(card: Card, case: pd.Series, path: Path) -> None:
    """Show the photo, and what counted for the answer and for the true class."""
    try:
        analysis = cached.analyser().analyse(read_file(path))
    except LesionscopeError as error:
        st.info(str(error))
        return
    called = decide(stored_answer(card, case).probabilities, card).named
    pixels, square = report.for_screen(analysis.photo.pixels, analysis.square)
    shown = {wording.PHOTO_OF.format(case["image_id"]): pixels}
    for code in dict.fromkeys((called, case["label"])):
        name = card.labels[card.codes.index(code)].name
        shown[wording.MAP_OF.format(name)] = explain.overlay(pixels, analysis.explanations[code].heat, square)
    for column, (caption, picture) in zip(st.columns(len(shown)), shown.items(), strict=True):
        column.image(pictures.jpeg(picture), width="stretch", caption=caption, alt=caption)
