"""A packed network has its normalisation in its kernels, and answers as it did."""

import keras
import numpy as np
import pytest

from training.networks.architectures import build_network
from training.networks.batch_norm import fold_batch_norm
from training.recipe import Recipe


def settled(network: keras.Model) -> keras.Model:
    """Give every batch normalisation weights as training would: none of them 0 or 1."""
    random = np.random.default_rng(5)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            *affine, mean, variance = layer.get_weights()
            affine = [random.uniform(0.5, 1.5, weight.shape) for weight in affine]
            layer.set_weights([*affine, random.normal(0, 0.3, mean.shape), random.uniform(0.5, 2, variance.shape)])
    return network


def normalisations(network: keras.Model) -> list[str]:
    return [layer.name for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]


def same_answers(one: keras.Model, other: keras.Model, size: int) -> None:
    photos = np.random.default_rng(6).uniform(0, 255, (3, size, size, one.input_shape[-1])).astype(np.float32)
    expected = np.asarray(one(photos, training=False))
    np.testing.assert_allclose(np.asarray(other(photos, training=False)), expected, atol=1e-4 * np.abs(expected).max())
    assert expected.std(axis=0).max() > 1e-6  # photos are told apart, so agreement says something


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}])
@pytest.mark.parametrize("bias", [False, True])
def test_plain_and_depthwise_kernels_take_in_scale_and_shift(options, bias):
    keras.utils.set_random_seed(4)
    photo = keras.Input((12, 12, 4))
    values = keras.layers.Conv2D(6, 3, use_bias=bias, bias_initializer="random_normal")(photo)
    values = keras.layers.Activation("relu")(keras.layers.BatchNormalization(**options)(values))
    values = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=bias, bias_initializer="ones")(values)
    values = keras.layers.BatchNormalization(**options)(values)
    network = settled(keras.Model(photo, values))
    made = fold_batch_norm(network)
    assert normalisations(network) and not normalisations(made)
    same_answers(network, made, 12)


def test_normalisation_that_a_kernel_cannot_do_stays():
    keras.utils.set_random_seed(4)
    photo = keras.Input((12, 12, 4))
    first = keras.layers.BatchNormalization(name="of_the_photo")(photo)
    bent = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(first)
    bent = keras.layers.BatchNormalization(name="after_a_bend")(bent)
    shared = keras.layers.Conv2D(4, 3, padding="same")(bent)
    normal = keras.layers.BatchNormalization(name="of_what_is_needed_plain")(shared)
    sums = keras.layers.Add()([shared, normal])
    plain = keras.layers.Conv2D(4, 3)(sums)
    done = keras.layers.BatchNormalization(name="taken_in")(plain)
    network = settled(keras.Model(photo, done))
    made = fold_batch_norm(network)
    assert normalisations(made) == ["of_the_photo", "after_a_bend", "of_what_is_needed_plain"]
    same_answers(network, made, 12)


def test_a_network_keeps_its_answers_and_the_layers_that_the_card_names():
    keras.utils.set_random_seed(4)
    network = settled(build_network(Recipe("one", architecture="resnet50v2_conv4", weights="none", size=64), 7))
    made = fold_batch_norm(network)
    left = normalisations(made)
    assert left and all("preact" in name or name == "post_bn" for name in left)  # those of ResNet stand before
    assert made.count_params() < network.count_params()
    assert made.get_layer("pool").input.shape == network.get_layer("pool").input.shape
    logits = [keras.Model(each.input, each.get_layer("logits").output) for each in (network, made)]
    same_answers(*logits, 64)
