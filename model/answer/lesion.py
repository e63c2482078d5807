"""Where in the view the lesion is: its outline, and what follows from it for the heat and for the frame.

The chance of each pixel to be in the lesion comes from a small network that `training.outline` fits to masks drawn by
experts; ``results/outline.csv`` has how well both agree. An outline that cannot be measured says so by a code.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.answer.gate import stored_file
from model.errors import BundleError, ContractError
from model.explain import upsample
from model.preprocess import Square

EMPTY, SEVERAL, CUT = "no_lesion", "several_lesions", "lesion_at_border"
SMALLEST = 0.002  # share of the frame; a smaller part is a speck, not a lesion
EDGE = 2  # pixels from the border
CONTACT = 0.02  # share of the frame's outermost pixels in the lesion; from this share on it is cut off
FINER = 4  # contours are drawn on a grid so many times finer than the mask
LEAST_IN = 0.01  # share of a frame, or of the lesions of the centred square, that is both; with less it lies beside
MARGIN = 0.5  # on each side of the lesion, as a share of its longer side; on MILK10k a narrower one loses more AUC


@dataclass(frozen=True, eq=False)
class Outline:
    """The largest lesion of a view.

    Parameters
    ----------
    inside : ndarray of bool, shape (rows, columns)
        In the frame of the view, without holes; all False where no lesion was found.
    contours : tuple of ndarray, float64, shape (points, 2)
        Closed polygons, x and y in pixels of ``inside`` (0 is the left or upper edge of the first pixel): that of
        ``inside``, then the other lesions by size.
    codes : tuple of str
        `EMPTY`; or `SEVERAL` and `CUT`, where there are other lesions and where ``inside`` goes on beyond the frame.
    """

    inside: np.ndarray
    contours: tuple[np.ndarray, ...]
    codes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether no lesion was found."""
        return EMPTY in self.codes

    @property
    def whole(self) -> bool:
        """Whether there is a lesion and all of it is in the frame, so that its shape can be measured."""
        return not self.empty and CUT not in self.codes


def lies_beside(mask: np.ndarray, threshold: float, seen: Square, square: Square) -> bool:
    """Say whether a frame lies beside every lesion that was outlined in a larger one.

    False where that is not known: nothing was outlined, or the frame goes on beyond the larger one.

    Parameters
    ----------
    mask : ndarray of float, shape (rows, columns), range [0, 1]
        The chance of each pixel of ``seen`` to be in a lesion.
    threshold : float
        As `outline`.
    seen, square : Square
        The larger frame and the one in question, in pixels of the photo.
    """
    parts = _parts(mask > threshold)  # without the specks, which may be lesions of a small frame
    inside = np.any([mask > threshold, *parts], axis=0)
    scale = mask.shape[0] / seen.side
    left, top = (square.left - seen.left) * scale, (square.top - seen.top) * scale
    right, bottom = left + square.side * scale, top + square.side * scale
    if min(left, top) < -1 or max(right, bottom) > mask.shape[0] + 1 or not parts:
        return False
    rows, columns = (
        slice(max(math.floor(low), 0), math.ceil(high)) for low, high in ((top, bottom), (left, right))
    )  # fmt: skip
    part = inside[rows, columns]
    return bool(part.size and part.sum() < LEAST_IN * min(part.size, inside.sum()))


def outline(mask: np.ndarray, threshold: float) -> Outline:
    """Return the outline of the largest lesion.

    Parameters
    ----------
    mask : ndarray of float, shape (rows, columns), range [0, 1]
        The chance of each pixel to be in a lesion, in the frame of the view.
    threshold : float, range (0, 1)
        A pixel is in the lesion where its chance is above.

    Raises
    ------
    ContractError
        ``outline_mask``: the mask has another shape or range.
    """
    mask = np.asarray(mask, np.float32)
    if mask.ndim != 2 or not mask.size or not ((mask >= 0) & (mask <= 1)).all():
        raise ContractError("outline_mask", f"Expected chances (rows, columns) of 0 to 1, got {mask.shape}.")
    parts = _parts(mask > threshold)
    if not parts:
        return Outline(np.zeros(mask.shape, bool), (), (EMPTY,))
    several = (SEVERAL,) if len(parts) > 1 else ()
    cut = (CUT,) if _contact(parts[0]) >= CONTACT else ()
    return Outline(parts[0], tuple(_contour(mask, part, threshold) for part in parts), several + cut)


def _parts(inside: np.ndarray) -> list[np.ndarray]:
    """Return connected parts that are no specks, largest first, each without holes: bool (rows, columns)."""
    lines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = [cv2.drawContours(np.zeros(inside.shape, np.uint8), [line], -1, 1, -1) > 0 for line in lines]
    large = [part for part in filled if part.mean() >= SMALLEST]
    return sorted(large, key=lambda part: -int(part.sum()))


def lesion_edge_share(mask: np.ndarray, threshold: float) -> float:
    """Return the largest share of one edge of the frame that the lesion covers, 0 where none was found.

    Parameters as `outline`.
    """
    parts = _parts(np.asarray(mask, np.float32) > threshold)
    return largest_edge_share(parts[0]) if parts else 0.0


