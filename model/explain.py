"""Grad-CAM of every class in closed form, and the overlay that shows it.

For a network that ends in global average pooling and one dense layer, the gradient that Grad-CAM (Selvaraju et
al., ICCV 2017) averages is the dense layer's kernel divided by the number of cells, so that the maps of all
classes follow from the feature maps that the answer was computed from, without a second pass.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from model.preprocess import Square

NEGLIGIBLE_LOGIT = 0.1  # evidence that changes the odds of a class by no more than a tenth is not drawn
CONTOUR_LEVELS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where in the photo the evidence for one class is.

    Parameters
    ----------
    code : str
        Class code.
    heat : ndarray, float32, shape (rows, columns), range [0, 1]
        Positive evidence divided by ``reference``; all zero when not informative.
    informative : bool
        Whether the positive evidence adds more than ``NEGLIGIBLE_LOGIT`` to the logit.
    raw : ndarray, float32, shape (rows, columns)
        Evidence of each cell in logit units, positive or negative; its sum plus the bias is the logit.
    reference : float
        Evidence of the strongest cell, in logit units: the meaning of heat 1.
    evidence : float
        Sum of the positive evidence in logit units.
    """

    code: str
    heat: np.ndarray
    informative: bool
    raw: np.ndarray
    reference: float
    evidence: float


def class_maps(features: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Split the logits of all classes over the cells of the feature maps.

    Parameters
    ----------
    features : ndarray, shape (rows, columns, channels)
    kernel : ndarray, shape (channels, classes)
        Of the dense layer behind the pooling.

    Returns
    -------
    ndarray, float32, shape (classes, rows, columns)
        Grad-CAM before its ReLU; summed over the cells, each map gives its logit less the bias.
    """
    rows, columns, _ = features.shape
    return np.moveaxis(features @ kernel, -1, 0).astype(np.float32) / (rows * columns)


def explain(code: str, raw: np.ndarray) -> Explanation:
    """Normalise a class's map by its own strongest cell, unless there is almost nothing to show.

    Parameters
    ----------
    code : str
        Class code.
    raw : ndarray, shape (rows, columns)
        From `class_maps`.
    """
    positive = np.maximum(np.nan_to_num(raw, nan=0.0, posinf=0.0, neginf=0.0), 0).astype(np.float32)
    evidence, reference = float(positive.sum()), float(positive.max())
    informative = evidence > NEGLIGIBLE_LOGIT
    heat = positive / reference if informative else np.zeros_like(positive)
    return Explanation(code, heat, informative, raw, reference, evidence)


def explain_all(codes: tuple[str, ...], features: np.ndarray, kernel: np.ndarray) -> dict[str, Explanation]:
    """Return every class's explanation from one photo's feature maps (rows, columns, channels)."""
    maps = class_maps(features, kernel)
    return {code: explain(code, raw) for code, raw in zip(codes, maps, strict=True)}


def upsample(heat: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a heat map to (side, side), cubic between the centres of cells, as the cells tile the image.

    Linear interpolation would show edges along the lines between centres. Where the cubic curve overshoots 0 or 1, it
    is clipped after each axis: otherwise two negative overshoots would multiply to heat where there is none.
    """
    for size in ((side, heat.shape[0]), (side, side)):
        heat = np.clip(cv2.resize(heat, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    return heat


def overlay(
    pixels: np.ndarray,
    heat: np.ndarray,
    square: Square | None = None,
    opacity: float = 0.6,
    contours: bool = False,
    colours: np.ndarray | None = None,
) -> np.ndarray:
    """Lay a heat map over a photo; where there is no heat the photo stays exactly as it is.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
        RGB photo.
    heat : ndarray, shape (rows, columns), range [0, 1]
        Of an `Explanation`.
    square : Square, optional
        Where in the photo the network looked; the whole of a square picture when not given.
    opacity : float, range [0, 1]
        Of the strongest heat; weaker heat is more transparent in proportion.
    contours : bool
        Draw lines at a quarter, half and three quarters of the heat instead of filling.
    colours : ndarray, uint8, shape (256, 3), optional
        RGB of heat 0 to heat 1 when filling, `colour_bar` when not given.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
    """
    height, width = pixels.shape[:2]
    square = square or Square(0, 0, min(height, width))
    left, top, side = round(square.left), round(square.top), max(round(square.side), 1)
    result = pixels.copy()
    inside = result[top : top + side, left : left + side]
    fine = upsample(np.asarray(heat, np.float32), side)[: inside.shape[0], : inside.shape[1]]
    ramp = colour_bar() if colours is None else colours
    drawn, weight = _contour_lines(fine) if contours else (ramp[np.rint(fine * 255).astype(int)], fine)
    weight = weight[..., None] * np.float32(opacity)
    inside[:] = np.rint(inside * (1 - weight) + drawn * weight).astype(np.uint8)
    return result


def colour_bar() -> np.ndarray:
    """Return viridis (van der Walt and Smith, 2015) from heat 0 to heat 1: ndarray, uint8, shape (256, 3), RGB."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    return cv2.applyColorMap(ramp, cv2.COLORMAP_VIRIDIS)[0, :, ::-1]


def _contour_lines(fine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return colours (side, side, 3) and weights (side, side) of lines of equal heat."""
    colours = np.zeros((*fine.shape, 3), np.uint8)
    weight = np.zeros(fine.shape, np.uint8)
    width = max(1, round(fine.shape[0] / 200))
    for level in CONTOUR_LEVELS:
        lines, _ = cv2.findContours((fine >= level).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(colours, lines, -1, contour_colour(level).tolist(), width + 2)  # below the soft edge too
        cv2.drawContours(weight, lines, -1, 255, width, cv2.LINE_AA)
    return colours, np.where(fine > 0, weight / np.float32(255), 0)


def contour_colour(level: float) -> np.ndarray:
    """Return the colour of the line at a level of heat in [0, 1]: ndarray, uint8, shape (3,), RGB."""
    return colour_bar()[int(level * 255)]
