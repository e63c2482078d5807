"""Gauges measured on made photos, and what a bundle with and without them says."""

import hashlib
from dataclasses import replace

import cv2
import numpy as np
import pytest

from model import report
from model.answer import quality
from model.answer.gate import OUTSIDE
from model.answer.lesion import lesion_edge_share
from model.answer.quality import Gauges, Head, Limits, read_gauges
from model.errors import BundleError
from tests.support.card_bundle import write_bundle
from training.synthetic.corruptions import CORRUPTIONS
from training.synthetic.lesions import render_lesion

SIZE = 224


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A lesion with fine grain, as a sharp photo has."""
    random = np.random.default_rng(0)
    pixels = render_lesion("mel", random, SIZE).astype(float) + random.normal(0, 6, (SIZE, SIZE, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def worse(photo: np.ndarray, corruption: str, step: int) -> np.ndarray:
    return CORRUPTIONS[corruption].apply(photo, step, np.random.default_rng(1))[0]


def test_sharpness_falls_with_blur_and_hardly_with_contrast(photo):
    values = [quality.sharpness(photo), *(quality.sharpness(worse(photo, "blur", step)) for step in (1, 2, 3))]
    assert values == sorted(values, reverse=True)
    faint = (photo.astype(float) * 0.5 + 60).astype(np.uint8)
    assert abs(quality.sharpness(faint) - values[0]) < 0.1 * (values[0] - values[1])
    assert np.isfinite(quality.sharpness(np.full((SIZE, SIZE, 3), 90, np.uint8)))


def test_exposure_follows_the_skin_and_not_the_lesion_or_a_dark_rim(photo):
    assert quality.exposure(photo // 2) == pytest.approx(quality.exposure(photo) / 2, abs=1)
    rimmed, centre = photo.copy(), photo.copy()
    rows, columns = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    rimmed[np.hypot(rows, columns) > 1] = 0
    centre[np.hypot(rows, columns) < 0.3] = 0
    for other in (rimmed, centre):
        assert quality.exposure(other) == pytest.approx(quality.exposure(photo), abs=6)


def test_blue_marks_are_seen_and_a_black_or_grey_lesion_is_not_one(photo):
    marked, dark = photo.copy(), photo.copy()
    cv2.line(marked, (10, 10), (60, 200), (40, 60, 190), 6)
    cv2.circle(dark, (112, 112), 60, (30, 30, 36), -1)
    assert quality.marks(photo) == quality.marks(dark) == 0
    assert 0.01 < quality.marks(marked) < 0.05


def test_values_beyond_either_limit_are_told():
    limits = Limits(low=10.0, high=20.0)
    assert (limits.beyond(np.array([8.0, 10.0, 15.0, 23.0])) > 0).tolist() == [True, False, False, True]
    assert Limits(high=1.0).beyond(-9e9) < 0 < Limits(low=1.0).beyond(0.5)


def gauges_for(channels: int, **limits: Limits) -> Gauges:
    heads = {code: Head(np.zeros(channels, np.float32), 0.7) for code in limits if code in quality.HEADS}
    return Gauges(limits, heads)


def test_only_what_lies_beyond_its_limit_is_told(photo):
    limits = {"sharpness": Limits(low=-9.0), "resolution": Limits(low=1.0), "hair": Limits(high=0.5),
              "cut_off": Limits(high=0.9)}  # fmt: skip
    found = gauges_for(4, **limits).measure(photo, 100.0, np.zeros(4), edge=0.8)
    assert [(gauge.code, gauge.level) for gauge in found] == [
        ("sharpness", "fine"), ("resolution", "poor"), ("hair", "poor"), ("cut_off", "fine")
    ]  # fmt: skip
    assert found[1].value == pytest.approx(100 / SIZE)
    assert found[2].value == pytest.approx(0.7)
    assert quality.poor(found) == ("hair",)  # resolution has the warning small_photo


def test_gauges_are_beside_the_answer_in_the_report_and_in_the_notes_of_a_table(
    analyser, lesion_png, tmp_path, monkeypatch
):
    plain = analyser.analyse(lesion_png)
    assert plain.gauges == ()
    channels = len(analyser.classifier.kernel)
    gauges = gauges_for(channels, exposure=Limits(high=0.0), hair=Limits(high=0.9), gel=Limits(high=0.5))
    monkeypatch.setattr(analyser, "card", replace(analyser.card, gauges=gauges))
    told = analyser.analyse(lesion_png)
    assert told.notes == (*plain.notes, "exposure", "gel")
    written = report.result(told)["photo"]["gauges"]
    assert [(entry["code"], entry["level"]) for entry in written] == [
        ("exposure", "poor"), ("hair", "fine"), ("gel", "poor")
    ]  # fmt: skip
    (tmp_path / "photo.png").write_bytes(lesion_png)
    [scored] = analyser.score([tmp_path / "photo.png"])
    assert scored.analysis.notes == told.notes
    assert scored.prediction.probabilities == pytest.approx(plain.prediction.probabilities, abs=1e-5)


def test_a_refused_picture_has_no_notes_on_its_quality(analyser, lesion_png, monkeypatch):
    gauges = gauges_for(len(analyser.classifier.kernel), exposure=Limits(high=0.0))
    monkeypatch.setattr(analyser, "card", replace(analyser.card, gauges=gauges))
    answered = analyser.analyse(lesion_png)
    refused = replace(answered, photo_alone=replace(answered.photo_alone, reason=OUTSIDE, abstained=True))
    assert answered.notes == (*answered.warnings, "exposure")
    assert refused.notes == refused.answered_anyway().notes == answered.warnings


def test_a_head_reads_the_mean_of_the_maps(analyser, lesion_png, monkeypatch):
    channels = len(analyser.classifier.kernel)
    kernel = np.arange(channels, dtype=np.float32)
    gauges = Gauges({"hair": Limits(high=0.0)}, {"hair": Head(kernel, 2.0)})
    monkeypatch.setattr(analyser, "card", replace(analyser.card, gauges=gauges))
    analysis = analyser.analyse(lesion_png)
    maps = analyser.classifier.run(analysis.view[None].astype(np.float32)).features[0]
    assert analysis.gauges[0].value == pytest.approx(maps.mean(axis=(0, 1)) @ kernel + 2, rel=1e-4)


def entry_of(folder, limits: list[dict] | None, **changes) -> dict:
    np.savez(folder / "gauges.npz", hair_kernel=np.ones(3, np.float32), hair_bias=np.float32(0.5))
    digest = hashlib.sha256((folder / "gauges.npz").read_bytes()).hexdigest()
    return {"file": "gauges.npz", "sha256": digest, "limits": limits} | changes


def test_a_cards_gauges_are_read_in_their_order(tmp_path):
    limits = [{"code": "hair", "low": None, "high": 0.4}, {"code": "sharpness", "low": 0.1, "high": None}]
    gauges = read_gauges(entry_of(tmp_path, limits), tmp_path, outlined=False)
    assert list(gauges.limits.items()) == [("hair", Limits(None, 0.4)), ("sharpness", Limits(0.1, None))]
    assert gauges.heads["hair"].read(np.full((2, 3), 2.0)).tolist() == [6.5, 6.5]


def test_a_lesion_that_the_frame_cuts_off_is_told_by_its_outline(tmp_path):
    limits = [{"code": "cut_off", "low": None, "high": 0.5}]
    gauges = read_gauges(entry_of(tmp_path, limits), tmp_path, outlined=True)
    view = np.zeros((SIZE, SIZE, 3), np.uint8)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    levels = {}
    for name, middle in {"whole": SIZE / 2, "touching": SIZE - 12, "half": SIZE}.items():
        mask = np.where(np.hypot(rows - SIZE / 2, columns - middle) < SIZE * 0.3, 0.9, 0.1)
        edge = lesion_edge_share(mask, 0.5)
        levels[name] = [gauge.level for gauge in gauges.measure(view, SIZE, np.zeros(3), edge)]
    assert levels == {"whole": ["fine"], "touching": ["poor"], "half": ["poor"]}
    assert lesion_edge_share(np.zeros((SIZE, SIZE)), 0.5) == 0


def test_a_card_without_gauges_measures_nothing(tmp_path):
    from model.card import load_card

    assert load_card(write_bundle(tmp_path / "bundle", {})).gauges is None


@pytest.mark.parametrize(
    ("limits", "changes", "code"),
    [
        ([], {"sha256": "0"}, "gauges_changed"),
        ([], {"file": "none.npz"}, "no_gauges"),
        ([{"code": "hair", "low": None}], {}, "gauges_limits"),
        ([{"code": "cut_off", "low": None, "high": 1.0}], {}, "gauges_limits"),
        ([{"code": "smell", "low": None, "high": 1.0}], {}, "gauges_unknown"),
        (None, {}, "gauges_limits"),
    ],
)
def test_gauges_that_are_not_the_cards_are_refused(tmp_path, limits, changes, code):
    with pytest.raises(BundleError) as caught:
        read_gauges(entry_of(tmp_path, limits, **changes), tmp_path, outlined=False)
    assert caught.value.code == code
