"""A recipe's images: what is drawn in training, and what is looked at between epochs."""

import copy
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from training.data.augment import LEVELS
from training.data.balancing import balanced
from training.data.batches import (
    DrawnImages,
    FeatureBatches,
    TrainingBatches,
    coarse_canvas,
    fewer_draws,
    label_indices,
    plain_views,
    weighted_draws,
)
from training.data.label_sets import LABEL_SETS, labels_in
from training.data.metadata import metadata_columns
from training.data.smote import pixel_features
from training.data.splits import TRAIN, VALIDATION
from training.fitting.features import features
from training.fitting.validation import HeldOut
from training.recipe import Recipe


def takes_metadata(network: keras.Model) -> bool:
    """Say whether a network takes age, sex and site with the photo."""
    return isinstance(network.input, dict)


def _pixel_names(recipe: Recipe, rows: pd.DataFrame) -> list[str] | None:
    """Return what identifies each row's pixels, or None where the manifest holds no checksums."""
    if "sha256" not in rows:
        return None
    return [f"{checksum}{' outlined' if recipe.masks else ''}" for checksum in rows.sha256]


@dataclass
class Task:
    """A recipe's images: what is drawn in training, what is looked at between epochs, and where features are kept."""

    recipe: Recipe
    canvas: np.ndarray
    train: pd.DataFrame
    held_out: pd.DataFrame
    metadata: bool
    cache: Path | None

    def images(self, network: keras.Model) -> TrainingBatches:
        """Return batches of augmented photos."""
        recipe, rows = self.recipe, self.train.canvas_row.to_numpy()
        codes = LABEL_SETS[recipe.label_set].codes
        labels = label_indices(labels_in(self.train, recipe.label_set), codes)
        balance = balanced(
            recipe.balancing, labels, len(codes), recipe.balancing_options, recipe.seed,
            lambda: self._neighbourhood(network),
        )  # fmt: skip
        if recipe.source_weights:
            often = self.train.dataset.map(lambda name: recipe.source_weights.get(name, 1.0)).to_numpy(float)
            balance = weighted_draws(balance, often)
        canvas = coarse_canvas(self.canvas, rows, max(2 * recipe.size, 128))
        return TrainingBatches(
            canvas, rows, labels, fewer_draws(balance, recipe.epoch_images),
            classes=len(codes), size=recipe.size, batch=recipe.batch, amount=LEVELS[recipe.augmentation],
            mixup=recipe.mixup, seed=recipe.seed, workers=recipe.workers,
            metadata=metadata_columns(self.train) if self.metadata else None,
        )  # fmt: skip

    def _neighbourhood(self, network: keras.Model) -> np.ndarray:
        """Return what SMOTE looks for neighbours in: the untrained network's embedding, or pixels."""
        rows = self.train.canvas_row.to_numpy()
        if self.recipe.balancing == "smote_embedding":
            names = _pixel_names(self.recipe, self.train)
            return features(network, "pool", self.canvas, rows, names, self.cache).astype(np.float32)
        return pixel_features(self.canvas, rows)

    def judged(self) -> HeldOut:
        """Return the validation photos."""
        rows, recipe = self.held_out, self.recipe
        return HeldOut(
            plain_views(self.canvas, rows.canvas_row.to_numpy(), recipe.size),
            label_indices(labels_in(rows, recipe.label_set), LABEL_SETS[recipe.label_set].codes),
            (rows.dataset == recipe.datasets[0]).to_numpy(),
            recipe.label_set,
            metadata_columns(rows) if self.metadata else None,
        )

    def cached(
        self, network, layer: str, batches: TrainingBatches, held_out: HeldOut
    ) -> tuple[FeatureBatches, HeldOut]:
        """Return both with the layer's output in place of photos."""
        names = _pixel_names(self.recipe, self.train)
        if names is not None:
            pairs, shares = batches.balance.pairs, batches.balance.shares
            names += [f"{names[a]} {names[b]} {share}" for (a, b), share in zip(pairs, shares, strict=True)]
        photos = copy.copy(batches)
        photos.canvas = self.canvas  # as the photos that are judged are read
        drawn = DrawnImages(photos)
        train = features(network, layer, drawn, np.arange(drawn.shape[0]), names, self.cache)
        rows = self.held_out.canvas_row.to_numpy()
        judged = features(network, layer, self.canvas, rows, _pixel_names(self.recipe, self.held_out), self.cache)
        return FeatureBatches(batches, train), dataclasses.replace(held_out, views=judged)


def make_task(recipe: Recipe, canvas, manifest: pd.DataFrame, metadata: bool, cache: Path | None) -> Task:
    """Return the task; the validation images that are looked at are the same in every epoch."""
    held_out = manifest[manifest.split == VALIDATION]
    if recipe.validation_images and recipe.validation_images < len(held_out):
        held_out = held_out.sample(recipe.validation_images, random_state=recipe.seed).sort_index()
    return Task(recipe, canvas, manifest[manifest.split == TRAIN], held_out, metadata, cache)
