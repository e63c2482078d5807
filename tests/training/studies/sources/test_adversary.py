"""A head that tells the image set: the trunk learns against it, the head itself does not."""

import keras
import numpy as np

from training.data.balancing import none
from training.data.batches import TrainingBatches
from training.studies.sources.adversary import ReversedGradient, SourceBatches, both_losses, with_source_head


def one_step(strength: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Return what one step of plain descent changes in the layer before and after the reversal."""
    keras.utils.set_random_seed(0)
    values = keras.Input((4,))
    hidden = keras.layers.Dense(3, name="before")(values)
    told = hidden if strength is None else ReversedGradient(strength)(hidden)
    model = keras.Model(values, keras.layers.Dense(2, name="after")(told))
    before = [model.get_layer(name).get_weights()[0] for name in ("before", "after")]
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    random = np.random.default_rng(0)
    model.train_on_batch(random.normal(size=(8, 4)), random.normal(size=(8, 2)))
    after = [model.get_layer(name).get_weights()[0] for name in ("before", "after")]
    return after[0] - before[0], after[1] - before[1]


def test_the_gradient_comes_back_with_its_sign_changed():
    plain, reversed_ = one_step(None), one_step(0.5)
    np.testing.assert_allclose(reversed_[0], -0.5 * plain[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(reversed_[1], plain[1], rtol=1e-4, atol=1e-7)
    values = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ReversedGradient(0.5)(values)), values, rtol=1e-6)


def test_batches_name_the_set_of_each_photo_beside_its_class():
    canvas = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8)
    labels, sources = np.arange(10) % 2, np.arange(10) % 3
    plain = TrainingBatches(canvas, np.arange(10), labels, none(labels, 2), classes=2, size=16, batch=4, amount=None)
    drawn = SourceBatches(plain, sources, 3)
    assert len(drawn) == len(plain) == 3
    plain.start_epoch(1)
    for index in range(3):
        views, targets, weights = drawn[index]
        shown = views[:, 0, 0, 0].astype(int)
        np.testing.assert_array_equal(targets.argmax(axis=1), labels[shown])
        np.testing.assert_array_equal(targets[:, 2:].argmax(axis=1), sources[shown])
        assert targets.shape == (len(shown), 5) and (targets.sum(axis=1) == 2).all() and len(weights) == len(shown)


def test_the_loss_is_that_of_the_class_and_of_the_set():
    photo = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Conv2D(4, 3)(photo))
    network = keras.Model(photo, keras.layers.Dense(2, name="logits")(pooled))
    both = with_source_head(network, 3, 0.1)
    photos = np.random.default_rng(0).normal(size=(5, 8, 8, 3)).astype(np.float32)
    given = both.predict_on_batch(photos)
    np.testing.assert_allclose(given[:, :2], network.predict_on_batch(photos), rtol=1e-5)
    true = np.concatenate([np.eye(2)[[0, 1, 0, 1, 1]], np.eye(3)[[0, 1, 2, 0, 1]]], axis=1).astype(np.float32)
    entropy = keras.losses.CategoricalCrossentropy(from_logits=True)
    found = float(both_losses(entropy, 2)(true, given))
    parts = float(entropy(true[:, :2], given[:, :2])) + float(entropy(true[:, 2:], given[:, 2:]))
    np.testing.assert_allclose(found, parts, rtol=1e-5)
