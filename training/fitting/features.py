"""Features of a frozen trunk, computed once and kept: the head then trains in seconds."""

import hashlib
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from training.data.batches import plain_views
from training.fitting.kept_arrays import kept_array

MODEL_BATCH = 64
SAMPLED = 16  # every sixteenth pixel of a canvas, across and down


def trunk_until(network: keras.Model, layer: str) -> keras.Model:
    """Return the network from the photo to a layer's output."""
    photo = network.input["photo"] if isinstance(network.input, dict) else network.input
    return keras.Model(photo, network.get_layer(layer).output)


def trunk_sha256(trunk: keras.Model) -> str:
    """Return a checksum of a network's weights and layers; any change of either gives other features."""
    digest = hashlib.sha256()
    for layer in trunk.layers:
        digest.update(type(layer).__name__.encode())
        for value in layer.get_weights():
            digest.update(str(value.shape).encode() + np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def features(
    network: keras.Model, layer: str, canvas, rows: np.ndarray, names: list[str] | None, folder: Path | None
) -> np.ndarray:
    """Return what a layer makes of images without augmentation: float16, shape (len(rows), ...).

    Parameters
    ----------
    network : Model
    layer : str
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    rows : ndarray of int
    names : list of str, optional
        What identifies the pixels of each row, to find the features again; without names nothing is kept.
    folder : Path, optional
        Where to keep them; the file's name is a checksum of trunk, size, names and pixels here and there.
    """
    trunk = trunk_until(network, layer)
    size = trunk.input.shape[1]

    def compute() -> np.ndarray:
        return outputs(trunk, canvas, rows).astype(np.float16)

    if names is None or folder is None:
        return compute()
    key = [trunk_sha256(trunk), size, layer, _pixels_sha256(canvas, rows), *names]
    return kept_array(folder, key, compute, (len(rows), *trunk.output.shape[1:]))


def _pixels_sha256(canvas, rows: np.ndarray) -> str:
    """Return a checksum of a few pixels of every image: files may be the same and be read otherwise than before."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(np.ascontiguousarray(canvas[row][::SAMPLED, ::SAMPLED]).tobytes())
    return digest.hexdigest()


def outputs(trunk: keras.Model, canvas, rows: np.ndarray) -> np.ndarray:
    """Return what a network makes of images without augmentation: float32, shape (len(rows), ...).

    Parameters
    ----------
    trunk : Model
        Takes photos of its own size.
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    rows : ndarray of int
    """
    out = np.empty((len(rows), *trunk.output.shape[1:]), np.float32)
    for start in tqdm(range(0, len(rows), MODEL_BATCH), desc="features", unit=" batches", mininterval=10):
        photos = plain_views(canvas, rows[start : start + MODEL_BATCH], trunk.input.shape[1])
        out[start : start + MODEL_BATCH] = keras.ops.convert_to_numpy(trunk.predict_on_batch(photos.astype(np.float32)))
    return out
