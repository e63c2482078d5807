"""What a person takes away says which model spoke, and nothing that identifies the photo's owner."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageFont

from model import report
from model.answer.patient import Patient
from model.errors import BundleError
from model.explain import colour_bar, overlay
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
    drawn = np.asarray(picture)
    assert (drawn[: len(lesion)] == expected).all()
    assert (drawn[: len(lesion)] != lesion).any()
    band = drawn[len(lesion) :]
    assert (band == 255).mean() > 0.5 and (band < 100).any(), "text on white below the photo"
    colours = {tuple(pixel) for pixel in band.reshape(-1, 3)} & {tuple(pixel) for pixel in colour_bar()}
    assert len(colours) > 20, "the legend has the colours of the map"


def test_a_map_without_evidence_has_no_colours_in_its_legend(analysis, lesion):
    picture = Image.open(io.BytesIO(report.overlay_png(analysis, NEVER_SUPPORTED)))
    band = np.asarray(picture)[len(lesion) :]
    assert (band[..., 0] == band[..., 1]).all() and (band < 100).any()


def test_a_text_is_broken_into_rows_that_fit():
    font = ImageFont.load_default(12)
    rows = report._wrapped("one two three four fivesixseveneightnineten", font, 70)
    assert " ".join(rows) == "one two three four fivesixseveneightnineten"
    assert all(font.getlength(row) <= 70 for row in rows[:-1]) and rows[-1] == "fivesixseveneightnineten"


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
