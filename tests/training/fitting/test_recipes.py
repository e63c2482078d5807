"""Every recipe builds, each of its phases takes a step and changes only what it may; phases resume like epochs."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from training.data.label_sets import CODES, LABEL_SETS
from training.data.metadata import COLUMNS
from training.fitting import loop as fitting
from training.fitting.losses import LOSSES
from training.fitting.phases import best_row, freeze_until, is_over, make_optimizer, part_after
from training.judging.predictions import predictions
from training.networks.architectures import logits_model
from training.networks.pretrained import copy_matching
from training.recipe import Phase, Recipe, RecipeError, load_recipe, recipe_names
from training.synthetic.lesions import render_lesion

TINY = Recipe(
    name="tiny", datasets=("synthetic",), architecture="cnn", weights="none", size=32, epochs=4, batch=8,
    architecture_options={"filters": [8, 16], "dense": [16]}, rate=3e-3, dropout=0.2, augmentation="plain", workers=1,
    phases=(Phase("head", share=1, cached="pool"), Phase("everything", share=1, rate=0.5, freeze_until="conv_2")),
)  # fmt: skip


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, pd.DataFrame]:
    random = np.random.default_rng(0)
    labels = [code for code in CODES for _ in range(6)]
    canvas = np.stack([render_lesion(code, random, 64) for code in labels])
    manifest = pd.DataFrame({"label": labels, "source_label": labels, "dataset": "synthetic"})
    manifest = manifest.assign(canvas_row=np.arange(len(labels)), image_id=manifest.index.astype(str))
    manifest = manifest.assign(age=50.0, sex="male", site="back", confirmation="histo", lesion_id=manifest.image_id)
    return canvas, manifest.assign(split=np.where(np.arange(len(labels)) % 3 == 0, "validation", "train"))


def small(recipe: Recipe) -> Recipe:
    """The same recipe at the smallest size its trunk takes."""
    size = {"inceptionv3": 80, "side_by_side": 80, "dense": 16}.get(recipe.architecture, 32)
    return dataclasses.replace(recipe, size=size, serve_size=0, weights="none", batch=2)


def steps_apart() -> dict[str, Recipe]:
    """One recipe of each network, plan and update rule; those that differ in their photos alone take the same step."""
    apart = {}
    for recipe in map(load_recipe, recipe_names()):
        plan = [(phase.cached, phase.freeze_until) for phase in recipe.planned]
        network = recipe.architecture, recipe.architecture_options, recipe.label_set
        apart.setdefault(repr((network, plan, recipe.loss, recipe.optimizer)), recipe)
    return {recipe.name: recipe for recipe in apart.values()}


def step(network: keras.Model, learner: keras.Model, recipe: Recipe, phase: Phase) -> None:
    """Take one training step on noise."""
    classes = len(LABEL_SETS[recipe.label_set].codes)
    random = np.random.default_rng(0)
    wanted = learner.input["photo"] if isinstance(learner.input, dict) else learner.input
    values = random.normal(size=(2, *wanted.shape[1:])).astype(np.float32)
    if isinstance(learner.input, dict):
        values = {"photo": values, "metadata": random.normal(size=(2, len(COLUMNS))).astype(np.float32)}
    loss = LOSSES[recipe.loss](**recipe.loss_options)
    learner.compile(make_optimizer(recipe, 2, phase.rate), loss, run_eagerly=True)
    learner.train_on_batch(values, np.eye(classes, dtype=np.float32)[[0, 1]])


@pytest.mark.parametrize("recipe", steps_apart().values(), ids=steps_apart())
def test_every_phase_of_every_recipe_takes_a_step_and_leaves_frozen_layers_alone(recipe):
    keras.utils.set_random_seed(0)
    recipe = small(recipe)
    network = logits_model(fitting.build(recipe))
    may_learn = [layer.trainable for layer in network.layers]
    phase = recipe.planned[-1]
    for earlier in recipe.planned[:-1]:  # their layers exist; the step of the last phase is the expensive one
        freeze_until(network, earlier.freeze_until, may_learn)
        if earlier.cached:
            assert part_after(network, earlier.cached).trainable_variables
    freeze_until(network, phase.freeze_until, may_learn)
    learner = part_after(network, phase.cached) if phase.cached else network
    before = {layer.name: layer.get_weights() for layer in network.layers}
    step(network, learner, recipe, phase)
    inside = {layer.name for layer in learner.layers}
    first = [layer.name for layer in network.layers].index(phase.freeze_until) if phase.freeze_until else 0
    for place, layer in enumerate(network.layers):
        if place < first or layer.name not in inside:
            assert all(np.array_equal(a, b) for a, b in zip(before[layer.name], layer.get_weights(), strict=True))
    kernel = network.get_layer("logits").get_weights()[0]
    assert not np.array_equal(before["logits"][0], kernel) and np.isfinite(kernel).all()


def test_phases_share_the_epochs():
    recipe = load_recipe("resnet50_smote")
    assert sum(phase.epochs for phase in recipe.planned) == recipe.epochs
    longer = recipe.with_options([f"epochs={10 * recipe.epochs}"])
    assert [phase.epochs for phase in longer.planned] == [10 * phase.epochs for phase in recipe.planned]
    assert Recipe(**json.loads(json.dumps(dataclasses.asdict(recipe)))) is not None


PATIENT = dataclasses.replace(TINY, patience=3)


@pytest.fixture(scope="module")
def straight(images, tmp_path_factory) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Weights and log of a run in phases that nothing stopped."""
    run = tmp_path_factory.mktemp("straight")
    return fitting.fit(PATIENT, *images, run, verbose=0).get_weights(), pd.read_csv(run / "history.csv")


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_run_in_phases_resumes_to_the_same_weights_wherever_it_stopped(images, straight, tmp_path, monkeypatch, stop):
    expected, log = straight
    real = fitting.save_checkpoint

    def save_then_die(path, network, epoch, learner):
        real(path, network, epoch, learner)
        if epoch == stop:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "save_checkpoint", save_then_die)
        with pytest.raises(KeyboardInterrupt):
            fitting.fit(PATIENT, *images, tmp_path, verbose=0)
    resumed = fitting.fit(PATIENT, *images, tmp_path, verbose=0).get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(expected, resumed, strict=True)) < 1e-5
    logs = [table.drop(columns="seconds") for table in (log, pd.read_csv(tmp_path / "history.csv"))]
    pd.testing.assert_frame_equal(*logs, atol=1e-4)
    assert logs[0].phase.tolist() == ["head", "head", "everything", "everything"]


