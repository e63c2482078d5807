"""Folded normalisation gets its statistics back: the same answers, and now also with those of a training batch."""

import keras
import numpy as np
import pytest

from training.networks.batch_norm import unfold_batch_norm


@pytest.fixture
def folded() -> keras.Model:
    """Two convolutions whose normalisation only adds a bias, as it is where it was folded into the kernel."""
    keras.utils.set_random_seed(1)
    photo = keras.Input((8, 8, 3))
    values = photo
    for width in (6, 5):
        values = keras.layers.Conv2D(width, 3, use_bias=False)(values)
        values = keras.layers.BatchNormalization(epsilon=1e-3)(values)
        values = keras.layers.Activation("relu")(values)
    network = keras.Model(photo, values)
    random = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            width = layer.gamma.shape[0]
            layer.set_weights([np.ones(width), random.normal(size=width), np.zeros(width), np.full(width, 0.999)])
    return network


def batches(count: int) -> list[tuple[np.ndarray]]:
    random = np.random.default_rng(2)
    return [(random.uniform(0, 255, (16, 8, 8, 3)).astype(np.float32),) for _ in range(count)]


def test_answers_stay_and_statistics_are_those_of_the_photos(folded):
    photos = batches(3)
    before = np.asarray(folded(photos[0][0]))
    weights = folded.get_weights()
    destroyed = np.asarray(folded(photos[0][0], training=True))
    folded.set_weights(weights)  # training moved the statistics
    assert np.abs(destroyed - before).max() > 0.5 * before.std()
    unfold_batch_norm(folded, photos, 3)
    np.testing.assert_allclose(np.asarray(folded(photos[0][0])), before, rtol=1e-3, atol=1e-3 * before.std())
    learning = np.asarray(folded(np.concatenate([batch for (batch,) in photos]), training=True))[:16]
    np.testing.assert_allclose(learning, before, atol=0.01 * before.std())


def test_no_more_batches_are_taken_than_asked_for(folded):
    class Counted(list):
        taken = 0

        def __getitem__(self, index):
            Counted.taken += 1
            return super().__getitem__(index)

    unfold_batch_norm(folded, Counted(batches(3)), 2)
    assert Counted.taken == 2
