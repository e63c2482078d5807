"""Losses on logits and one-hot (or softened) targets. Each entry of the registry makes a Keras loss."""

from collections.abc import Callable

import keras
import numpy as np


def cross_entropy(class_counts: np.ndarray, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Categorical cross-entropy, optionally with label smoothing (Szegedy 2016)."""
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)


class LogitAdjusted(keras.losses.Loss):
    """Cross-entropy with log class priors added to the logits (Menon 2021; balanced softmax, Ren 2020).

    Parameters
    ----------
    class_counts : array, shape (classes,)
        How often each class is drawn in training.
    strength : float
        1 is the published loss, 0 plain cross-entropy.
    """

    def __init__(self, class_counts, strength: float = 1.0, label_smoothing: float = 0.0, **options):
        super().__init__(**options)
        prior = np.asarray(class_counts, float) / np.sum(class_counts)
        self.shift = (strength * np.log(np.maximum(prior, 1e-6))).astype("float32")
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        return keras.losses.categorical_crossentropy(
            y_true, y_pred + self.shift, from_logits=True, label_smoothing=self.label_smoothing
        )


def logit_adjusted(class_counts: np.ndarray, label_smoothing: float = 0.0, strength: float = 1.0) -> keras.losses.Loss:
    """See `LogitAdjusted`."""
    return LogitAdjusted(class_counts, strength, label_smoothing)


def balanced_softmax(class_counts: np.ndarray, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """`LogitAdjusted` at strength 1, which is the balanced softmax of Ren et al. (NeurIPS 2020)."""
    return LogitAdjusted(class_counts, 1.0, label_smoothing)


def focal(class_counts: np.ndarray, gamma: float = 2.0, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Cross-entropy times (1 - p) ** gamma of each class's probability p (Lin et al., ICCV 2017), without its alpha.

    ``gamma`` 0 is cross-entropy. Weights of classes come from `training.data.balancing`, not from here.
    """
    return keras.losses.CategoricalFocalCrossentropy(
        alpha=1.0, gamma=gamma, from_logits=True, label_smoothing=label_smoothing
    )


LOSSES: dict[str, Callable[..., keras.losses.Loss]] = {
    "cross_entropy": cross_entropy,
    "focal": focal,
    "logit_adjusted": logit_adjusted,
    "balanced_softmax": balanced_softmax,
}
