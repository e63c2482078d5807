"""Ways to meet class imbalance. Each takes the training labels only and says how to draw and how to weigh them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Balance:
    """How training meets an imbalanced set.

    Parameters
    ----------
    draws : ndarray, float64, shape (images,)
        Expected draws of each training image in one epoch of as many draws as there are images.
    class_weight : ndarray, float64, shape (classes,)
        Factor on the loss of each class; mean 1 over the images drawn.
    """

    draws: np.ndarray
    class_weight: np.ndarray

    def draws_per_class(self, labels: np.ndarray, classes: int) -> np.ndarray:
        """Return how many draws of each class an epoch expects, shape (classes,)."""
        return np.bincount(labels, weights=self.draws, minlength=classes)


def _counts(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(labels, minlength=classes).astype(float)


def none(labels: np.ndarray, classes: int, **_) -> Balance:
    """Draw every image once, weigh all the same."""
    return Balance(np.ones(len(labels)), np.ones(classes))


def power(labels: np.ndarray, classes: int, exponent: float = 0.6, **_) -> Balance:
    """Draw a class with the power 1 - exponent of its count: 0 leaves the set as it is, 1 makes classes equal.

    Between the two rare classes are seen more often without the few images of the rarest being learnt by heart.
    """
    counts = np.maximum(_counts(labels, classes), 1)
    weight = counts[labels] ** -exponent
    return Balance(weight * len(labels) / weight.sum(), np.ones(classes))


BALANCING: dict[str, Callable[..., Balance]] = {"none": none, "power": power}
