"""What speaks for one class against another, in each cell of additive maps."""

import numpy as np


def contrast(maps: np.ndarray, one: int, other: int) -> np.ndarray:
    """Return what speaks for one class against another.

    Parameters
    ----------
    maps : ndarray, shape (classes, rows, columns)
        From `model.explain.class_maps`.
    one, other : int
        Classes, in card order.

    Returns
    -------
    ndarray, float32, shape (rows, columns)
        In logit units, negative where the cell speaks for ``other``; the sum is the difference of the two logits less
        that of their biases.
    """
    return maps[one] - maps[other]
