"""The photos that maps are judged on, with their lesion masks, and slightly changed copies of them."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from model.predict import Classifier
from model.preprocess import centre_square, crop
from training.data.masks import cut_mask, photo_with_mask
from training.data.provenance import read_table
from training.data.sets import ham10000
from training.data.sets.layouts import set_folder
from training.data.splits import digest
from training.gate.pictures import seeded

QUALITY = 60  # of JPEG
NOISE = 4.0  # standard deviation in grey levels


@dataclass(frozen=True, eq=False)
class Seen:
    """One photo as the network takes it.

    Parameters
    ----------
    view : ndarray, uint8, shape (size, size, 3)
    mask : ndarray of bool, shape (size, size)
        The lesion, in the view.
    features : ndarray, float32, shape (rows, columns, channels)
    code_index : int
        The class that is explained: the most probable one.
    name : str
        Of the photo; what is drawn by chance depends on it alone.
    """

    view: np.ndarray
    mask: np.ndarray
    features: np.ndarray
    code_index: int
    name: str


def listed(data: Path, bundle: Path) -> pd.DataFrame:
    """Return HAM10000's photos with the split that the bundle publishes: one row each, as `ham10000.read`."""
    photos = ham10000.read(set_folder(data, "ham10000"))
    splits = read_table(bundle / "dataset" / "splits.csv")
    mine = splits[splits.dataset == "ham10000"].set_index("image_id").split
    return photos.assign(split=photos.image_id.map(mine)).dropna(subset=["split", "path"])


def chosen(images: pd.DataFrame, split: str, each: int) -> pd.DataFrame:
    """Return so many photos of every class, of one lesion each, in the order of the hash of their names."""
    mine = images[images.split == split].assign(order=lambda rows: rows.image_id.map(digest))
    return mine.sort_values("order").drop_duplicates("lesion_id").groupby("label", sort=True).head(each)


def seen(row, classifier: Classifier) -> Seen:
    """Return a photo as the network takes it.

    Parameters
    ----------
    row : named tuple
        image_id, dataset and path.
    classifier : Classifier

    Raises
    ------
    DatasetError
        As `photo_with_mask`.
    """
    size, (pixels, mask) = classifier.card.size, photo_with_mask(row)
    square = centre_square(*mask.shape)
    view, inside = crop(pixels, square, size), cut_mask(mask, square, size)
    raw = classifier.run(view[None].astype(np.float32))
    return Seen(view, inside, raw.features[0], int(raw.logits[0].argmax()), row.image_id)


def again(photo: Seen, view: np.ndarray, classifier: Classifier) -> Seen:
    """Return the same photo, explained for the same class, with another view (size, size, 3)."""
    features = classifier.run(view[None].astype(np.float32)).features[0]
    return Seen(view, photo.mask, features, photo.code_index, photo.name)


def _compressed(view: np.ndarray, name: str) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(view).save(buffer, "JPEG", quality=QUALITY)
    return np.array(Image.open(buffer))


def _noisy(view: np.ndarray, name: str) -> np.ndarray:
    noise = seeded("noise", name).normal(0, NOISE, view.shape)
    return np.clip(np.rint(view + noise), 0, 255).astype(np.uint8)


def _moved(view: np.ndarray, name: str) -> np.ndarray:
    return np.pad(view, ((0, 0), (1, 0), (0, 0)), "edge")[:, :-1]


CHANGES: dict[str, Callable[[np.ndarray, str], np.ndarray]] = {
    "stability, JPEG": _compressed,
    "stability, noise": _noisy,
    "stability, one pixel": _moved,
}
