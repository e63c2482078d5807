"""What can go wrong with a photo without changing the lesion, each in three steps: a plain dict registry.

Lengths are shares of the photo's shorter side, so that a step means the same at any pixel size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from training.synthetic import structures
from training.synthetic.lesions import Scene

Amounts = tuple[float, float, float]
HAIR, INK = (0.17, 0.12, 0.10), (0.30, 0.18, 0.55)  # dark brown, and the gentian violet of skin markers


@dataclass(frozen=True)
class Corruption:
    """One way in which a photo gets worse.

    Parameters
    ----------
    amounts : tuple of float
        Mild, medium and severe.
    setting : str
        A text that says what an amount means, with a place for the amount.
    paint : callable, optional
        (pixels, amount, random) -> pixels, both uint8 (height, width, 3): changes colours where they are.
    move : callable, optional
        ((height, width), amount, random) -> matrix (2, 3) from old to new pixel positions: changes where things are.
    """

    amounts: Amounts
    setting: str
    paint: Callable[[np.ndarray, float, np.random.Generator], np.ndarray] | None = None
    move: Callable[[tuple[int, int], float, np.random.Generator], np.ndarray] | None = None

    def apply(self, pixels: np.ndarray, step: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return the changed photo and the matrix (2, 3) that says where each of its old pixels went.

        Parameters
        ----------
        pixels : ndarray, uint8, shape (height, width, 3)
        step : int
            1 (mild), 2 or 3 (severe).
        random : Generator
            Which way a colour, a light or a turn goes, and where hair and ink lie.
        """
        amount = self.amounts[step - 1]
        if self.paint is not None:
            return self.paint(pixels, amount, random), np.eye(2, 3)
        assert self.move is not None  # a corruption has one of the two
        height, width = pixels.shape[:2]
        matrix = self.move((height, width), amount, random)
        moved = cv2.warpAffine(
            pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        return moved, matrix


def _blur(pixels: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(pixels, (0, 0), share * min(pixels.shape[:2]))


def _jpeg(pixels: np.ndarray, quality: float, random: np.random.Generator) -> np.ndarray:
    _, file = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1]  # type: ignore[index]  # None only for a damaged file


def _scaled(pixels: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Multiply the channels (3,), as light does before the camera cuts off at white."""
    return np.clip(pixels * gains + 0.5, 0, 255).astype(np.uint8)


def _brightness(pixels: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return _scaled(pixels, np.full(3, 1 + random.choice((-share, share))))


def _colour_cast(pixels: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    warm = random.choice((-share, share))
    return _scaled(pixels, np.array([1 + warm, 1, 1 - warm]))


def _turned(shape: tuple[int, int], degrees: float, random: np.random.Generator) -> np.ndarray:
    height, width = shape
    return cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), random.choice((-degrees, degrees)), 1.0)


def _nearer(shape: tuple[int, int], factor: float, random: np.random.Generator) -> np.ndarray:
    height, width = shape
    return cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, factor)


def _scene(shape: tuple[int, int], random: np.random.Generator) -> Scene:
    """Return positions over a photo whose lesion is taken to lie in the middle."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x - width / 2) / min(shape), (y - height / 2) / min(shape)
    return Scene(x, y, np.arctan2(y, x), 1 - np.hypot(x, y) / 0.3, 0.3, random)


def _drawn(pixels: np.ndarray, colour: tuple[float, float, float], mask: np.ndarray, opacity: float) -> np.ndarray:
    blended = structures.blend(pixels.astype(np.float32) / 255, colour, opacity * mask)
    return (np.clip(blended, 0, 1) * 255 + 0.5).astype(np.uint8)


def _hair(pixels: np.ndarray, count: float, random: np.random.Generator) -> np.ndarray:
    return _drawn(pixels, HAIR, structures.hairs(_scene(pixels.shape[:2], random), int(count)), 0.85)


def _ink(pixels: np.ndarray, count: float, random: np.random.Generator) -> np.ndarray:
    return _drawn(pixels, INK, structures.ink(_scene(pixels.shape[:2], random), int(count)), 0.75)


CORRUPTIONS = {
    "blur": Corruption((0.004, 0.010, 0.020), "Gaussian blur, {:.1%} of the shorter side", paint=_blur),
    "JPEG": Corruption((50, 20, 8), "JPEG quality {:.0f}", paint=_jpeg),
    "brightness": Corruption((0.15, 0.3, 0.5), "{:.0%} darker or brighter", paint=_brightness),
    "colour cast": Corruption((0.05, 0.1, 0.2), "red {:.0%} up and blue down, or the reverse", paint=_colour_cast),
    "rotation": Corruption((10, 30, 90), "turned by {:.0f} degrees", move=_turned),
    "zoom": Corruption((1.2, 1.6, 2.2), "{:.1f} times nearer", move=_nearer),
    "hair": Corruption((5, 15, 40), "{:.0f} drawn hairs", paint=_hair),
    "ink": Corruption((2, 5, 10), "{:.0f} drawn strokes of a skin marker", paint=_ink),
}
