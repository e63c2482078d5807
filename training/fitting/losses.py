"""Losses on logits and one-hot (or softened) targets. Each entry of the registry makes a Keras loss."""

from collections.abc import Callable

import keras


def cross_entropy(label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Categorical cross-entropy, optionally with label smoothing (Szegedy 2016)."""
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)


def focal(gamma: float = 2.0, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Cross-entropy times (1 - p) ** gamma of each class's probability p (Lin et al., ICCV 2017), without its alpha.

    ``gamma`` 0 is cross-entropy. Weights of classes come from `training.data.balancing`, not from here.
    """
    return keras.losses.CategoricalFocalCrossentropy(
        alpha=1.0, gamma=gamma, from_logits=True, label_smoothing=label_smoothing
    )


LOSSES: dict[str, Callable[..., keras.losses.Loss]] = {
    "cross_entropy": cross_entropy,
    "focal": focal,
}
