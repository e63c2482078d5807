"""Fit the last layer anew on features of plain views, after the trunk has been trained (Kang et al., ICLR 2020).

While the trunk learns from distorted crops, its last layer settles for them. Classifier re-training fits that
layer alone, by regularised logistic regression with class weights, on the views that are served. Strength and
weights are chosen on validation; the graph stays the same: pooling and one dense layer.
"""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from training.data.batches import label_indices
from training.data.label_sets import CODES
from training.data.splits import TRAIN, VALIDATION
from training.fitting.features import outputs, trunk_until

STRENGTHS = (0.0003, 0.001, 0.003, 0.01)
EXPONENTS = (0.6, 1.0)  # a class of n images weighs n to the power of minus this
TRAINING_VIEWS = ("identity", "flip_left_right")


@dataclass(frozen=True)
class Head:
    """A dense layer, (channels, classes) and (classes,), and how well it did on validation."""

    kernel: np.ndarray
    bias: np.ndarray
    strength: float
    exponent: float
    loss: float


def class_balanced_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean over classes of the mean log loss within each class, in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return float(np.mean([losses[labels == label].mean() for label in np.unique(labels)]))


def fit_head(train: np.ndarray, labels: np.ndarray, held_out: np.ndarray, truth: np.ndarray) -> Head:
    """Return the head with the least class-balanced validation loss.

    Parameters
    ----------
    train, held_out : ndarray, float32, shape (n, channels) and (m, channels)
        Pooled features.
    labels, truth : ndarray of int, shape (n,) and (m,)
        Class numbers; every class occurs in training.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-6
    counts = np.bincount(labels, minlength=len(CODES)).astype(float)
    heads = []
    for exponent in EXPONENTS:
        weights = counts[labels] ** -exponent
        weights *= len(labels) / weights.sum()
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
            model.fit((train - mean) / deviation, labels, sample_weight=weights)
            kernel = (model.coef_ / deviation).T
            bias = model.intercept_ - mean @ kernel
            loss = class_balanced_loss(held_out @ kernel + bias, truth)
            heads.append(Head(kernel.astype(np.float32), bias.astype(np.float32), strength, exponent, loss))
    return min(heads, key=lambda head: head.loss)


def refit(model: keras.Model, canvas: np.ndarray, manifest: pd.DataFrame, home: str) -> dict:
    """Replace the logits layer's weights in place; return what was chosen, for the record.

    Parameters
    ----------
    model : Model
        The network at serving size.
    canvas : ndarray, uint8, shape (images, edge, edge, 3)
    manifest : DataFrame
        With split, label, dataset, canvas_row.
    home : str
        Data set whose validation images choose.
    """
    rows = manifest[manifest.split == TRAIN]
    judged = manifest[(manifest.split == VALIDATION) & (manifest.dataset == home)]
    trunk = trunk_until(model, "pool")
    train = [outputs(trunk, canvas, rows.canvas_row.to_numpy(), view) for view in TRAINING_VIEWS]
    held_out = outputs(trunk, canvas, judged.canvas_row.to_numpy())
    labels, truth = label_indices(rows.label, CODES), label_indices(judged.label, CODES)
    layer = model.get_layer("logits")
    before = class_balanced_loss(held_out @ layer.get_weights()[0] + layer.get_weights()[1], truth)
    head = fit_head(np.concatenate(train), np.tile(labels, len(train)), held_out, truth)
    layer.set_weights([head.kernel, head.bias])
    return {
        "strength": head.strength,
        "class_weight_exponent": head.exponent,
        "validation_loss_before": round(before, 4),
        "validation_loss_after": round(head.loss, 4),
    }