def largest_edge_share(inside: np.ndarray) -> float:
    """Return the largest share of one edge that is inside, two pixels from the border of bool (rows, columns).

    The outermost line of a mask that a person drew is often empty.
    """
    edges = (inside[EDGE], inside[-1 - EDGE], inside[:, EDGE], inside[:, -1 - EDGE])
    return float(max(edge.mean() for edge in edges))


def _contact(inside: np.ndarray) -> float:
    """Return the share of the frame's outermost pixels that is inside."""
    ring = np.concatenate([inside[0], inside[-1], inside[1:-1, 0], inside[1:-1, -1]])
    return float(ring.mean())


def _contour(mask: np.ndarray, part: np.ndarray, threshold: float) -> np.ndarray:
    """Return the line where the chance falls to the threshold around a part: float64 (points, 2), x and y."""
    near = cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    field = np.where(near, mask, 0)
    field[cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0] = 1
    rows, columns = mask.shape
    fine = cv2.resize(field, (columns * FINER, rows * FINER), interpolation=cv2.INTER_LINEAR) > threshold
    if not fine.any():  # a part one pixel wide, barely above the threshold
        fine = part.repeat(FINER, axis=0).repeat(FINER, axis=1)
    lines, _ = cv2.findContours(fine.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return (max(lines, key=cv2.contourArea)[:, 0].astype(float) + 0.5) / FINER


def heat_inside(heat: np.ndarray, inside: np.ndarray) -> float | None:
    """Return the share of the positive evidence for a class that lies within the lesion; None where there is none.

    The energy-based pointing game (Wang et al., Score-CAM, CVPR Workshops 2020), on the map as it is drawn.

    Parameters
    ----------
    heat : ndarray, shape (rows, columns), range [0, 1]
        Of a `model.explain.Explanation`.
    inside : ndarray of bool, shape (side, side)
        Of an `Outline`; both in the frame of the view.

    Raises
    ------
    ContractError
        ``outline_mask``: the lesion's frame is not square.
    """
    if inside.ndim != 2 or inside.shape[0] != inside.shape[1]:
        raise ContractError("outline_mask", f"Expected a lesion in a square frame, got {inside.shape}.")
    fine = upsample(np.asarray(heat, np.float32), len(inside)).astype(float)
    total = fine.sum()
    return float(fine[inside].sum() / total) if total > 0 and inside.any() else None


def square_around(inside: np.ndarray, view: Square, height: int, width: int, margin: float = MARGIN) -> Square:
    """Return a square around the lesion as a proposal for the frame; the view itself where there is no lesion.

    Parameters
    ----------
    inside : ndarray of bool, shape (size, size)
        Of an `Outline`.
    view : Square
        Where in the photo that frame is.
    height, width : int
        Of the photo in pixels; the square is inside, and no smaller than ``size`` photo pixels where there are as many.
    margin : float
        On each side, as a share of the lesion's longer side.
    """
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return view
    scale = view.side / len(inside)
    top, bottom, left, right = (edge * scale for edge in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    side = max(bottom - top, right - left) * (1 + 2 * margin)
    side = float(min(max(side, len(inside)), height, width))
    return Square(
        float(np.clip(view.left + (left + right - side) / 2, 0, width - side)),
        float(np.clip(view.top + (top + bottom - side) / 2, 0, height - side)),
        side,
    )


@dataclass(frozen=True)
class OutlineEntry:
    """What the card says of the network that draws the outline.

    Parameters
    ----------
    path : Path
        Its file: inputs named as the layers, output (n, size, size, 1) of chances.
    layers : tuple of str
        Layers of the bundle's network whose maps are its inputs, in their order.
    threshold : float, range (0, 1)
        Above this chance a pixel is in the lesion.
    weights_sha256 : str
        Of the network whose maps it was fitted to.
    """

    path: Path
    layers: tuple[str, ...]
    threshold: float
    weights_sha256: str


def read_outline(entry: dict[str, Any] | None, bundle_dir: Path) -> OutlineEntry | None:
    """Return what a card says of the outline, None for a card without one.

    Raises
    ------
    BundleError
        If the file is missing or is not the one that the card names, or layers, threshold or the network's checksum
        are missing.
    """
    if entry is None:
        return None
    path = stored_file(entry, bundle_dir, "outline")
    layers, threshold, weights = entry.get("layers"), entry.get("threshold"), entry.get("weights_sha256")
    if not isinstance(layers, list) or not layers or not all(isinstance(name, str) for name in layers):
        raise BundleError("outline_layers", "outline.layers must name the layers that the outline is read from.")
    if not isinstance(threshold, float) or not 0 < threshold < 1:
        raise BundleError("outline_threshold", f"outline.threshold must be between 0 and 1, but it is {threshold!r}.")
    if not isinstance(weights, str):
        raise BundleError("outline_weights", "outline.weights_sha256 must name the network that the outline reads.")
    return OutlineEntry(path, tuple(layers), threshold, weights)
