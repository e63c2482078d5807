"""The small sample of the study: eight classes of ISIC 2019, features kept on disk."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.model_selection import ShuffleSplit
from tqdm import tqdm

from model.card import Label
from model.preprocess import centre_square, crop
from training.data.sets.layouts import DatasetError
from training.data.smote import pixel_features
from training.fitting.kept_arrays import kept_array

if TYPE_CHECKING:
    import keras

BATCH = 64
FOLDS = 5
TEST_SHARE = 0.15  # as in training.data.splits
# ISIC 2019's own eight, and not the seven of the product: the figures that this demonstration explains are of these.
EIGHT = (
    Label(0, "MEL", "Melanoma", True),
    Label(1, "NV", "Melanocytic nevus", False),
    Label(2, "BCC", "Basal cell carcinoma", True),
    Label(3, "AK", "Actinic keratosis", True),
    Label(4, "BKL", "Benign keratosis", False),
    Label(5, "DF", "Dermatofibroma", False),
    Label(6, "VASC", "Vascular lesion", False),
    Label(7, "SCC", "Squamous cell carcinoma", True),
)


@dataclass(frozen=True)
class Extractor:
    """A frozen network whose output the classifiers see.

    Parameters
    ----------
    name : str
        As the table names it.
    key : str
        What tells its features from another one's.
    size : int
        Input edge in pixels.
    make : callable
        Returns the network; called only where a feature is not kept.
    kind : str
        Number type in which features are kept.
    """

    name: str
    key: str
    size: int
    make: Callable[[], "keras.Model"]
    kind: str = "float32"


@dataclass(frozen=True)
class Sample:
    """Images and what classifiers see of them.

    Parameters
    ----------
    table : DataFrame
        n rows: image_id, lesion_id, group, target (index into `EIGHT`).
    features : ndarray, shape (n, d) or (n, height, width, channels)
        What the classifiers see.
    blend : callable
        Takes pairs of rows (m, 2) and shares (m,) of the second; returns the features of the m mixed images.
    pixels : ndarray, float32, shape (n, p), optional
        Small images among which SMOTE looks for neighbours; without them it looks among the features.
    classifiers : callable, optional
        Takes a seed; returns what is trained on the features, by name. None for the three of `arms.classifiers`.
    folds : int
        How many of the `FOLDS` folds are judged.
    """

    table: pd.DataFrame
    features: np.ndarray
    blend: Callable[[np.ndarray, np.ndarray], np.ndarray]
    pixels: np.ndarray | None = None
    classifiers: Callable[[int], dict[str, ClassifierMixin]] | None = None
    folds: int = FOLDS

    @property
    def targets(self) -> np.ndarray:
        """Class number of every image, shape (n,)."""
        return self.table.target.to_numpy()


def eight_class_table(manifest: pd.DataFrame, truth: pd.DataFrame, per_class: int, seed: int) -> pd.DataFrame:
    """Draw up to ``per_class`` images of each ISIC 2019 class at random, as one would who does not look at lesions.

    Parameters
    ----------
    manifest : DataFrame
        As `training.data.manifest` writes it; HAM10000's images are part of ISIC 2019 and are labelled as there.
    truth : DataFrame
        ISIC 2019's table of labels: image, and a column of 0 and 1 for each class.
    per_class, seed : int

    Raises
    ------
    DatasetError
        If a class has fewer than two images.
    """
    codes = [label.code for label in EIGHT]
    target = truth.set_index("image")[codes].to_numpy().argmax(axis=1)
    known = pd.Series(target, truth.image).where(truth.set_index("image")[codes].sum(axis=1) == 1)
    table = manifest[manifest.dataset.isin(["ham10000", "isic2019"])]
    table = table.assign(target=table.image_id.map(known)).dropna(subset="target").astype({"target": int})
    counts = np.bincount(table.target, minlength=len(EIGHT))
    if counts.min() < 2:
        raise DatasetError(
            f"There is no image, or only one, of {codes[counts.argmin()]}; prepare HAM10000 and ISIC 2019."
        )
    drawn = table.sample(frac=1, random_state=seed).groupby("target").head(per_class)
    return drawn.sort_values("image_id", ignore_index=True)


def read_truth(data: Path) -> pd.DataFrame:
    """Return ISIC 2019's table of labels from the folder that holds ``isic2019/``."""
    path = data / "isic2019" / "ISIC_2019_Training_GroundTruth.csv"
    if not path.exists():
        raise DatasetError(f"{path} is missing; get it from https://challenge.isic-archive.com/data/#2019.")
    return pd.read_csv(path)


