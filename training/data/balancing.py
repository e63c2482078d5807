"""Ways to meet class imbalance. Each takes the training labels only and says how to draw and how to weigh them.

Call them after the split, never before: a lesion that is repeated or mixed first can end up on both sides.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from training.command import TrainingError


class BalancingError(TrainingError):
    """A way to balance was asked for something that it cannot do; the message says what it needs."""


@dataclass(frozen=True)
class Balance:
    """How training meets an imbalanced set of n images, with m synthetic ones.

    Parameters
    ----------
    draws : ndarray, float64, shape (n + m,)
        Expected draws per epoch of each training image and then of each synthetic one; their sum is the length
        of an epoch in images.
    class_weight : ndarray, float64, shape (classes,)
        Factor on the loss of each class; mean 1 over the images drawn.
    pairs : ndarray of int, shape (m, 2)
        The two training images, of one class, that a synthetic image lies between.
    shares : ndarray, float64, shape (m,)
        Share of the second image of a pair, 0 to 1.
    """

    draws: np.ndarray
    class_weight: np.ndarray
    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))
    shares: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def labels_with_synthetic(self, labels: np.ndarray) -> np.ndarray:
        """Return the labels of the training images and then of the synthetic ones, shape (n + m,)."""
        return np.concatenate([labels, labels[self.pairs[:, 0]]])

    def draws_per_class(self, labels: np.ndarray, classes: int) -> np.ndarray:
        """Return how many draws of each class an epoch expects, shape (classes,); labels: shape (n,)."""
        return np.bincount(self.labels_with_synthetic(labels), weights=self.draws, minlength=classes)


def _counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the images of each class, shape (classes,); a class without any counts as one, to divide by."""
    return np.maximum(np.bincount(labels, minlength=classes), 1).astype(float)


def none(labels: np.ndarray, classes: int) -> Balance:
    """Draw every image once, weigh all the same."""
    return Balance(np.ones(len(labels)), np.ones(classes))


def power(labels: np.ndarray, classes: int, *, exponent: float = 0.6) -> Balance:
    """Draw a class with the power 1 - exponent of its count: 0 leaves the set as it is, 1 makes classes equal.

    Between the two rare classes are seen more often without the few images of the rarest being learnt by heart.
    """
    weight = _counts(labels, classes)[labels] ** -exponent
    return Balance(weight * len(labels) / weight.sum(), np.ones(classes))


def class_balanced_batches(labels: np.ndarray, classes: int) -> Balance:
    """Draw every class equally often in an epoch of the usual length, so that a batch expects as many of each.

    Frequent classes are not seen whole in one epoch, images of rare ones come several times.
    """
    return power(labels, classes, exponent=1.0)


def class_weights(labels: np.ndarray, classes: int) -> Balance:
    """Weigh the loss of a class by n / (classes * count), scikit-learn's "balanced" (King and Zeng 2001)."""
    present = np.unique(labels)
    weight = np.ones(classes)
    weight[present] = compute_class_weight("balanced", classes=present, y=labels)
    return Balance(np.ones(len(labels)), weight)


def effective_number(labels: np.ndarray, classes: int, *, beta: float = 0.999) -> Balance:
    """Weigh the loss of a class by (1 - beta) / (1 - beta ** count) (Cui et al., CVPR 2019), mean 1 over the images.

    ``beta`` 0 weighs all the same, and the nearer to 1 the nearer to `class_weights`.
    """
    if not 0 <= beta < 1:
        raise BalancingError(f"beta must be from 0 to below 1, not {beta}.")
    weight = (1 - beta) / (1 - beta ** _counts(labels, classes))
    return Balance(np.ones(len(labels)), weight / weight[labels].mean())


def over(labels: np.ndarray, classes: int) -> Balance:
    """Repeat the images of every class until it has as many draws as the largest."""
    counts = _counts(labels, classes)
    return Balance((counts.max() / counts)[labels], np.ones(classes))


def under(labels: np.ndarray, classes: int, *, per_class: int | None = None, seed: int = 0) -> Balance:
    """Keep ``per_class`` images of each class (default as many as the smallest has), the same ones in every epoch."""
    return Balance(_kept(labels, per_class or _present(labels).min(), seed), np.ones(classes))


