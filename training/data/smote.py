"""Which training images SMOTE mixes, and what it looks for neighbours in."""

from collections.abc import Callable

import cv2
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.neighbors import NearestNeighbors


class FewNeighbours(NearestNeighbors):
    """Nearest neighbours that take fewer where there are fewer, so that a class of three can be filled up."""

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        wanted = min(n_neighbors or self.n_neighbors, self.n_samples_fit_)
        return super().kneighbors(X, wanted, return_distance)


class RecordingSMOTE(SMOTE):
    """SMOTE of imbalanced-learn that notes which two points of a class each synthetic point lies between.

    After ``fit_resample``, ``record`` holds a tuple for each class that was filled up: its label, and for each
    synthetic point the place of both points among those of the class and the share of the second.
    """

    def fit_resample(self, X, y):
        self.record = []
        return super().fit_resample(X, y)

    def _generate_samples(self, X, nn_data, nn_num, rows, cols, steps, y_type=None, y=None):
        self.record.append((y_type, rows, nn_num[rows, cols], steps[:, 0]))
        return super()._generate_samples(X, nn_data, nn_num, rows, cols, steps, y_type, y)


def mixing_pairs(
    features: Callable[[], np.ndarray], labels: np.ndarray, targets: dict[int, int], neighbours: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs (m, 2) of images and the shares (m,) of the second that fill classes up to their targets.

    Parameters
    ----------
    features : callable
        Returns float32, shape (n, d); not called when there is nothing to fill up.
    labels : ndarray of int, shape (n,)
    targets : dict
        Images wanted of a class, for classes of at least two images that have fewer.
    neighbours : int
        Among how many of the nearest images of its class the second one is drawn.
    seed : int
    """
    if not targets or len(np.unique(labels)) < 2:
        return np.zeros((0, 2), int), np.zeros(0)
    nearest = FewNeighbours(n_neighbors=neighbours + 1)  # the nearest of all is the image itself
    sampler = RecordingSMOTE(sampling_strategy=targets, random_state=seed, k_neighbors=nearest)
    sampler.fit_resample(features(), labels)
    members = {label: np.flatnonzero(labels == label) for label in targets}
    pairs = [np.stack([members[label][a], members[label][b]], axis=1) for label, a, b, _ in sampler.record]
    return np.concatenate(pairs), np.concatenate([shares for *_, shares in sampler.record])


def pixel_features(canvas: np.ndarray, rows: np.ndarray, edge: int = 32) -> np.ndarray:
    """Return the images at thumbnail size, flattened: float32 in [0, 1], shape (len(rows), edge * edge * 3)."""
    small = [cv2.resize(canvas[row], (edge, edge), interpolation=cv2.INTER_AREA).ravel() for row in rows]
    return np.stack(small).astype(np.float32) / 255
