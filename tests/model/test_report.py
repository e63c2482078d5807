"""What a person takes away says which model spoke, and nothing that identifies the photo's owner."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from model import report
from model.answer.patient import Patient
from model.errors import BundleError
from model.explain import overlay
from model.preprocess import Square
from tests.support.bundles import CODES, NEVER_SUPPORTED


@pytest.fixture(scope="module")
def analysis(analyser, lesion_png):
    return analyser.analyse(lesion_png, Square(20, 10, 150))


def test_json_holds_the_answer_and_the_model(analysis):
    result = json.loads(report.result_json(analysis))
    assert [each["code"] for each in result["classes"]] == list(CODES)
    probabilities = [each["probability"] for each in result["classes"]]
    assert probabilities == analysis.prediction.probabilities.tolist()
    assert result["malignant_probability"] == analysis.prediction.malignant
    assert result["model"]["version"] == analysis.card.version
    assert result["model"]["weights_sha256"] == analysis.card.raw["weights"]["sha256"]
    assert result["photo"]["sha256"] == analysis.photo.sha256
    assert result["photo"]["square"] == {"left": 20, "top": 10, "side": 150}
    assert [each["code"] for each in result["classes"] if not each["map_informative"]][:1]
    assert NEVER_SUPPORTED in [each["code"] for each in result["classes"] if not each["map_informative"]]


def test_an_answer_that_was_withdrawn_is_not_written_down(analyser, encode):
    result = report.result(analyser.analyse(encode(np.full((64, 64, 3), 120, np.uint8))))
    assert result["abstained"]
    assert result["reason"] == "blank"
    assert {each["probability"] for each in result["classes"]} == {None}
    assert result["malignant_probability"] is None


@pytest.mark.parametrize("contours", [False, True])
def test_overlay_is_a_png_of_the_photo(analysis, lesion, contours):
    code = CODES[int(analysis.prediction.probabilities.argmax())]
    picture = Image.open(io.BytesIO(report.overlay_png(analysis, code, 0.7, contours)))
    assert picture.format == "PNG"
    assert not picture.info
    expected = overlay(lesion, analysis.explanations[code].heat, analysis.square, 0.7, contours)
    assert (np.asarray(picture) == expected).all()
    assert (np.asarray(picture) != lesion).any()


def test_overlay_of_an_unknown_class_is_refused(analysis):
    with pytest.raises(BundleError):
        report.overlay_png(analysis, "scc")


def test_large_photos_are_reduced_together_with_their_square():
    pixels = np.zeros((3_000, 4_000, 3), np.uint8)
    smaller, square = report.for_screen(pixels, Square(500, 0, 3_000))
    assert smaller.shape == (1_200, 1_600, 3)
    assert square == Square(200, 0, 1_200)
    assert report.for_screen(pixels[:100, :100], square)[1] is square


def test_a_told_patient_is_written_with_both_answers(analyser, lesion_png):
    told = analyser.analyse(lesion_png, patient=Patient(age=80, sex="female"))
    written = json.loads(report.result_json(told))
    assert written["patient"] == {"age": 80, "sex": "female", "site": None}
    for name, answer in (("probability", told.prediction), ("probability_photo_alone", told.photo_alone)):
        assert [each[name] for each in written["classes"]] == pytest.approx(answer.probabilities.tolist())
    assert written["malignant_probability_photo_alone"] == pytest.approx(told.photo_alone.malignant)
    assert written["malignant_probability"] != written["malignant_probability_photo_alone"]