def combined(labels: np.ndarray, classes: int, *, per_class: int | None = None, seed: int = 0) -> Balance:
    """Discard images of larger classes and repeat those of smaller ones to ``per_class`` (default the median)."""
    target = int(per_class or np.median(_present(labels)))
    kept = _kept(labels, target, seed)
    return Balance(kept * np.maximum(target / _counts(labels, classes), 1)[labels], np.ones(classes))


def smote(
    labels: np.ndarray, classes: int, *, features: Callable[[], np.ndarray] | None = None, per_class: int = 300,
    neighbours: int = 5, seed: int = 0,
) -> Balance:  # fmt: skip
    """Fill classes up to ``per_class`` with images between neighbours of one class (Chawla et al., JAIR 2002).

    Neighbours are sought among ``features``; the images mixed are always whole photos. A class of two to five
    images takes all others as neighbours; a class of one has none, and its image is repeated instead.

    Parameters
    ----------
    features : callable
        Without arguments; returns float32 of shape (len(labels), d), the training images' pixels or embedding.

    Raises
    ------
    BalancingError
        If no features were given.
    """
    from training.data.smote import mixing_pairs  # needs imbalanced-learn, which a GPU machine does without

    if features is None:
        raise BalancingError("SMOTE looks for neighbours among features of the training images, and got none.")
    counts = np.bincount(labels, minlength=classes)
    short = {int(label): per_class for label in np.flatnonzero((counts > 1) & (counts < per_class))}
    pairs, shares = mixing_pairs(features, labels, short, neighbours, seed)
    draws = np.ones(len(labels) + len(pairs))
    draws[np.flatnonzero(counts[labels] == 1)] = per_class
    return Balance(draws, np.ones(classes), pairs, shares)


def _present(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_counts=True)[1]


def _kept(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return 1 for the images that stay when no class may have more than ``most``, else 0; shape (n,)."""
    from imblearn.under_sampling import RandomUnderSampler  # which a GPU machine does without

    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:  # one class alone has nothing to be balanced against
        return np.ones(len(labels))
    targets = {int(name): int(min(count, most)) for name, count in zip(names, counts, strict=True)}
    sampler = RandomUnderSampler(sampling_strategy=targets, random_state=seed)
    sampler.fit_resample(np.arange(len(labels))[:, None], labels)
    return np.isin(np.arange(len(labels)), sampler.sample_indices_).astype(float)


BALANCING: dict[str, Callable[..., Balance]] = {
    "none": none,
    "power": power,
    "class_weights": class_weights,
    "effective_number": effective_number,
    "over": over,
    "under": under,
    "combined": combined,
    "smote_pixels": smote,
    "smote_embedding": smote,
    "class_balanced_batches": class_balanced_batches,
}


def balanced(
    method: str, labels: np.ndarray, classes: int, options: dict, seed: int = 0,
    features: Callable[[], np.ndarray] | None = None,
) -> Balance:  # fmt: skip
    """Return what a method of `BALANCING` does, given the seed and features if it takes them; see `smote`."""
    chosen = BALANCING[method]
    known = inspect.signature(chosen).parameters
    given = {name: value for name, value in (("seed", seed), ("features", features)) if name in known}
    return chosen(labels, classes, **(given | options))


STUDIED: tuple[tuple[str, dict], ...] = (  # every method that is measured, with its options
    ("none", {}),
    ("power", {"exponent": 0.6}),  # as the shipped recipe
    ("class_weights", {}),
    ("effective_number", {"beta": 0.999}),
    ("class_balanced_batches", {}),
    ("over", {}),
    ("under", {}),
    ("combined", {}),
    ("smote_pixels", {"per_class": 300}),
    ("smote_embedding", {"per_class": 300}),
    ("smote_embedding", {"per_class": 1000}),
)


def options_text(options: dict) -> str:
    """Return a method's options as a table says them."""
    return ", ".join(f"{name} = {value}" for name, value in options.items()) or "defaults"
