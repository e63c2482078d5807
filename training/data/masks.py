"""Lesion masks laid over photos: what is outside the lesion turns grey and dim, so that a network looks inside."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from model.preprocess import centre_square, crop
from training.data.sets.layouts import DatasetError

OUTSIDE = 0.35  # share of the light that is left outside the mask; some, because the surroundings tell sun damage


def mask_path(row) -> Path | None:
    """Return where the official layout of a set keeps the mask of an image, or None where the set has none."""
    photo = Path(row.path)
    if row.dataset == "ham10000":
        return photo.parents[1] / "HAM10000_segmentations_lesion_tschandl" / f"{row.image_id}_segmentation.png"
    if row.dataset == "ph2":
        folder = photo.parents[1] / f"{row.image_id}_lesion"
        return next(iter(sorted(folder.glob(f"{row.image_id}_lesion.*"))), folder / f"{row.image_id}_lesion.bmp")
    return None


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
        path = self.paths[row]
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path else None
        if mask is None:
            raise DatasetError(f"No lesion mask at {path}; get the masks of the set from its publisher.")
        square = crop(np.repeat(mask[..., None], 3, axis=2), centre_square(*mask.shape), self.shape[1])[..., 0]
        return overlay(np.ascontiguousarray(self.canvas[row]), np.where(square > 127, 255, 0).astype(np.uint8))
