"""The maps of two classes differ by what their logits do, and a saved map says what it is."""

import io

import numpy as np
import pytest

from model.explain import class_maps
from model.maps.export import npz_bytes
from model.preprocess import to_tensor

RAW = np.random.default_rng(5).normal(size=(7, 7)).astype(np.float32)


def test_a_contrast_adds_up_to_the_difference_of_the_logits(analyser, lesion):
    raw, classifier = analyser.classifier.run(to_tensor(lesion, analyser.card.size)), analyser.classifier
    maps = class_maps(raw.features[0], classifier.kernel)
    for one, other in ((4, 5), (5, 4), (0, 6)):
        difference = raw.logits[0, one] - raw.logits[0, other] - (classifier.bias[one] - classifier.bias[other])
        assert (maps[one] - maps[other]).sum() == pytest.approx(difference, abs=1e-4)


def test_a_saved_map_says_what_it_is(analyser):
    data = npz_bytes(RAW, "mel", "gradcam", analyser.card)
    assert data == npz_bytes(RAW.astype(np.float64), "mel", "gradcam", analyser.card)
    with np.load(io.BytesIO(data), allow_pickle=False) as saved:
        assert np.array_equal(saved["map"], RAW)
        assert saved["map"].dtype == np.float32
        words = [str(saved[name]) for name in ("class_code", "method", "model", "version")]
    assert words == ["mel", "gradcam", analyser.card.model_id, analyser.card.version]
