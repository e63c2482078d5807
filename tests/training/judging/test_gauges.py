"""Fitting gauges: heads find what features hold, limits keep their promise on validation, what fails is left out."""

import cv2
import numpy as np
import pandas as pd
import pytest

from model.answer.quality import CUT_OFF, SHARPNESS
from training.data.splits import INTERNAL_TEST, TRAIN, VALIDATION
from training.gate.pictures import AS_TAKEN
from training.gauges import fit as gauges
from training.gauges.pictures import _mask_edge_share


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Rows, features and a score of two sets; the score is one feature with noise, known in the first set only."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"kind": ["a"] * 900 + ["b"] * 300, "image_id": [f"image_{n}" for n in range(1200)]})
    rows = rows.assign(
        split=[TRAIN, VALIDATION, INTERNAL_TEST] * 400, lesion_id=rows.image_id, corruption=AS_TAKEN, step=0
    )
    pooled = random.normal(size=(1200, 20)).astype(np.float32)
    score = pd.Series(pooled[:, 3] + random.normal(0, 0.3, 1200)).where(rows.kind == "a")
    return rows, pooled, pd.DataFrame({"score": score, "true": score > 1.2})


def test_a_head_finds_what_the_features_hold(made):
    rows, pooled, truth = made
    head = gauges.fit_head(pooled, truth, rows)
    test = (rows.split == INTERNAL_TEST) & (rows.kind == "a")
    assert np.corrcoef(head.read(pooled[test]), truth.score[test])[0, 1] > 0.8


def test_a_heads_limit_keeps_its_promise_on_validation(made):
    rows, pooled, truth = made
    values = gauges.fit_head(pooled, truth, rows).read(pooled)
    limit = gauges.head_limit(values, truth, rows)
    validation = rows.split == VALIDATION
    told = (values > limit) & validation & (rows.kind == "a")
    assert truth.true[told].mean() >= gauges.LEAST_RIGHT
    for kind in "ab":
        assert (values[validation & (rows.kind == kind)] > limit).mean() <= gauges.TOLD_AT_MOST


def test_a_head_that_tells_nothing_apart_is_left_out(made):
    rows, pooled, truth = made
    shuffled = np.random.default_rng(1).permutation(gauges.fit_head(pooled, truth, rows).read(pooled))
    assert gauges.head_limit(shuffled, truth, rows) is None


def test_limits_on_pixels_are_exceeded_by_few_validation_photos_of_every_set(made):
    rows, pooled, _ = made
    values = pd.DataFrame(pooled[:, :4], columns=["sharpness", "exposure", "ink", "resolution"])
    rows = rows.assign(kind=rows.kind.replace("a", gauges.UNMARKED))
    limits, _ = gauges.pixel_limits(values, rows)[SHARPNESS]
    for kind in (gauges.UNMARKED, "b"):
        mine = (rows.split == VALIDATION) & (rows.kind == kind)
        assert (limits.beyond(values.sharpness[mine]) > 0).mean() <= gauges.BEYOND


def test_a_mask_that_leaves_the_frame_covers_an_edge(tmp_path):
    inside, outside = np.zeros((100, 150), np.uint8), np.zeros((100, 150), np.uint8)
    cv2.circle(inside, (75, 50), 30, 255, -1)
    cv2.rectangle(outside, (60, 0), (110, 60), 255, -1)  # half of the upper edge of the central square
    for name, mask in {"inside": inside, "outside": outside}.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), mask)
    assert _mask_edge_share(tmp_path / "inside.png") == 0
    assert _mask_edge_share(tmp_path / "outside.png") == pytest.approx(0.5, abs=0.03)
    assert np.isnan(_mask_edge_share(tmp_path / "none.png"))
    assert np.isnan(_mask_edge_share(None))


@pytest.mark.parametrize("agrees", [True, False])
def test_a_lesion_cut_off_is_told_where_outlines_agree_with_masks(made, agrees):
    rows, pooled, _ = made
    covered = np.random.default_rng(2).uniform(0, 1, len(rows))
    score = covered if agrees else np.random.default_rng(3).uniform(0, 0.55, len(rows))
    truth = pd.DataFrame({"score": score, "true": score > gauges.CUT})
    truth.attrs["name"] = "a mask"
    pixels = pd.DataFrame(pooled[:, :4], columns=["sharpness", "exposure", "ink", "resolution"])
    found = gauges.fit(pooled, pixels.assign(cut_off=covered), {CUT_OFF: truth}, rows.assign(kind=gauges.UNMARKED))
    assert (CUT_OFF in found) == agrees
    if agrees:
        assert found[CUT_OFF].limits.high == gauges.CUT and found[CUT_OFF].head is None