def test_kept_features_give_the_same_head_as_features_computed_anew(images, tmp_path):
    canvas, manifest = images
    manifest = manifest.assign(sha256=[f"{row:064x}" for row in range(len(manifest))])
    recipe = dataclasses.replace(TINY, phases=TINY.phases[:1], epochs=2)
    results = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        results.append(fitting.fit(recipe, canvas, manifest, tmp_path / run, verbose=0, cache=tmp_path / "kept"))
    assert len(list((tmp_path / "kept").glob("*.npy"))) == 2  # training and validation, found again by the second
    for first, second in zip(*(network.get_weights() for network in results), strict=True):
        assert np.array_equal(first, second)
    shutil.rmtree(tmp_path / "kept")


def test_patience_ends_a_phase_and_its_best_epoch_is_kept():
    recipe = dataclasses.replace(TINY, patience=2)
    phase = Phase("all", epochs=10)
    rows = [{"validation_balanced_accuracy": score} for score in (0.3, 0.5, 0.4, 0.5)]
    assert best_row(rows, recipe) == 1
    assert not is_over(rows[:3], recipe, phase) and is_over(rows, recipe, phase)
    assert not is_over(rows, dataclasses.replace(recipe, patience=0), phase)


def test_the_best_epoch_is_what_a_run_returns(images, tmp_path, monkeypatch):
    recipe = dataclasses.replace(TINY, phases=(), patience=1, epochs=3)
    seen = []

    def worse_and_worse(self, network):
        seen.append(network.get_weights())
        return {"validation_balanced_accuracy": 1 / len(seen)}

    monkeypatch.setattr(fitting.HeldOut, "row", worse_and_worse)
    weights = fitting.fit(recipe, *images, tmp_path, verbose=0).get_weights()
    assert len(seen) == 2  # patience 1: the second epoch was no better, so there was no third
    assert all(np.array_equal(a, b) for a, b in zip(weights, seen[0], strict=True))


def test_a_missing_layer_or_option_says_what_is_known():
    network = logits_model(fitting.build(TINY))
    with pytest.raises(RecipeError, match="no layer 'nowhere'"):
        freeze_until(network, "nowhere")
    with pytest.raises(RecipeError, match="no layer 'nowhere'"):
        part_after(network, "nowhere")
    with pytest.raises(RecipeError, match="kernel_size"):
        fitting.build(dataclasses.replace(TINY, architecture_options={"kernel": 5}))


def test_an_earlier_stage_of_another_network_gives_the_layers_that_fit():
    first = fitting.build(TINY)
    wider = dataclasses.replace(TINY, architecture_options={"filters": [8, 16], "dense": [32]})
    network = logits_model(fitting.build(wider))
    before = network.get_layer("dense_1").get_weights()[0]
    copy_matching(first, network)
    assert np.array_equal(network.get_layer("conv_2").get_weights()[0], first.get_layer("conv_2").get_weights()[0])
    assert np.array_equal(network.get_layer("dense_1").get_weights()[0], before)


@pytest.mark.parametrize("label_set", ["two", "three", "eight"])
def test_predictions_hold_a_column_for_each_class_and_both_labels(images, label_set):
    canvas, manifest = images
    recipe = dataclasses.replace(TINY, label_set=label_set, views=("identity",))
    table = predictions(recipe, logits_model(fitting.build(recipe)), canvas, manifest)
    codes = LABEL_SETS[label_set].codes
    assert table[[f"p_{code}" for code in codes]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert table.label.tolist() == manifest.label.tolist()
    assert set(table.target) <= set(codes)


def test_every_recipe_of_an_earlier_system_has_a_family_and_no_other_has():
    recipes = [load_recipe(name) for name in recipe_names()]
    assert {recipe.name for recipe in recipes if recipe.family} == {
        recipe.name for recipe in recipes if recipe.ancestor
    }
