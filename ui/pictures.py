"""Pixels for the screen: the frame drawn on a photo, and the file that the browser gets."""

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw

from model.preprocess import Square

JPEG_QUALITY = 95
LINES_PER_SIDE = 400  # the frame's line is 1 / this of the longer side


def framed(pixels: np.ndarray, square: Square) -> np.ndarray:
    """Draw a square as a white line between black ones, visible on any skin.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
    square : Square
        In these pixels.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        A copy.
    """
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    line = max(1, round(max(picture.size) / LINES_PER_SIDE))
    left, top = round(square.left), round(square.top)
    right, bottom = left + round(square.side) - 1, top + round(square.side) - 1
    draw.rectangle((left, top, right, bottom), outline="black", width=3 * line)
    draw.rectangle((left + line, top + line, right - line, bottom - line), outline="white", width=line)
    return np.asarray(picture)


def outlined(pixels: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    """Draw closed lines, white between dark edges, visible on any skin.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
    lines : list of ndarray, shape (points, 2)
        x and y in these pixels.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        A copy.
    """
    copy, line = pixels.copy(), max(1, round(max(pixels.shape) / LINES_PER_SIDE))
    points = [np.rint(each * 16).astype(np.int32)[:, None] for each in lines]  # OpenCV takes sixteenths of a pixel
    for colour, width in (((30, 30, 30), 3 * line), ((255, 255, 255), line)):
        cv2.polylines(copy, points, True, colour, width, cv2.LINE_AA, shift=4)
    return copy


def jpeg(pixels: np.ndarray) -> bytes:
    """Encode a picture (height, width, 3) without colour subsampling, so that thin coloured lines stay sharp."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
