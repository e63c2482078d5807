"""A gate withdraws the answer, never the photo; who asks for the answer all the same gets it marked."""

import hashlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from model import report
from model.answer.gate import OUTSIDE, Gate, read_gate
from model.card import load_card
from model.errors import BundleError
from tests.support.card_bundle import write_bundle


def entry_of(folder, kernel, bias=0.0, limit=0.5, **changes) -> dict:
    """Write a gate's file and return its entry in the card."""
    path = folder / "gate.npz"
    np.savez(path, kernel=np.asarray(kernel, np.float32), bias=np.float32(bias))
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "limit": limit} | changes


def test_scores_are_probabilities_and_the_limit_divides_them():
    gate = Gate(np.array([1.0, -1.0], np.float32), 0.0, 0.5)
    pooled = np.array([[3.0, 0.0], [0.0, 3.0], [0.0, 0.0], [1e9, 0.0]])
    assert gate.score(pooled) == pytest.approx([1 / (1 + np.exp(-3)), 1 / (1 + np.exp(3)), 0.5, 1.0])
    assert gate.refuses(pooled).tolist() == [True, False, False, True]


def test_groups_of_pictures_add_up_to_a_score():
    gate = Gate(np.array([[1.0, 0.0], [0.0, -1.0]], np.float32), np.array([0.0, 1.0], np.float32), 0.5)
    evidence = np.array([[2.0, 1.0 - 3.0], [-4.0, 1.0 - 5.0]])
    odds = np.exp(evidence).sum(axis=1)
    assert gate.score(np.array([[2.0, 3.0], [-4.0, 5.0]])) == pytest.approx(odds / (1 + odds))


def test_a_card_without_a_gate_answers_everything(tmp_path):
    assert load_card(write_bundle(tmp_path / "bundle", {})).gate is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"sha256": "0"}, "gate_changed"), ({"file": "none.npz"}, "no_gate"), ({"limit": 1.0}, "gate_limit"),
     ({"limit": None}, "gate_limit")],
)  # fmt: skip
def test_a_gate_that_is_not_the_cards_is_refused(tmp_path, changes, code):
    with pytest.raises(BundleError) as caught:
        read_gate(entry_of(tmp_path, [1.0], **changes), tmp_path)
    assert caught.value.code == code


@pytest.fixture
def refusing(analyser, monkeypatch):
    """The small model with a gate that refuses every photo."""
    gate = Gate(np.zeros(len(analyser.classifier.kernel), np.float32), 5.0, 0.5)
    monkeypatch.setattr(analyser, "card", replace(analyser.card, gate=gate))
    return analyser


def test_a_refused_photo_has_no_answer_and_says_why(refusing, lesion_png, tmp_path):
    analysis = refusing.analyse(lesion_png)
    assert (analysis.prediction.abstained, analysis.prediction.reason) == (True, OUTSIDE)
    assert analysis.prediction.outside == pytest.approx(1 / (1 + np.exp(-5)))
    assert not analysis.forced
    written = json.loads(report.result_json(analysis))
    assert {each["probability"] for each in written["classes"]} == {None}
    assert written["decision"] is None
    (tmp_path / "photo.png").write_bytes(lesion_png)
    [scored] = refusing.score([tmp_path / "photo.png"])
    assert (scored.prediction.abstained, scored.prediction.reason) == (True, OUTSIDE)


def test_an_answer_given_all_the_same_is_marked_everywhere(refusing, lesion_png):
    refused = refusing.analyse(lesion_png)
    shown = refused.answered_anyway()
    assert shown.forced
    assert (shown.prediction.abstained, shown.prediction.reason) == (False, OUTSIDE)
    written = json.loads(report.result_json(shown))
    assert written["answered_although_refused"]
    assert written["malignant_probability"] == shown.prediction.malignant
    pictures = [np.asarray(Image.open(io.BytesIO(report.overlay_png(each, "mel")))) for each in (refused, shown)]
    photo = len(refused.photo.pixels)
    assert (pictures[0][:photo] == pictures[1][:photo]).all()
    assert len(pictures[1]) > len(pictures[0]), "one more line below the photo says so"


def test_a_blank_surface_is_never_answered(refusing, encode):
    blank = refusing.analyse(encode(np.full((64, 64, 3), 120, np.uint8)))
    assert blank.prediction.reason == "blank"
    assert blank.answered_anyway().prediction.abstained
