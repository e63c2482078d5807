"""Lesion masks: where a set keeps them, read and cut with their photos, or laid over them.

Laid over a photo, what is outside the lesion turns grey and dim, so that a network looks inside.
"""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from model.photo.image import read_file, read_photo
from model.preprocess import Square, centre_square, crop
from training.data.batches import open_canvas
from training.data.sets.layouts import DatasetError
from training.recipe import Recipe

OUTSIDE = 0.35  # share of the light that is left outside the mask; some, because the surroundings tell sun damage
HALF = 127  # of a mask's values 0 and 255, between which a cut may have others


def mask_path(row) -> Path | None:
    """Return where the official layout of a set keeps the mask of an image, or None where the set has none."""
    photo = Path(row.path)
    if row.dataset == "ham10000":
        return photo.parents[1] / "HAM10000_segmentations_lesion_tschandl" / f"{row.image_id}_segmentation.png"
    if row.dataset == "ph2":
        folder = photo.parents[1] / f"{row.image_id}_lesion"
        return next(iter(sorted(folder.glob(f"{row.image_id}_lesion.*"))), folder / f"{row.image_id}_lesion.bmp")
    return None


def read_mask(path: Path | None) -> np.ndarray:
    """Return the mask in a file, uint8 (height, width), 255 inside the lesion and 0 outside; DatasetError if none."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path and path.is_file() else None
    if mask is None:
        raise DatasetError(f"No lesion mask at {path}; get the masks of the set from its publisher.")
    return mask


def photo_with_mask(row) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo as the application reads it, uint8 (height, width, 3), and its mask as `read_mask`.

    Parameters
    ----------
    row : named tuple
        image_id, dataset and path.

    Raises
    ------
    DatasetError
        If there is no mask, or it is of another size than the photo.
    """
    path, pixels = mask_path(row), read_photo(read_file(Path(row.path))).pixels
    mask = read_mask(path)
    if mask.shape != pixels.shape[:2]:
        raise DatasetError(f"The mask {path} is of another size than its photo; copy both again.")
    return pixels, mask


def cut_mask(mask: np.ndarray, square: Square, size: int) -> np.ndarray:
    """Return the lesion in a square of a mask, uint8 (height, width): bool, shape (size, size)."""
    return crop(np.repeat(mask[..., None], 3, axis=2), square, size)[..., 0] > HALF


def overlay(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the photo with everything outside the mask dimmed and without colour.

    Parameters
    ----------
    photo : ndarray, uint8, shape (height, width, 3)
    mask : ndarray, uint8, shape (height, width)
        255 inside the lesion, 0 outside.
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2)
    inside = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None].astype(np.float32) / 255
    return np.round(inside * photo + (1 - inside) * OUTSIDE * grey).astype(np.uint8)


class OutlinedCanvas:
    """A canvas whose images carry their masks; each mask is read when its image is, as there are thousands."""

    def __init__(self, canvas: np.ndarray, manifest: pd.DataFrame):
        self.canvas, self.shape = canvas, canvas.shape
        self.paths = {row.canvas_row: mask_path(row) for row in manifest.itertuples()}

    def __getitem__(self, row: int) -> np.ndarray:
        mask = read_mask(self.paths[row])
        inside = cut_mask(mask, centre_square(*mask.shape), self.shape[1])
        return overlay(np.ascontiguousarray(self.canvas[row]), np.where(inside, 255, 0).astype(np.uint8))


def canvas_for(recipe: Recipe, work: Path, manifest: pd.DataFrame) -> "np.ndarray | OutlinedCanvas":
    """Return the images of a work folder as a recipe's network sees them: with their masks where it asks for them."""
    canvas = open_canvas(work)
    return OutlinedCanvas(canvas, manifest) if recipe.masks else canvas
