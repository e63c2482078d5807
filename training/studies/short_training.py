"""Whole networks that two processor cores train in minutes, all alike but for what a study changes."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from training.data.provenance import file_sha256
from training.fitting.kept_arrays import kept_array
from training.recipe import Recipe, load_recipe
from training.studies.frozen_features import fingerprint

if TYPE_CHECKING:
    import keras

    from training.data.batches import TrainingBatches

RECIPE = "mobilenetv2_wide"
STARTS = "a MobileNetV2 that starts from ImageNet"
SHORT: dict[str, Any] = {  # for two processor cores
    "size": 128,  # BCN20000 is 84 px wide here
    "batch": 32,
    "rate": 4e-4,
    "epochs": 4,
    "epoch_images": 8000,
    "freeze_until": "block_3_expand",  # edges and colours need no learning on photos of skin
    "precision": "mixed_bfloat16",
}
# What learns, from which batches and with which loss.
Learning = tuple["keras.Model", "keras.utils.PyDataset", "keras.losses.Loss"]
Change = Callable[["keras.Model", "TrainingBatches", "keras.losses.Loss"], Learning]


def short_recipe(weights: str) -> Recipe:
    """Return the recipe that all networks of a study share."""
    return replace(load_recipe(RECIPE), weights=weights, validation_images=0, **SHORT)


def described(recipe: Recipe) -> str:
    """Return what learns, for readers."""
    return f"{STARTS} and learns from {recipe.epochs * recipe.epoch_images:,} draws at {recipe.size} px"


def trained(
    recipe: Recipe, canvas, train: pd.DataFrame, seen: np.ndarray, change: Change | None = None
) -> np.ndarray:  # fmt: skip
    """Train a network and return what it says to images.

    Parameters
    ----------
    recipe : Recipe
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    train : DataFrame
        dataset, label, canvas_row, split of the training images.
    seen : ndarray of int, shape (k,)
        Rows of the canvas to answer.
    change : callable, optional
        Network, batches and loss -> those that learn in their place.

    Returns
    -------
    ndarray, float32, shape (k, classes + channels)
        Logits, then pooled features.
    """
    import keras

    from training.data.batches import plain_views
    from training.fitting.loop import build
    from training.fitting.losses import LOSSES
    from training.fitting.phases import freeze_until, make_optimizer
    from training.fitting.task import make_task
    from training.fitting.validation import predict_logits
    from training.networks.architectures import logits_model
    from training.networks.pytorch import use_fused_kernels

    use_fused_kernels()
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(recipe.precision)
    network = logits_model(build(recipe))
    freeze_until(network, recipe.freeze_until)
    batches = make_task(recipe, canvas, train, False, None).images(network)
    learner, drawn, loss = network, batches, LOSSES[recipe.loss](**recipe.loss_options)
    if change is not None:
        learner, drawn, loss = change(network, batches, loss)
    learner.compile(make_optimizer(recipe, recipe.epochs * len(batches)), loss)
    for epoch in range(recipe.epochs):
        batches.start_epoch(epoch)
        told = learner.fit(drawn, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=0)
        print(f"  epoch {epoch + 1}: loss {told.history['loss'][-1]:.4f}", flush=True)
    both = keras.Model(network.input, keras.layers.Concatenate(dtype="float32")(
        [network.output, network.get_layer("pool").output]))  # fmt: skip
    answers = predict_logits(both, plain_views(canvas, seen, recipe.size), ("identity",))
    keras.mixed_precision.set_global_policy("float32")
    return answers


class KeptAnswers:
    """Answers of networks, each kept in a folder, so that an interrupted command goes on.

    Parameters
    ----------
    work : Path
        Folder with manifest.csv and canvas.npy.
    weights : str
        What the networks start from.
    seen : ndarray of int, shape (k,)
        Rows of the canvas to answer.
    cache : Path
    """

    def __init__(self, work: Path, weights: str, seen: np.ndarray, cache: Path):
        self.origin = (fingerprint(weights), file_sha256(work / "manifest.csv"), seen)
        self.cache = cache

    def of(
        self, recipe: Recipe, train: pd.DataFrame, changed: Sequence[object], compute: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """Return what `trained` returns; ``changed`` is all that tells this network from others of its recipe."""
        options = sorted((dataclasses.asdict(recipe) | {"weights": ""}).items())
        first, *others = changed
        return kept_array(self.cache, (*self.origin, options, first, train.canvas_row.to_numpy(), *others), compute)
