"""What a part of the photo adds to a class, and to one class against another: sums over cells of additive maps."""

from dataclasses import dataclass

import numpy as np

from model.errors import ContractError
from model.preprocess import Square


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of a photo; right and bottom are where it ends, and not less than left and top."""

    left: float
    top: float
    right: float
    bottom: float


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


def region_sum(raw: np.ndarray, box: Box, square: Square) -> float:
    """Return what a box on the photo adds, cells in proportion to the part of them that it covers.

    Parameters
    ----------
    raw : ndarray, shape (rows, columns)
        An additive map: Grad-CAM before its ReLU, or a `contrast` of two.
    box : Box
        In the same pixels as ``square``; what lies outside of the square counts nothing.
    square : Square
        What the network looked at; ``Square(0, 0, size)`` if the box is on the network's view.

    Returns
    -------
    float
        In the units of the map; the boxes of a partition of the square add up to the sum of the map.

    Raises
    ------
    ContractError
        If the box ends before it begins.
    """
    if box.right < box.left or box.bottom < box.top:
        raise ContractError("box", "The box must end at or after where it begins.")
    rows, columns = raw.shape
    down = _covered(box.top - square.top, box.bottom - square.top, square.side, rows)
    across = _covered(box.left - square.left, box.right - square.left, square.side, columns)
    return float(down @ np.asarray(raw, np.float64) @ across)


def _covered(start: float, end: float, side: float, cells: int) -> np.ndarray:
    """Return the share of each cell of a line that lies between two places: float64, shape (cells,), range [0, 1]."""
    reach = np.clip(np.array([start, end]) / side * cells, 0, cells)
    edges = np.arange(cells + 1)
    return np.diff(np.minimum(np.maximum(edges, reach[0]), reach[1]))
