"""The only preprocessing from a photo to the network's input; the app, the command line and training all use it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.errors import ContractError


@dataclass(frozen=True)
class Square:
    """The part of a photo that the network sees.

    Parameters
    ----------
    left, top : float
        Upper left corner in photo pixels, 0 or more.
    side : float
        Edge length in photo pixels, at least 1; the square is inside the photo.
    """

    left: float
    top: float
    side: float


def centre_square(height: int, width: int) -> Square:
    """Return the largest centred square of a photo, the crop every training image was made with."""
    side = min(height, width)
    return Square(left=(width - side) / 2, top=(height - side) / 2, side=float(side))


def crop(pixels: np.ndarray, square: Square, size: int) -> np.ndarray:
    """Cut a square out of a photo and resize it with antialiasing.

    Pillow's bicubic filter widens with the reduction factor, so a photo and the same photo saved at half its
    size give nearly the same result; its ``box`` is in float pixels, so nothing is rounded on the way.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
        RGB photo.
    square : Square
        What to cut out, in pixels of the photo.
    size : int
        Edge length of the result in pixels.

    Returns
    -------
    ndarray, uint8, shape (size, size, 3)

    Raises
    ------
    ContractError
        If the photo is not uint8 RGB or the square does not lie inside it.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ContractError(
            "photo_array", f"Expected uint8 RGB pixels (height, width, 3), got {pixels.dtype} {pixels.shape}."
        )
    height, width = pixels.shape[:2]
    right, bottom = square.left + square.side, square.top + square.side
    slack = 1e-3  # float rounding of a square that a person moved to the very edge
    inside = min(square.left, square.top) >= -slack and right <= width + slack and bottom <= height + slack
    if not (square.side >= 1 and inside):  # written this way so that NaN is refused too
        raise ContractError("square_outside", "The square must be inside the photo and at least one pixel wide.")
    if size == height == width == square.side:
        return np.array(pixels)
    box = (max(square.left, 0), max(square.top, 0), min(right, width), min(bottom, height))
    return np.array(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC, box=box))


def to_tensor(pixels: np.ndarray, size: int, square: Square | None = None) -> np.ndarray:
    """Turn a photo into the network's input.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
        RGB photo.
    size : int
        Edge length of the network's input in pixels.
    square : Square, optional
        The part to look at; the largest centred square when not given.

    Returns
    -------
    ndarray, float32, shape (1, size, size, 3), range [0, 255]
        Normalisation is a layer inside the network.

    Raises
    ------
    ContractError
        If the photo is not uint8 RGB or the square does not lie inside it.
    """
    square = square or centre_square(*pixels.shape[:2])
    return crop(pixels, square, size)[None].astype(np.float32)
