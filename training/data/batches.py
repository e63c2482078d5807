"""Feeds batches: draws by the balance, augments in worker threads, never touches validation or test."""

import dataclasses
import math
from pathlib import Path

import cv2
import keras
import numpy as np
import pandas as pd

from model.preprocess import centre_square, crop
from training.data.augment import Augmentation, augment
from training.data.balancing import Balance


def open_canvas(work: Path) -> np.ndarray:
    """Return the images that `training.data.manifest` stored: uint8, shape (images, 256, 256, 3), read on demand."""
    return np.load(work / "canvas.npy", mmap_mode="r")


def label_indices(labels: pd.Series, codes: tuple[str, ...]) -> np.ndarray:
    """Return the class number of each label code.

    Raises
    ------
    ValueError
        If a label is not one of ``codes``.
    """
    unknown = sorted(set(labels) - set(codes))
    if unknown:
        raise ValueError(f"Unknown class {', '.join(map(repr, unknown))}; known are {', '.join(codes)}.")
    return labels.map({code: index for index, code in enumerate(codes)}).to_numpy(int)


def epoch_order(draws: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the images of one epoch in random order, each as often as expected, rounded up or down by chance.

    Systematic sampling instead of independent draws: with all draws equal to 1 this is a plain shuffle, and a
    rare class never happens to be missing from an epoch.
    """
    order = random.permutation(len(draws))
    edges = np.cumsum(draws[order])
    ticks = np.arange(random.uniform(0, 1), edges[-1], 1.0)
    chosen = order[np.minimum(np.searchsorted(edges, ticks), len(order) - 1)]
    return random.permutation(chosen)


class TrainingBatches(keras.utils.PyDataset):
    """Batches of augmented images; the same seed and epoch give the same batches, so a run can resume.

    Synthetic images of the balance are mixed from two plain images of the training split and then augmented.

    Parameters
    ----------
    canvas : ndarray, uint8, shape (images, edge, edge, 3)
    rows : ndarray of int, shape (n,)
        Which images are the training split.
    labels : ndarray of int, shape (n,)
    balance : Balance
        From the same labels.
    classes, size, batch : int
    amount : Augmentation or None
    mixup : float
        Parameter of the Beta distribution of mixup (Zhang 2018); 0 switches it off.
    seed : int
    metadata : ndarray, float32, shape (n, columns), optional
        Second input of networks that take one; a synthetic image has that of the first of its two.
    """

    def __init__(
        self, canvas, rows, labels, balance: Balance, *, classes: int, size: int, batch: int,
        amount: Augmentation | None, mixup: float = 0.0, seed: int = 0, workers: int = 2,
        metadata: np.ndarray | None = None,
    ):  # fmt: skip
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=8)
        self.canvas, self.rows, self.labels, self.balance = canvas, rows, labels, balance
        self.classes, self.size, self.batch, self.amount = classes, size, batch, amount
        self.mixup, self.seed = mixup, seed
        self.metadata = None if metadata is None else np.concatenate([metadata, metadata[balance.pairs[:, 0]]])
        self.drawn_labels = balance.labels_with_synthetic(labels)
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Draw the images of an epoch (0 is the first)."""
        self.epoch = epoch
        self.order = epoch_order(self.balance.draws, np.random.default_rng([self.seed, epoch]))

    def __len__(self) -> int:
        return math.ceil(round(self.balance.draws.sum()) / self.batch)

    def __getitem__(self, index: int):
        random = np.random.default_rng([self.seed, self.epoch, index])
        chosen = self.chosen(index)
        views = np.stack([self.view(self.plain(item), random) for item in chosen]).astype(np.float32)
        labels = self.drawn_labels[chosen]
        targets = np.eye(self.classes, dtype=np.float32)[labels]
        weights = self.balance.class_weight[labels].astype(np.float32)
        if self.mixup:
            share = np.float32(random.beta(self.mixup, self.mixup))
            views = share * views + (1 - share) * views[::-1]
            targets = share * targets + (1 - share) * targets[::-1]
            weights = share * weights + (1 - share) * weights[::-1]
        if self.metadata is not None:
            return {"photo": views, "metadata": self.metadata[chosen]}, targets, weights
        return views, targets, weights

    def chosen(self, index: int) -> np.ndarray:
        """Return the numbers of the images in a batch, shape (batch,) or fewer."""
        chosen = self.order[index * self.batch : (index + 1) * self.batch]
        # Systematic sampling may fall one image short of the last batch.
        return chosen if len(chosen) else self.order[-1:]

    def plain(self, item: int) -> np.ndarray:
        """Return training image ``item``, or the synthetic one numbered from the last of them on."""
        if item < len(self.rows):
            return self.canvas[self.rows[item]]
        first, second = self.balance.pairs[item - len(self.rows)]
        share = self.balance.shares[item - len(self.rows)]
        return cv2.addWeighted(self.canvas[self.rows[first]], 1 - share, self.canvas[self.rows[second]], share, 0)

    def view(self, canvas: np.ndarray, random: np.random.Generator) -> np.ndarray:
        if self.amount is None:
            return crop(np.ascontiguousarray(canvas), centre_square(*canvas.shape[:2]), self.size)
        return augment(np.ascontiguousarray(canvas), self.size, self.amount, random)


def plain_views(canvas: np.ndarray, rows: np.ndarray, size: int) -> np.ndarray:
    """Return images as the product sees them, without augmentation: uint8, shape (len(rows), size, size, 3)."""
    views = np.empty((len(rows), size, size, 3), np.uint8)
    for place, row in enumerate(rows):
        views[place] = crop(np.ascontiguousarray(canvas[row]), centre_square(*canvas.shape[1:3]), size)
    return views


def coarse_canvas(canvas, rows: np.ndarray, edge: int) -> np.ndarray:
    """Return the canvas at ``edge`` pixels, filled in the given rows only; the canvas itself where that is no gain.

    A recipe of 64 px spends most of its time smoothing photos of 256 px; it augments from 128 px as well.
    """
    if edge > 0.75 * canvas.shape[1]:
        return canvas
    coarse = np.zeros((canvas.shape[0], edge, edge, 3), np.uint8)  # pages that no row touches cost no memory
    for row in rows:
        coarse[row] = cv2.resize(canvas[row], (edge, edge), interpolation=cv2.INTER_AREA)
    return coarse


class DrawnImages:
    """Every image that an epoch may draw, the synthetic ones of the balance included, read like a canvas."""

    def __init__(self, batches: TrainingBatches):
        self.batches = batches
        self.shape = (len(batches.drawn_labels), *batches.canvas.shape[1:])

    def __getitem__(self, item: int) -> np.ndarray:
        return self.batches.plain(item)


class FeatureBatches(TrainingBatches):
    """The same draws of features that were computed once: float16, shape (n + synthetic, ...)."""

    def __init__(self, images: TrainingBatches, features: np.ndarray):
        super().__init__(
            features, np.arange(len(features)), images.drawn_labels,
            Balance(images.balance.draws, images.balance.class_weight),
            classes=images.classes, size=images.size, batch=images.batch, amount=None, seed=images.seed,
            metadata=images.metadata, workers=1,
        )  # fmt: skip

    def view(self, canvas: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return canvas


def fewer_draws(balance: Balance, images: int) -> Balance:
    """Return the balance with epochs of about so many images; 0 leaves it as it is."""
    if not images or images >= balance.draws.sum():
        return balance
    return dataclasses.replace(balance, draws=balance.draws * images / balance.draws.sum())


def weighted_draws(balance: Balance, weights: np.ndarray) -> Balance:
    """Return the balance with each training image drawn so many times as often, and epochs as long as before."""
    draws = balance.draws.copy()
    draws[: len(weights)] *= weights
    return dataclasses.replace(balance, draws=draws * balance.draws.sum() / draws.sum())
