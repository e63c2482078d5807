"""Two networks of one origin as one: the mean of their weights, with the contrast of their maps kept."""

import keras
import numpy as np
import pytest

from training.networks.merging import merge
from training.recipe import RecipeError

SIZE, CLASSES = 32, 3


def network(seed: int, normalised: bool = True) -> keras.Model:
    keras.utils.set_random_seed(seed)
    photo = keras.Input((SIZE, SIZE, 3))
    maps = keras.layers.Rescaling(1 / 127.5, -1)(photo)
    for number, filters in enumerate((8, 12)):
        maps = keras.layers.Conv2D(filters, 3, strides=2, use_bias=False, name=f"conv_{number}")(maps)
        if normalised:
            maps = keras.layers.BatchNormalization(name=f"norm_{number}")(maps)
        maps = keras.layers.ReLU()(maps)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    return keras.Model(photo, keras.layers.Dense(CLASSES, name="logits")(pooled))


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    random = np.random.default_rng(3)
    plain = random.uniform(0, 255, (256, 4, 4, 3)).astype(np.float32)
    return np.kron(plain, np.ones((1, SIZE // 4, SIZE // 4, 1), np.float32))


@pytest.fixture(scope="module")
def two(photos) -> tuple[keras.Model, keras.Model]:
    """Two networks whose normalisation has the statistics of the photos and scales and shifts of its own."""
    pair = network(1), network(2)
    for seed, one in enumerate(pair):
        random = np.random.default_rng(seed)
        for layer in one.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                values = keras.Model(one.input, layer.input).predict(photos, verbose=0)
                count = values.shape[-1]
                scale, shift = random.uniform(0.5, 2, count), random.normal(0.5, 1, count)
                layer.set_weights([scale, shift, values.mean((0, 1, 2)), values.var((0, 1, 2))])
    return pair


def after_normalisation(model: keras.Model, number: int, photos: np.ndarray) -> np.ndarray:
    return keras.Model(model.input, model.get_layer(f"norm_{number}").output).predict(photos, verbose=0)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_of_one_network_answers_as_that_network(share, two, photos):
    merged = merge(*two, share, photos)
    wanted, seen = (one.predict(photos, verbose=0) for one in (two[int(share)], merged))
    other = two[1 - int(share)].predict(photos, verbose=0)
    assert np.abs(seen - wanted).max() < 0.05 * wanted.std()
    assert np.abs(other - wanted).max() > wanted.std()


def test_the_maps_have_the_mean_contrast_of_both_networks(two, photos):
    merged = merge(*two, 0.3, photos)
    for number in range(2):
        moments = [
            (values.mean((0, 1, 2)), values.std((0, 1, 2)))
            for values in (after_normalisation(one, number, photos) for one in (*two, merged))
        ]
        for first, second, seen in zip(*moments, strict=True):
            np.testing.assert_allclose(seen, 0.7 * first + 0.3 * second, rtol=0.03, atol=0.03)
    means = [0.7 * a + 0.3 * b for a, b in zip(two[0].get_weights(), two[1].get_weights(), strict=True)]
    plain = keras.models.clone_model(two[0])
    plain.set_weights(means)
    assert after_normalisation(plain, 1, photos).std() < 0.9 * after_normalisation(merged, 1, photos).std()


def test_the_last_layer_is_the_mean_of_both(two, photos):
    merged = merge(*two, 0.25, photos)
    layers = [model.get_layer("logits").get_weights() for model in (*two, merged)]
    for first, second, seen in zip(*layers, strict=True):
        np.testing.assert_allclose(seen, 0.75 * first + 0.25 * second, rtol=1e-5)


def test_both_networks_are_left_as_they_are(two, photos):
    before = [weights.copy() for one in two for weights in one.get_weights()]
    merge(*two, 0.5, photos)
    for was, now in zip(before, [weights for one in two for weights in one.get_weights()], strict=True):
        np.testing.assert_array_equal(was, now)


def test_other_networks_are_refused(two, photos):
    other = keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Conv2D(4, 3)])
    with pytest.raises(RecipeError, match="same architecture"):
        merge(two[0], other, 0.5, photos)
    with pytest.raises(RecipeError, match="follows each convolution"):
        merge(network(1, normalised=False), network(2, normalised=False), 0.5, photos)
