"""Contrasts are differences of logits, parts of the photo add up, and a saved map says what it is."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ContractError
from model.explain import class_maps
from model.maps.export import npz_bytes
from model.maps.regions import Box, contrast, region_sum
from model.preprocess import Square, to_tensor

RAW = np.random.default_rng(5).normal(size=(7, 7)).astype(np.float32)
SQUARE = Square(75, 12.5, 450)
cuts = st.lists(st.floats(0, 1), max_size=4).map(lambda inner: sorted([0.0, *inner, 1.0]))


def test_a_contrast_adds_up_to_the_difference_of_the_logits(analyser, lesion):
    raw, classifier = analyser.classifier.run(to_tensor(lesion, analyser.card.size)), analyser.classifier
    maps = class_maps(raw.features[0], classifier.kernel)
    for one, other in ((4, 5), (5, 4), (0, 6)):
        difference = raw.logits[0, one] - raw.logits[0, other] - (classifier.bias[one] - classifier.bias[other])
        assert contrast(maps, one, other).sum() == pytest.approx(difference, abs=1e-4)


@settings(deadline=None)
@given(cuts, cuts)
def test_the_boxes_of_a_partition_add_up(down, across):
    boxes = [
        Box(
            SQUARE.left + left * SQUARE.side, SQUARE.top + top * SQUARE.side,
            SQUARE.left + right * SQUARE.side, SQUARE.top + bottom * SQUARE.side,
        )
        for top, bottom in pairwise(down)
        for left, right in pairwise(across)
    ]  # fmt: skip
    assert sum(region_sum(RAW, box, SQUARE) for box in boxes) == pytest.approx(float(RAW.sum()), abs=1e-4)


def test_one_cell_a_quarter_and_nothing():
    view = Square(0, 0, 224)
    assert region_sum(RAW, Box(64, 32, 96, 64), view) == pytest.approx(RAW[1, 2], abs=1e-6)
    assert region_sum(RAW, Box(64, 32, 80, 48), view) == pytest.approx(RAW[1, 2] / 4, abs=1e-6)
    assert region_sum(RAW, Box(50, 50, 50, 90), view) == 0
    assert region_sum(RAW, Box(-90, -90, -1, 400), view) == 0
    assert region_sum(RAW, Box(-90, -90, 400, 400), view) == pytest.approx(RAW.sum(), abs=1e-5)
    with pytest.raises(ContractError):
        region_sum(RAW, Box(9, 0, 8, 1), view)


def test_a_saved_map_says_what_it_is(analyser):
    data = npz_bytes(RAW, "mel", "gradcam", analyser.card)
    assert data == npz_bytes(RAW.astype(np.float64), "mel", "gradcam", analyser.card)
    with np.load(io.BytesIO(data), allow_pickle=False) as saved:
        assert np.array_equal(saved["map"], RAW)
        assert saved["map"].dtype == np.float32
        words = [str(saved[name]) for name in ("class_code", "method", "model", "version")]
    assert words == ["mel", "gradcam", analyser.card.model_id, analyser.card.version]
