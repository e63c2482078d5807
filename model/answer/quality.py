"""What in a photo may mislead: gauges of the network's input, each noted only beyond its limit.

Sharpness, exposure, resolution and blue or violet marks are measured on pixels, a lesion cut off by the frame on its
outline. Hair and fluid are linear readings of the features that the diagnosis is made from. Limits were fitted on
validation by `training.gauges`; that of the outline is half an edge. How often each is right: ``results/gauges.csv``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.answer.gate import stored_arrays
from model.errors import BundleError

SHARPNESS, EXPOSURE, RESOLUTION, CUT_OFF = "sharpness", "exposure", "resolution", "cut_off"
HAIR, INK, GEL = "hair", "ink", "gel"
PIXEL_GAUGES, HEADS = (SHARPNESS, EXPOSURE, RESOLUTION, INK), (HAIR, GEL)
FINE, POOR = "fine", "poor"
FINEST = 2.0  # standard deviation of the first blur that sharpness compares, in pixels of what the network sees
COARSER = 2.0  # the second blur is so many times wider
DISC = 0.9  # of the half side: the dermatoscope's round rim in the corners does not measure the light
BRIGHT_PART = 75  # percentile of luminance: skin around a dark lesion, not the lesion
FAINTEST = 1e-3  # grey levels; avoids a division by zero on an even surface
BLUE = 0.25  # blue above red, as a share of the brightest channel; blue-grey lesions stay below
DARKEST = 20  # grey levels added to that channel: black is not blue


@dataclass(frozen=True)
class Gauge:
    """One thing measured about a photo.

    Parameters
    ----------
    code : str
        Of `PIXEL_GAUGES` or `HEADS`.
    value : float
    level : str
        ``"poor"`` beyond the limit, else ``"fine"``.
    """

    code: str
    value: float
    level: str


@dataclass(frozen=True)
class Limits:
    """The values between which there is no note; None where there is no limit on that side."""

    low: float | None = None
    high: float | None = None

    def beyond(self, value: float | np.ndarray) -> float | np.ndarray:
        """Return how far values are beyond the nearer limit; 0 or less within the limits."""
        below = -np.inf if self.low is None else self.low - value
        above = -np.inf if self.high is None else value - self.high
        return np.maximum(below, above)


@dataclass(frozen=True, eq=False)
class Head:
    """A linear reading of pooled features: kernel float32 (channels,), and bias."""

    kernel: np.ndarray
    bias: float

    def read(self, pooled: np.ndarray) -> np.ndarray:
        """Return a number for each row of features (n, channels)."""
        return np.asarray(pooled, np.float64) @ self.kernel.astype(np.float64) + self.bias


@dataclass(frozen=True, eq=False)
class Gauges:
    """The gauges of a bundle, in the order of their notes.

    Parameters
    ----------
    limits : mapping of str to Limits
    heads : mapping of str to Head
        For the codes of `HEADS` among them; bundles before 1.13.0 read `CUT_OFF` from features too.
    """

    limits: Mapping[str, Limits]
    heads: Mapping[str, Head]

    def measure(self, view: np.ndarray, side: float, pooled: np.ndarray, edge: float = 0.0) -> tuple[Gauge, ...]:
        """Measure one photo.

        Parameters
        ----------
        view : ndarray, uint8, shape (size, size, 3)
            What the network was given.
        side : float
            Of the square, in the photo's own pixels.
        pooled : ndarray, shape (channels,)
            Means over the cells of its last feature maps.
        edge : float, range [0, 1]
            The largest share of one edge of the view that the lesion's outline covers.
        """
        values = measured(view) | {RESOLUTION: side / len(view), CUT_OFF: edge}
        values |= {code: float(head.read(pooled[None])[0]) for code, head in self.heads.items()}
        return tuple(
            Gauge(code, values[code], POOR if limits.beyond(values[code]) > 0 else FINE)
            for code, limits in self.limits.items()
        )


def measured(view: np.ndarray) -> dict[str, float]:
    """Return what is measured on the pixels of a view, uint8 (size, size, 3), by code."""
    return {SHARPNESS: sharpness(view), EXPOSURE: exposure(view), INK: marks(view)}


def sharpness(view: np.ndarray) -> float:
    """Return the log of how much finer detail there is than coarser detail; falls with blur, hardly with contrast."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).astype(np.float32)
    first = cv2.GaussianBlur(grey, (0, 0), FINEST)
    second = cv2.GaussianBlur(grey, (0, 0), FINEST * COARSER)
    fine, coarse = np.abs(grey - first).mean(), np.abs(first - second).mean()
    return float(np.log((fine + FAINTEST) / (coarse + FAINTEST)))


def exposure(view: np.ndarray) -> float:
    """Return how bright the brighter part of a view is: grey levels, 0 to 255."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    return float(np.percentile(grey[_disc(len(view))], BRIGHT_PART))


@lru_cache(maxsize=2)
def _disc(size: int) -> np.ndarray:
    """Return which pixels of a view are in its disc: ndarray of bool, shape (size, size)."""
    rows, columns = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return np.hypot(rows, columns) < DISC


def marks(view: np.ndarray) -> float:
    """Return the share of pixels as blue or violet as a skin marker, a sticker or a scale, which no skin is."""
    red, green, blue = cv2.split(view.astype(np.float32))
    brightest = np.maximum(np.maximum(red, green), blue)
    return float(((blue - red) / (brightest + np.float32(DARKEST)) > BLUE).mean())


def poor(gauges: tuple[Gauge, ...]) -> tuple[str, ...]:
    """Return the codes to note; a photo of low resolution has its own warning, ``small_photo``."""
    return tuple(gauge.code for gauge in gauges if gauge.level == POOR and gauge.code != RESOLUTION)


def read_gauges(entry: dict[str, Any] | None, bundle_dir: Path, outlined: bool) -> Gauges | None:
    """Return the gauges that a card names, None for a card without any; ``outlined``: it draws outlines.

    Raises
    ------
    BundleError
        If their file is missing or is not the one that the card names, a limit or a head is missing, or a gauge is
        not known.
    """
    if entry is None:
        return None
    arrays = stored_arrays(entry, bundle_dir, "gauges")
    try:
        limits = {each["code"]: Limits(_limit(each["low"]), _limit(each["high"])) for each in entry["limits"]}
        seen = [code for code in limits if code in HEADS or (code == CUT_OFF and f"{code}_kernel" in arrays)]
        heads = {code: Head(arrays[f"{code}_kernel"], float(arrays[f"{code}_bias"])) for code in seen}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BundleError("gauges_limits", "Each gauge in the card needs code, low and high, and its head.") from None
    if CUT_OFF in limits and CUT_OFF not in heads and not outlined:
        raise BundleError(
            "gauges_limits", "The gauge of lesions that the frame cuts off needs outlines; run training.gauges again."
        )
    unknown = sorted(str(code) for code in set(limits) - {*PIXEL_GAUGES, *HEADS, CUT_OFF})
    if unknown:
        raise BundleError("gauges_unknown", f"The card names gauges that are not known: {', '.join(unknown)}.")
    return Gauges(limits, heads)


def _limit(value: float | None) -> float | None:
    if value is not None and (isinstance(value, bool) or not np.isfinite(float(value))):
        raise ValueError
    return None if value is None else float(value)
