"""The network's one pass: views averaged as logits, calibrated in double precision, shared between threads."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model.errors import BundleError, ContractError
from model.predict import Classifier, softmax
from model.preprocess import to_tensor
from tests.support.bundles import CODES, SIZE


@pytest.fixture
def photos():
    return np.random.default_rng(0).uniform(0, 255, (5, SIZE, SIZE, 3)).astype(np.float32)


def test_views_are_averaged_as_logits(analyser, photos):
    import keras

    network = analyser.classifier.network
    plain = keras.Model(network.input, network.get_layer("logits").output)
    turned = [photos, photos[:, :, ::-1], photos[:, ::-1], photos[:, ::-1, ::-1]]
    expected = np.mean([np.asarray(plain(view.copy())) for view in turned], axis=0)
    raw = analyser.classifier.run(photos)
    assert raw.logits.shape == (5, len(CODES))
    assert np.allclose(raw.logits, expected, atol=1e-4)


def test_a_batch_gives_what_single_photos_give(analyser, photos):
    together = analyser.classifier.run(photos).logits
    alone = np.concatenate([analyser.classifier.run(photo[None]).logits for photo in photos])
    assert np.allclose(together, alone, atol=1e-4)


def test_probabilities_are_calibrated_and_sum_to_one(analyser, photos):
    logits = analyser.classifier.run(photos).logits
    for prediction, row in zip(analyser.classifier.predictions(logits), logits.astype(float), strict=True):
        expected = np.exp(row / 1.5) / np.exp(row / 1.5).sum()
        assert prediction.probabilities.dtype == np.float64
        assert np.allclose(prediction.probabilities, expected)
        assert abs(prediction.probabilities.sum() - 1) < 1e-12
        assert prediction.malignant == pytest.approx(expected[[0, 1, 4]].sum())
        assert not prediction.abstained


def test_softmax_of_huge_logits_is_finite():
    assert softmax(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, SIZE, SIZE, 3)),
        np.zeros((1, SIZE, SIZE, 3), np.uint8),
        np.zeros((1, SIZE + 1, SIZE, 3), np.float32),
        np.zeros((SIZE, SIZE, 3), np.float32),
    ],
)
def test_another_input_is_refused(analyser, batch):
    with pytest.raises(ContractError):
        analyser.classifier.run(batch)


def test_threads_share_one_model(analyser, photos):
    expected = analyser.classifier.run(photos).logits
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: analyser.classifier.run(photos).logits, range(32)))
    assert all(np.allclose(answer, expected, atol=1e-5) for answer in answers)


@pytest.fixture
def copy(tiny_bundle, tmp_path) -> Path:
    return shutil.copytree(tiny_bundle, tmp_path / "copy")


def test_missing_and_damaged_weights_are_named(copy):
    (copy / "weights.keras").write_bytes(b"PK\x03\x04 but not weights")
    with pytest.raises(BundleError, match="cannot be loaded"):
        Classifier.load(copy)
    (copy / "weights.keras").unlink()
    with pytest.raises(BundleError, match="missing"):
        Classifier.load(copy)


def test_a_layer_that_is_not_there_is_named(copy):
    card = json.loads((copy / "card.json").read_text())
    card["explain"]["layer"] = "conv_last"
    (copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(BundleError, match="conv_last"):
        Classifier.load(copy)


def test_cards_tables_and_reports_come_without_tensorflow():
    modules = "model.card, model.photo.image, model.preprocess, model.explain, model.report, model.__main__"
    code = f"import {modules}, sys; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_preprocessing_of_a_square_photo_of_the_right_size_changes_nothing(photos):
    photo = photos[0].astype(np.uint8)
    assert (to_tensor(photo, SIZE)[0] == photo).all()
