"""Measurements of a lesion by the headings of the ABCD rule of dermoscopy; no score and no diagnosis.

Asymmetry, border and colours are named as in Stolz et al. (Eur J Dermatol 4:521, 1994) and measured as each function
says; the rule's own points are given by a person and also count structures, which are not measured here. The outline
comes from maps with a cell of 4 pixels, so that notches finer than that are smoothed. What needs the whole lesion is
None where the frame cuts it off.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from model.answer.lesion import Outline
from model.errors import ContractError

SKIN = (72.0, 15.0, 8.0)  # CIELAB of the skin around a lesion once a photo's light is taken out
REFERENCES = {  # CIELAB of each of the six colours next to such skin
    "white": (92.0, 4.0, 0.0),
    "red": (50.0, 38.0, 6.0),
    "light_brown": (56.0, 22.0, 18.0),
    "dark_brown": (34.0, 20.0, 17.0),
    "blue_grey": (48.0, 8.0, -8.0),
    "black": (12.0, 4.0, 2.0),
}
PRESENT = 0.05  # share of the lesion from which on a colour is counted
GAP = 15  # pixels of the view, across: this near the lesion is its own soft edge, not skin
LEAST_SKIN = 0.05  # share of the frame; where less skin is seen there is nothing to compare colours with


@dataclass(frozen=True)
class Measurements:
    """What was measured of a lesion; None where it cannot be.

    Parameters
    ----------
    area : float, range [0, 1]
        Share of the frame; of the part that is in the frame where the lesion is cut off.
    asymmetry : tuple of float, range [0, 1]
        About the long and the short axis, see `asymmetry`.
    compactness : float, about 1 or more
        See `compactness`.
    solidity : float, range (0, 1]
        See `solidity`.
    colours : dict of str to float
        Share of the lesion by colour, see `colours`; None where hardly any skin is in the frame.
    """

    area: float
    asymmetry: tuple[float, float] | None
    compactness: float | None
    solidity: float | None
    colours: dict[str, float] | None

    @property
    def colour_count(self) -> int | None:
        """How many of the six colours cover at least `PRESENT` of the lesion."""
        return None if self.colours is None else sum(share >= PRESENT for share in self.colours.values())


def measure(found: Outline, view: np.ndarray) -> Measurements | None:
    """Measure the largest lesion of a view; None where there is no lesion.

    Parameters
    ----------
    found : Outline
    view : ndarray, uint8, shape (rows, columns, 3)
        What the network was given, in the frame of the outline.

    Raises
    ------
    ContractError
        ``outline_mask``: the view is of another size than the outline.
    """
    if view.shape[:2] != found.inside.shape:
        raise ContractError("outline_mask", f"The view {view.shape} and the outline {found.inside.shape} differ.")
    if found.empty:
        return None
    inside, whole = found.inside, found.whole
    return Measurements(
        area=float(inside.mean()),
        asymmetry=asymmetry(inside) if whole else None,
        compactness=compactness(inside) if whole else None,
        solidity=solidity(inside) if whole else None,
        colours=colours(view, inside),
    )


def asymmetry(inside: np.ndarray) -> tuple[float, float]:
    """Return how unlike its mirror image a shape is, about its long and its short principal axis.

    The share of the area that its mirror image does not cover, 0 for a symmetric shape. The axes go through the
    centroid along the eigenvectors of the second moments; mirroring at the two is how Stolz et al. (1994) ask for
    asymmetry, and the share not covered is how it is computed since Stoecker et al. (Comput Med Imaging Graph 16:191,
    1992). Of shape alone, not of colour or structure. In a shape as long as wide the axes are arbitrary.

    Parameters
    ----------
    inside : ndarray of bool, shape (rows, columns)
        With at least one True.
    """
    y, x = np.nonzero(inside)
    centre = np.array([x.mean(), y.mean()])
    _, axes = np.linalg.eigh(np.cov(np.stack([x, y]), bias=True))
    long, short = axes[:, 1], axes[:, 0]
    return _uncovered(inside, centre, long), _uncovered(inside, centre, short)


def _uncovered(inside: np.ndarray, centre: np.ndarray, axis: np.ndarray) -> float:
    """Return the share of a shape that its mirror image at an axis (x, y) through the centre does not cover."""
    mirror = 2 * np.outer(axis, axis) - np.eye(2)
    matrix = np.column_stack([mirror, centre - mirror @ centre])
    rows, columns = inside.shape
    mirrored = cv2.warpAffine(inside.astype(np.float32), matrix, (columns, rows), flags=cv2.INTER_LINEAR)
    return float(1 - np.minimum(mirrored, inside).sum() / inside.sum())


def compactness(inside: np.ndarray) -> float:
    """Return P^2 / (4 pi A) of a shape without holes: 1 for a disc, 4 / pi for a square, more for a ragged border.

    The border irregularity of Golston et al. (Comput Med Imaging Graph 16:199, 1992). P follows the centres of the
    outermost pixels with the weights of Vossepoel and Smeulders (Comput Graph Image Process 20:347, 1982) for straight,
    diagonal and corner steps, as plain steps would be up to 8 % too long; both P and A are then moved outwards by half
    a pixel (Steiner's formula), to the pixels' outer edge.

    Parameters
    ----------
    inside : ndarray of bool, shape (rows, columns)
        One connected part, with at least one True.
    """
    line = _border(inside)
    steps = np.diff(np.vstack([line, line[:1]]), axis=0)
    diagonal = np.abs(steps).sum(axis=1) == 2
    corners = (steps != np.roll(steps, 1, axis=0)).any(axis=1).sum()
    around = 0.980 * (~diagonal).sum() + 1.406 * diagonal.sum() - 0.091 * corners if len(line) > 1 else 0.0
    area = cv2.contourArea(line.astype(np.float32)) + around / 2 + np.pi / 4
    return float((around + np.pi) ** 2 / (4 * np.pi * area))


def solidity(inside: np.ndarray) -> float:
    """Return the share of a shape in its convex hull: 1 without notches.

    Both areas are those within the centres of the outermost pixels, moved outwards by half a pixel with the hull's
    length (Steiner's formula, as in `compactness`), so that the steps of pixels do not count as notches.
    """
    line = _border(inside).astype(np.float32)
    hull = cv2.convexHull(line)
    edge = cv2.arcLength(hull, True) / 2 + np.pi / 4
    return float((cv2.contourArea(line) + edge) / (cv2.contourArea(hull) + edge))


def _border(inside: np.ndarray) -> np.ndarray:
    """Return the centres of the outermost pixels in their order: int (points, 2), x and y."""
    lines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(lines, key=len)[:, 0]


def colours(view: np.ndarray, inside: np.ndarray) -> dict[str, float] | None:
    """Return the share of the lesion in each of the six colours of the ABCD rule, in the order of `REFERENCES`.

    Every pixel counts for the reference that is nearest in CIELAB (Euclidean distance, CIE 1976), as Seidenari et al.
    (Dermatol Surg 31:184, 2005) and Celebi and Zornberg (IEEE Systems Journal 8:980, 2014) count dermoscopic colours.
    Colours are taken relative to the skin around (Celebi et al., Comput Med Imaging Graph 31:362, 2007): all are moved
    by what takes the skin's median to `SKIN`, because a nevus in the pink light of one dermatoscope is as red as a
    haemangioma in that of another. No published references hold for every camera: those in `REFERENCES` are ours, so
    the shares are for comparison between photos here, not with other systems. A median of 3 x 3 pixels goes first,
    against hair and noise.

    Parameters
    ----------
    view : ndarray, uint8, shape (rows, columns, 3)
        sRGB.
    inside : ndarray of bool, shape (rows, columns)
        With at least one True.

    Returns
    -------
    dict of str to float, or None
        Shares that sum to 1; None where less than `LEAST_SKIN` of the frame is skin.
    """
    skin = _around(inside)
    if skin.mean() < LEAST_SKIN:
        return None
    smooth = cv2.medianBlur(np.ascontiguousarray(view), 3)
    pixels = _lab(smooth[inside]) + (np.array(SKIN) - np.median(_lab(smooth[skin]), axis=0))
    nearest = ((pixels[:, None] - np.array(list(REFERENCES.values()))) ** 2).sum(axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, minlength=len(REFERENCES)) / len(pixels)
    return dict(zip(REFERENCES, shares.tolist(), strict=True))


def _around(inside: np.ndarray) -> np.ndarray:
    """Return where there is skin: outside the lesion, and within the disc that a dermatoscope shows; bool."""
    rows, columns = (np.linspace(-1, 1, count) for count in inside.shape)
    disc = np.hypot(rows[:, None], columns) < 1
    return disc & (cv2.dilate(inside.astype(np.uint8), np.ones((GAP, GAP), np.uint8)) == 0)


def _lab(colours: np.ndarray) -> np.ndarray:
    """Return sRGB colours, uint8 (n, 3), in CIELAB under D65: float32 (n, 3)."""
    return cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