def open_sample(table: pd.DataFrame, canvas: np.ndarray, extractor: Extractor, cache: Path, mix: str) -> Sample:
    """Return the sample with a frozen network's features; what was computed once is read from ``cache``.

    Parameters
    ----------
    table : DataFrame
        Rows of `eight_class_table`, with canvas_row.
    canvas : ndarray, uint8, shape (images, edge, edge, 3)
    extractor : Extractor
    cache : Path
        Folder for the features.
    mix : str
        What SMOTE mixes: "photos", neighbours by their pixels, or "features".
    """
    rows, trunk = table.canvas_row.to_numpy(), functools.cache(extractor.make)

    def blended_photos(pairs: np.ndarray, shares: np.ndarray) -> np.ndarray:
        def compute() -> np.ndarray:
            photos = mixed_photos(canvas, rows[pairs], shares, extractor.size)
            return trunk().predict_on_batch(photos).astype(extractor.kind)

        return kept_array(cache, [rows[pairs], shares, extractor.size, extractor.key], compute)

    def in_batches(pairs: np.ndarray, shares: np.ndarray) -> np.ndarray:
        starts = tqdm(range(0, len(pairs), BATCH), desc="features", unit=" batches")
        parts = [blended_photos(pairs[at : at + BATCH], shares[at : at + BATCH]) for at in starts]
        return np.concatenate(parts) if parts else np.zeros((0, *features.shape[1:]), np.float32)

    features = in_batches(np.stack([np.arange(len(rows))] * 2, axis=1), np.zeros(len(rows)))
    if mix == "photos":
        return Sample(table, features, in_batches, pixel_features(canvas, rows))
    return Sample(table, features, functools.partial(mixed, features))


def mixed(values: np.ndarray, pairs: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return values between two rows: float32, shape (len(pairs), ...)."""
    first, second = (values[column].astype(np.float32) for column in pairs.T)
    return first + shares.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1)) * (second - first)


def mixed_photos(canvas: np.ndarray, pairs: np.ndarray, shares: np.ndarray, size: int) -> np.ndarray:
    """Return mixed photos as the trunk takes them: float32, shape (len(pairs), size, size, 3)."""
    photos = mixed(canvas, pairs, shares).round().astype(np.uint8) if shares.any() else canvas[pairs[:, 0]]
    return np.stack([crop(photo, centre_square(*photo.shape[:2]), size) for photo in photos]).astype(np.float32)


def sharing_under_random_split(table: pd.DataFrame, seeds: range) -> tuple[np.ndarray, int]:
    """Return how many test images share a lesion with training when images are split at random.

    Parameters
    ----------
    table : DataFrame
        One set's images with lesion_id.
    seeds : range
        One random split each, `TEST_SHARE` of the images for testing.

    Returns
    -------
    counts : ndarray of int, shape (seeds,)
    n_test : int
        Test images of each split.
    """
    lesions, counts = table.lesion_id.to_numpy(), []
    for seed in seeds:
        train, test = next(ShuffleSplit(1, test_size=TEST_SHARE, random_state=seed).split(lesions))
        counts.append(np.isin(lesions[test], lesions[train]).sum())
    return np.array(counts), len(test)
