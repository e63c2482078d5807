"""The last layer learnt again: the least cost, and no image is answered by a layer that has learnt from it."""

import hashlib

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from training.command import TrainingError
from training.fitting.last_layer import FILE, Layer, learn_again, learn_in_folds, learn_last_layer, read_folds
from training.recipe import Recipe, RecipeError

CHANNELS, CLASSES = 6, 3


@pytest.fixture
def pooled() -> np.ndarray:
    return np.random.default_rng(0).normal(1, [1, 2, 0.1, 3, 1, 0], (240, CHANNELS)).astype(np.float32)


@pytest.fixture
def labels(pooled) -> np.ndarray:
    noise = np.random.default_rng(1).gumbel(size=(len(pooled), CLASSES))
    return (pooled[:, :CLASSES] * [1, 0.5, 5] + noise).argmax(axis=1)


@pytest.fixture
def start() -> Layer:
    return Layer(np.random.default_rng(2).normal(0, 0.2, (CHANNELS, CLASSES)).astype(np.float32), np.zeros(CLASSES))


@pytest.fixture
def rows(pooled) -> pd.DataFrame:
    groups = [f"lesion {number // 2}" for number in range(len(pooled))]
    return pd.DataFrame({"image_id": [f"image {number}" for number in range(len(pooled))], "group": groups})


def log_loss(layer: Layer, pooled: np.ndarray, labels: np.ndarray) -> float:
    return -log_softmax(layer.logits(pooled), axis=1)[np.arange(len(labels)), labels].mean()


def test_the_layer_has_the_least_cost(start, pooled, labels):
    """A step in any direction costs more; the cost is written down here a second time."""
    found, spread = learn_again(start, pooled, labels, 0.1), np.sqrt(pooled.var(axis=0).mean())
    assert log_loss(found, pooled, labels) < log_loss(start, pooled, labels)

    def cost(kernel: np.ndarray, bias: np.ndarray) -> float:
        """The least over the free scale, as squares have a minimum in closed form."""
        own, target = start.kernel * spread, kernel * spread
        scale = (own * target).sum() / (own**2).sum()
        return log_loss(Layer(kernel, bias), pooled, labels) + 0.1 * ((target - scale * own) ** 2).sum()

    least, random = cost(found.kernel, found.bias), np.random.default_rng(3)
    for _ in range(20):
        step = random.normal(0, 0.03, (CHANNELS, CLASSES)) / spread
        assert cost(found.kernel + step, found.bias - pooled.mean(axis=0) @ step) > least - 1e-6


def test_a_high_penalty_leaves_scale_and_bias_alone_to_be_fitted(start, pooled, labels):
    found = learn_again(start, pooled, labels, 1e6)
    scale = (found.kernel * start.kernel).sum() / (start.kernel**2).sum()
    np.testing.assert_allclose(found.kernel, scale * start.kernel, atol=1e-3)
    assert log_loss(found, pooled, labels) < log_loss(start, pooled, labels)


def test_a_channel_that_hardly_varies_gets_no_great_weight(start, pooled, labels):
    """An unusual photo may have any value there."""
    pooled[:, -1] = 1e-4 * (labels == 1)
    found = learn_again(start, pooled, labels, 1.0)
    assert np.abs(found.kernel[-1]).max() < 2 * np.abs(found.kernel[:-1]).max()


def test_a_prior_is_divided_out_and_changes_nothing_else(start, pooled, labels):
    prior = np.log([0.7, 0.2, 0.1])
    plain, without = (learn_again(start, pooled, labels, 1.0, given) for given in (0.0, prior))
    difference = (plain.logits(pooled) - without.logits(pooled)) - prior
    np.testing.assert_allclose(difference - difference.mean(axis=1, keepdims=True), 0, atol=0.02)


def test_no_layer_has_learnt_from_what_it_answers(start, pooled, labels, rows):
    _, folds = learn_in_folds(start, pooled, labels, rows, 1.0)
    assert rows.assign(fold=folds.fold).groupby("group").fold.nunique().max() == 1
    asked = rows.group == "lesion 7"
    other = labels.copy()
    other[asked] = (labels[asked] + 1) % CLASSES
    served, again = learn_in_folds(start, pooled, other, rows, 1.0)
    answers = [found.logits(pooled, rows.image_id) for found in (folds, again)]
    same = (answers[0] == answers[1]).all(axis=1)
    assert same[asked].all() and not same.all()
    assert not np.allclose(served.logits(pooled)[asked], answers[1][asked], atol=1e-4)


