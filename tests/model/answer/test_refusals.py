"""What the model in the repository refuses: pictures drawn here by other code than the gate was taught with."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from model import report
from model.answer.gate import OUTSIDE
from model.card import DEFAULT_BUNDLE

pytestmark = pytest.mark.skipif(
    not (DEFAULT_BUNDLE / "gate.npz").exists(), reason="the model in model/bundle has no gate"
)
DATA = Path(os.environ.get("LESIONSCOPE_DATA", ""))
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif("LESIONSCOPE_DATA" not in os.environ, reason="LESIONSCOPE_DATA does not name the image sets"),
]
MELANOMAS = ("ISIC_0033607", "ISIC_0031177")  # proven by histology; both were once led by a nevus


def cat() -> Image.Image:
    picture = Image.new("RGB", (480, 480), (198, 226, 240))
    draw = ImageDraw.Draw(picture)
    for side in (-1, 1):
        draw.polygon(
            [(240 + side * 130, 210), (240 + side * 110, 60), (240 + side * 30, 150)], fill=(225, 150, 70), outline=0
        )
    draw.ellipse((90, 120, 390, 420), fill=(235, 165, 80), outline=0, width=4)
    for side in (-1, 1):
        draw.ellipse((240 + side * 70 - 22, 215, 240 + side * 70 + 22, 270), fill="white", outline=0, width=3)
        draw.ellipse((240 + side * 70 - 8, 228, 240 + side * 70 + 8, 262), fill=0)
        for down in (0, 18, 36):
            draw.line((240 + side * 40, 320 + down / 2, 240 + side * 170, 300 + down), fill=0, width=2)
    draw.polygon([(225, 290), (255, 290), (240, 310)], fill=(200, 90, 100), outline=0)
    draw.arc((205, 300, 240, 345), 0, 180, fill=0, width=3)
    draw.arc((240, 300, 275, 345), 0, 180, fill=0, width=3)
    return picture


def page() -> Image.Image:
    picture = Image.new("RGB", (600, 800), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(17)
    for line in range(34):
        draw.text((30, 20 + 22 * line), "A page of print, line after line, without any picture. " * 2, 0, font)
    return picture


def plain() -> np.ndarray:
    grain = np.random.default_rng(5).normal(0, 6, (300, 400, 1))
    return np.clip(np.array([222, 178, 158]) + grain, 0, 255).astype(np.uint8)


def noise() -> np.ndarray:
    return np.random.default_rng(6).integers(0, 256, (300, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize("draw", [cat, page, plain, noise])
def test_what_is_no_photo_of_a_lesion_gets_no_answer(shipped, encode, draw):
    analysis = shipped.analyse(encode(draw()))
    assert analysis.prediction.abstained
    written = report.result(analysis)
    assert {entry["probability"] for entry in written["classes"]} == {None}
    assert written["malignant_probability"] is None and written["decision"] is None


def test_a_drawing_is_answered_only_on_purpose_and_then_marked(shipped, encode):
    refused = shipped.analyse(encode(cat()))
    assert refused.prediction.reason == OUTSIDE
    shown = report.result(refused.answered_anyway())
    assert shown["answered_although_refused"] and shown["reason"] == OUTSIDE
    assert shown["malignant_probability"] is not None


@pytest.mark.parametrize("name", [pytest.param(name, marks=real_data) for name in MELANOMAS])
def test_a_proven_melanoma_is_answered_and_not_called_low(shipped, name):
    photo = DATA / "ham10000" / "HAM10000_images" / f"{name}.jpg"
    analysis = shipped.analyse(photo.read_bytes())
    assert not analysis.prediction.abstained
    assert analysis.decision.risk != "low"


@pytest.mark.parametrize("folder", [pytest.param("milk10k/clinical_close_up", marks=real_data),
                                    pytest.param("not_skin", marks=real_data)])  # fmt: skip
def test_close_ups_and_other_photographs_are_mostly_refused(shipped, folder):
    photos = sorted((DATA / folder).glob("*.jpg"))[::10]
    refused = [scored.prediction.abstained for scored in shipped.score(photos)]
    assert np.mean(refused) > 0.8


@pytest.mark.parametrize("folder", [pytest.param("ph2", marks=real_data)])
def test_photos_of_another_clinic_are_answered(shipped, folder):
    photos = sorted((DATA / folder).rglob("IMD*_Dermoscopic_Image/*.jpg"))[::4]
    assert len(photos) == 50
    assert np.mean([scored.prediction.abstained for scored in shipped.score(photos)]) <= 0.04
