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
from model.network.engines import ONNX_RUNTIME, TENSORFLOW, OnnxEngine
from model.network.keras_engine import KerasEngine, load_network
from model.predict import Classifier, softmax
from model.preprocess import to_tensor
from tests.support.bundles import CODES, SIZE


@pytest.fixture
def photos():
    return np.random.default_rng(0).uniform(0, 255, (5, SIZE, SIZE, 3)).astype(np.float32)


def test_views_are_averaged_as_logits(analyser, photos):
    import keras

    network = load_network(analyser.card)
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


def test_twenty_sessions_share_one_engine_and_each_gets_its_own_answer(analyser):
    random = np.random.default_rng(1)
    photos = [random.uniform(0, 255, (1, SIZE, SIZE, 3)).astype(np.float32) for _ in range(20)]
    alone = [analyser.classifier.run(photo).logits for photo in photos]
    with ThreadPoolExecutor(20) as pool:
        for _ in range(5):
            together = pool.map(lambda photo: analyser.classifier.run(photo).logits, photos)
            assert all(np.allclose(*pair, atol=1e-5) for pair in zip(together, alone, strict=True))


def test_both_engines_give_the_same_numbers(tiny_bundle, analyser, photos):
    assert isinstance(analyser.classifier.engine, OnnxEngine)
    keras_classifier = Classifier.load(tiny_bundle, TENSORFLOW)
    assert isinstance(keras_classifier.engine, KerasEngine)
    for part in ("logits", "pooled", "features"):
        served, source = (getattr(each.run(photos), part) for each in (analyser.classifier, keras_classifier))
        assert served.shape == source.shape
        assert np.allclose(served, source, rtol=1e-3, atol=1e-4), part
    assert np.array_equal(analyser.classifier.kernel, keras_classifier.kernel)
    assert np.array_equal(analyser.classifier.bias, keras_classifier.bias)


def test_feature_maps_come_only_when_they_are_wanted(analyser, photos):
    raw = analyser.classifier.run(photos)
    assert np.allclose(raw.features.mean(axis=(1, 2)), raw.pooled, rtol=1e-4, atol=1e-4)
    assert analyser.classifier.run(photos, features=False).features.size == 0


def test_missing_and_damaged_networks_are_named(copy):
    for engine, file in ((TENSORFLOW, "weights.keras"), (ONNX_RUNTIME, "network.onnx")):
        (copy / file).write_bytes(b"PK\x03\x04 but not weights")
        with pytest.raises(BundleError, match="cannot be loaded"):
            Classifier.load(copy, engine)
        (copy / file).unlink()
        with pytest.raises(BundleError, match="missing"):
            Classifier.load(copy, engine)


def edit(bundle, change) -> None:
    card = json.loads((bundle / "card.json").read_text())
    change(card)
    (bundle / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    "change",
    [lambda card: card["weights"].update(sha256="0"), lambda card: card["inference"].update(views=["identity"])],
)
def test_an_exported_network_of_other_weights_or_views_is_refused(copy, change):
    edit(copy, change)
    with pytest.raises(BundleError, match="other weights"):
        Classifier.load(copy)


def test_a_bundle_without_an_exported_network_is_served_by_tensorflow(copy):
    (copy / "network.onnx").unlink()
    edit(copy, lambda card: card.pop("exported"))
    assert isinstance(Classifier.load(copy).engine, KerasEngine)
    with pytest.raises(BundleError, match=r"training\.export"):
        Classifier.load(copy, ONNX_RUNTIME)


def test_a_layer_that_is_not_there_is_named(copy):
    edit(copy, lambda card: card["explain"].update(layer="conv_last"))
    with pytest.raises(BundleError, match="conv_last"):
        Classifier.load(copy, TENSORFLOW)


def test_a_photo_is_answered_without_tensorflow(tiny_bundle):
    code = (
        "import sys; from model.pipeline import Analyser; a = Analyser(sys.argv[1]);"
        "a.analyse(open(sys.argv[1] + '/golden/photo.png', 'rb').read());"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code, str(tiny_bundle)], cwd=root).returncode == 0


def test_cards_tables_and_reports_come_without_tensorflow():
    modules = (
        "model.card, model.photo.image, model.preprocess, model.explain, model.report, model.pipeline, model.__main__"
    )
    code = f"import {modules}, sys; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_preprocessing_of_a_square_photo_of_the_right_size_changes_nothing(photos):
    photo = photos[0].astype(np.uint8)
    assert (to_tensor(photo, SIZE)[0] == photo).all()
