"""A network that learns from others: its targets, and how often it sees which set."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

from training.data.augment import LEVELS
from training.data.balancing import Balance
from training.data.batches import TrainingBatches, weighted_draws
from training.fitting.teachers import taught_by

SIZE, CLASSES = 32, 3


def teacher(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    photo = keras.Input((SIZE, SIZE, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Rescaling(1 / 64)(photo))
    logits = keras.layers.Dense(CLASSES, name="logits")(pooled)
    return keras.Model(photo, keras.layers.Softmax()(logits))


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{seed}.keras" for seed in range(2)]
    for seed, path in enumerate(paths):
        teacher(seed).save(path)
    return paths


def batches(taught) -> TrainingBatches:
    canvas = np.random.default_rng(0).integers(0, 255, (8, 48, 48, 3), np.uint8)
    labels = np.arange(8) % CLASSES
    return TrainingBatches(canvas, np.arange(8), labels, Balance(np.ones(8), np.ones(CLASSES)), classes=CLASSES,
                           size=SIZE, batch=4, amount=LEVELS["standard"], taught=taught)  # fmt: skip


def test_targets_are_the_teachers_mean_answer_to_the_students_own_view(files):
    views, plain, weights = batches(None)[0]
    seen, targets, seen_weights = batches(taught_by(files, 0.7))[0]
    np.testing.assert_array_equal(seen, views)
    np.testing.assert_array_equal(seen_weights, weights)
    answers = [keras.models.load_model(path, compile=False) for path in files]
    logits = [np.asarray(keras.Model(one.input, one.get_layer("logits").output)(views)) for one in answers]
    wanted = 0.7 * softmax(np.mean(logits, axis=0), axis=1) + 0.3 * plain
    np.testing.assert_allclose(targets, wanted, atol=1e-5)
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-5)
    assert np.abs(targets - plain).max() > 0.1


def test_without_teachers_labels_stay(files):
    assert taught_by([], 0.7) is None


def test_draws_by_set_keep_the_length_of_an_epoch():
    balance = Balance(np.array([1.0, 2.0, 1.0, 4.0]), np.ones(2))
    drawn = weighted_draws(balance, np.array([1.0, 1.0, 0.5, 0.5])).draws
    assert drawn.sum() == pytest.approx(8)
    np.testing.assert_allclose(drawn / drawn[0], [1, 2, 0.5, 2])
    np.testing.assert_array_equal(balance.draws, [1, 2, 1, 4])