def test_folds_are_kept_and_asked_in_any_order(start, pooled, labels, rows, tmp_path):
    assert read_folds(tmp_path, {}) is None
    _, folds = learn_in_folds(start, pooled, labels, rows, 1.0)
    record = {"last_layer": {"folds_sha256": folds.save(tmp_path)}}
    kept, some = read_folds(tmp_path, record), [200, 3, 77]
    expected = folds.logits(pooled, rows.image_id)[some]
    np.testing.assert_allclose(kept.logits(pooled[some], rows.image_id.iloc[some]), expected, rtol=1e-6)
    with pytest.raises(TrainingError, match="does not name image unknown"):
        kept.logits(pooled[:1], ["image unknown"])


def test_folds_that_are_gone_or_of_another_run_are_one_sentence(start, pooled, labels, rows, tmp_path):
    """Without them a thing fitted on validation would be fitted on what the layer has learnt."""
    _, folds = learn_in_folds(start, pooled, labels, rows, 1.0)
    record = {"last_layer": {"folds_sha256": folds.save(tmp_path)}}
    other = hashlib.sha256(b"text").hexdigest()
    for content, said in ((b"", record), (b"text", {"last_layer": {"folds_sha256": other}}), (b"text", record)):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(TrainingError, match="is not the one of this run; train the run again"):
            read_folds(tmp_path, said)
    (tmp_path / FILE).unlink()
    for said in (record, {"last_layer": {}}, {"last_layer": "yes"}):
        with pytest.raises(TrainingError, match="is missing or is not the one"):
            read_folds(tmp_path, said)


def test_a_class_that_some_layer_would_learn_from_no_image_is_one_sentence(start, pooled, labels, rows):
    one_lesion = np.where(rows.group == "lesion 3", 2, labels % 2)
    with pytest.raises(TrainingError, match="every class, of several lesions each"):
        learn_in_folds(start, pooled, one_lesion, rows, 1.0)


def test_images_that_are_all_right_at_once_do_not_make_the_layer_endless(start, pooled):
    easy = start.logits(pooled).argmax(axis=1)
    found = learn_again(start, pooled, easy, 1.0)
    assert np.linalg.norm(found.kernel) < 12 * np.linalg.norm(start.kernel)


def test_features_that_are_no_numbers_are_one_sentence(start, pooled, labels):
    pooled[3, 1] = np.nan
    with pytest.raises(TrainingError, match="not finite"):
        learn_again(start, pooled, labels, 1.0)


def test_too_few_lesions_are_one_sentence(start, pooled, labels, rows):
    with pytest.raises(TrainingError, match="5 validation lesions or more, not 2"):
        learn_in_folds(start, pooled[:4], labels[:4], rows.head(4), 1.0)


def test_a_network_gets_the_layer_that_its_own_features_teach(tmp_path):
    photo = keras.Input((8, 8, 3))
    features = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Conv2D(5, 3)(photo))
    network = keras.Model(photo, keras.layers.Dense(7, name="logits")(features))
    canvas = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3)).astype(np.uint8)
    codes = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
    manifest = pd.DataFrame({
        "image_id": [f"image {n}" for n in range(40)], "lesion_id": [f"lesion {n}" for n in range(40)],
        "group": [f"lesion {n}" for n in range(40)], "dataset": "ham10000", "canvas_row": range(40),
        "label": [codes[n % 7] for n in range(40)], "split": ["train"] * 5 + ["validation"] * 35,
    })  # fmt: skip
    recipe = Recipe("one", size=8, views=("identity",), last_layer_penalty=1.0)
    before = network.predict(canvas.astype(np.float32), verbose=0)
    said = learn_last_layer(recipe, network, canvas, manifest, tmp_path, 0.0)
    assert (said["learnt_from"], said["n_images"], said["n_lesions"], said["folds"]) == ("validation", 35, 35, 5)
    trunk = keras.Model(network.input, network.get_layer("pool").output)
    pooled = trunk.predict(canvas[5:].astype(np.float32), verbose=0)
    held_out = read_folds(tmp_path, {"last_layer": said}).logits(pooled, manifest.image_id[5:])
    served = network.predict(canvas.astype(np.float32), verbose=0)
    labels = np.array([codes.index(code) for code in manifest.label[5:]])
    own, out_of_fold, untouched = (
        -log_softmax(found, axis=1)[np.arange(35), labels].mean() for found in (served[5:], held_out, before[5:])
    )
    assert own < untouched and own < out_of_fold
    with_sex = keras.Model({"photo": photo, "metadata": keras.Input((2,))}, network.output)
    with pytest.raises(RecipeError, match="photo alone"):
        learn_last_layer(recipe, with_sex, canvas, manifest, tmp_path, 0.0)
