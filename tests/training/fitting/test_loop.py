"""The loop learns, resumes to the same result, and never loses the last good checkpoint."""

import dataclasses
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from training.data.label_sets import CODES
from training.fitting import loop as fitting
from training.networks.architectures import ARCHITECTURES
from training.recipe import Recipe, RecipeError, load_recipe
from training.synthetic.lesions import render_lesion
from training.train import training_shares

RECIPE = Recipe(
    name="tiny", datasets=("synthetic",), architecture="tiny", weights="none", size=32, epochs=3, batch=8,
    rate=3e-3, dropout=0.2, workers=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, pd.DataFrame]:
    random = np.random.default_rng(0)
    labels = [code for code in CODES for _ in range(8)]
    canvas = np.stack([render_lesion(code, random, 64) for code in labels])
    manifest = pd.DataFrame({"label": labels, "dataset": "synthetic", "canvas_row": np.arange(len(labels))})
    return canvas, manifest.assign(split=np.where(np.arange(len(labels)) % 4 == 0, "validation", "train"))


def furthest(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def test_an_interrupted_run_resumes_to_the_same_weights(images, tmp_path, monkeypatch):
    straight, broken, forgetful = (tmp_path / name for name in ("straight", "broken", "forgetful"))
    straight.mkdir(), broken.mkdir()
    expected = fitting.fit(RECIPE, *images, straight, verbose=0).get_weights()
    real = fitting.save_checkpoint

    def save_then_die(path, network, epoch, learner):
        real(path, network, epoch, learner)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        fitting.fit(RECIPE, *images, broken, verbose=0)
    monkeypatch.setattr(fitting, "save_checkpoint", real)
    shutil.copytree(broken, forgetful)
    resumed = fitting.fit(RECIPE, *images, broken, verbose=0).get_weights()
    load = fitting.load_checkpoint

    def load_without_state(path, network, learner):
        epoch = load(path, network, learner)
        for variable in learner.optimizer.variables:
            variable.assign(np.zeros(variable.shape))
        return epoch

    monkeypatch.setattr(fitting, "load_checkpoint", load_without_state)
    wrong = fitting.fit(RECIPE, *images, forgetful, verbose=0).get_weights()
    # Equal to the bit here; other processors may add floats in another order. A resumed run that lost the
    # optimizer's state ends far from there.
    assert furthest(expected, resumed) < 1e-4 < furthest(expected, wrong) / 10
    log = pd.read_csv(straight / "history.csv")
    assert log.epoch.tolist() == [1, 2, 3]
    assert log.loss.iloc[-1] < log.loss.iloc[0]


def test_blending_gives_the_mean_of_two_stages(images, tmp_path):
    earlier = fitting.build(RECIPE)
    earlier.save(tmp_path / "earlier.keras")
    network = fitting.logits_model(fitting.build(RECIPE))
    before = network.get_weights()
    fitting.blend_with(tmp_path / "earlier.keras", network, 0.75)
    for mixed, new, old in zip(network.get_weights(), before, earlier.get_weights(), strict=True):
        np.testing.assert_allclose(mixed, 0.75 * new + 0.25 * old, atol=1e-6)
    assert not all(np.allclose(a, b) for a, b in zip(before, earlier.get_weights(), strict=True))


def test_taking_off_the_prior_shifts_each_logit_by_its_log_share(images):
    network = fitting.logits_model(fitting.build(RECIPE))
    photo = np.full((1, *network.input_shape[1:]), 120, np.float32)
    before = np.asarray(network.predict_on_batch(photo))
    shares = np.array([0.5, 0.3, 0.1, 0.04, 0.03, 0.02, 0.01])
    fitting.take_off_prior(network, shares, 0.2)
    after = np.asarray(network.predict_on_batch(photo))
    np.testing.assert_allclose(after - before, -0.2 * np.log(shares)[None], atol=1e-5)


def test_shares_are_of_the_first_sets_training_images_and_none_is_zero():
    rows = pd.DataFrame({"label": [*CODES, "nv", "nv", "mel"], "split": "train", "dataset": "ham10000"})
    rows.loc[len(rows)] = ["df", "validation", "ham10000"]
    rows.loc[len(rows)] = ["df", "train", "milk10k"]
    recipe = Recipe(name="two", datasets=("ham10000", "milk10k"))
    shares = training_shares(recipe, rows)
    assert dict(zip(CODES, (shares * 10).round(6), strict=True)) == dict.fromkeys(CODES, 1) | {"nv": 3, "mel": 2}
    with pytest.raises(RecipeError, match="no training image"):
        training_shares(recipe, rows[rows.label != "df"])


def test_a_full_disk_leaves_the_previous_checkpoint(images, tmp_path, monkeypatch):
    network = fitting.logits_model(fitting.build(RECIPE))
    network.compile(fitting.make_optimizer(RECIPE, 10), "mse")
    network.optimizer.build(network.trainable_variables)
    path = tmp_path / fitting.CHECKPOINT
    fitting.save_checkpoint(path, network, 4)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        fitting.save_checkpoint(path, network, 5)
    assert path.read_bytes() == before
    assert fitting.load_checkpoint(path, network) == 4


def test_the_packed_network_is_flat_float32_and_gives_the_trained_logits(images):
    recipe = dataclasses.replace(RECIPE, precision="mixed_bfloat16")
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    network = fitting.logits_model(fitting.build(recipe))
    model = fitting.weights_in_float32(recipe, network)
    assert keras.mixed_precision.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    for trained, packed in zip(network.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(trained, packed)
    probabilities = model.predict_on_batch(images[0][:4, ::2, ::2].astype(np.float32))
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["mobilenetv2", "resnet50v2_conv4"])
def test_normalisation_pooling_and_logits_are_layers_of_the_network(name):
    model = ARCHITECTURES[name](64, 7, "none")
    names = [layer.name for layer in model.layers]
    assert names[:2] == ["photo", "normalise"]
    assert names[-1] == "probabilities" and names[-2] == "logits" and "pool" in names


def test_a_misspelt_option_lists_the_known_ones():
    with pytest.raises(RecipeError, match="epochs"):
        load_recipe("mobilenetv2_bundle").with_options(["epoch=3"])
    changed = load_recipe("mobilenetv2_bundle").with_options(["epochs=3", "views=identity", "weights=a.h5"])
    assert (changed.epochs, changed.views, changed.weights) == (3, ("identity",), "a.h5")


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(RecipeError, match="mobilenetv2_bundle"):
        load_recipe("mobilenet")
