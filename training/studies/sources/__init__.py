"""The study of image sets: which are worth learning from, and what a set that was never seen costs."""

import numpy as np

from model.evaluation.metrics import weighted_mean

EVERYTHING, WITHOUT = "everything", "without"  # the first is what all others are set against
FOLDS = 5  # of the validation images, by group
METRICS = ("balanced_accuracy", "melanoma_auc", "malignant_auc")
FIRST = ("study", "learnt", "of", "dataset", "split")  # columns that say what a row is


def right_by_set(right: np.ndarray, sets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over the sets of the share that is right, for each weighting, shape (r,).

    Parameters
    ----------
    right, sets : ndarray, shape (n,)
        Whether the set of an image was told, and which set that is.
    weights : ndarray, shape (r, n)
    """
    return np.mean([weighted_mean(right[sets == name], weights[:, sets == name]) for name in np.unique(sets)], axis=0)
