"""Photos with the lesion's mask, and the maps that the frozen network has of them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from model.preprocess import Square, centre_square, crop
from training.data.masks import cut_mask, photo_with_mask
from training.data.splits import TRAIN, VALIDATION
from training.gate.pictures import READERS, few, seeded

LEARNT_FROM = "ham10000"
NAEVI = 2000  # photos of the largest class in training; of every other class, all
VIEWS = 3  # of a training photo: the centred square, and parts of it in other light
SMALLEST = 0.6  # side of such a part, as a share of the photo's shorter side
LIGHT = 0.15  # each channel of a part is brighter or darker by at most this share
BATCH = 32


@dataclass(frozen=True, eq=False)
class Examples:
    """Views with their masks.

    Parameters
    ----------
    maps : list of ndarray, float16, shape (n, rows, columns, channels)
        Of each layer that the outline is read from, in their order.
    masks : ndarray, uint8, shape (n, size, size)
        1 inside the lesion, 0 outside.
    """

    maps: list[np.ndarray]
    masks: np.ndarray


def training_photos(images: pd.DataFrame) -> pd.DataFrame:
    """Return the manifest rows to learn from, a row a view: all photos but for the naevi, of which there are many."""
    mine = images[(images.dataset == LEARNT_FROM) & (images.split == TRAIN)]
    naevi = few(mine[mine.label == "nv"], NAEVI)
    chosen = pd.concat([mine[mine.label != "nv"], naevi])
    return pd.concat([chosen.assign(view=view) for view in range(VIEWS)], ignore_index=True)


def validation_photos(images: pd.DataFrame) -> pd.DataFrame:
    """Return the manifest rows to choose on, the centred square of each."""
    mine = (images.dataset == LEARNT_FROM) & (images.split == VALIDATION)
    return images[mine].assign(view=0).reset_index(drop=True)


def cut(pixels: np.ndarray, mask: np.ndarray, square: Square, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a square of a photo and the same square of its mask: uint8 (size, size, 3), and (size, size) of 0 and 1.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
    mask : ndarray, uint8, shape (height, width)
        0 and 255.
    square : Square
        In pixels of the photo.
    size : int
    """
    return crop(pixels, square, size), cut_mask(mask, square, size).astype(np.uint8)


def varied(
    pixels: np.ndarray, mask: np.ndarray, size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a random square of a photo, turned, mirrored and in other light, with its mask; parameters as `cut`."""
    height, width = pixels.shape[:2]
    side = random.uniform(SMALLEST, 1) * min(height, width)
    square = Square(random.uniform(0, width - side), random.uniform(0, height - side), side)
    view, inside = cut(pixels, mask, square, size)
    quarter, mirrored = int(random.integers(4)), bool(random.integers(2))
    view, inside = np.rot90(view, quarter), np.rot90(inside, quarter)
    if mirrored:
        view, inside = view[:, ::-1], inside[:, ::-1]
    gains = random.uniform(1 - LIGHT, 1 + LIGHT) * random.uniform(1 - LIGHT / 2, 1 + LIGHT / 2, 3)
    return np.clip(np.rint(view * gains), 0, 255).astype(np.uint8), np.ascontiguousarray(inside)


def example(row, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the view of a row and its mask, as `cut`: the centred square for view 0, else a varied part."""
    pixels, mask = photo_with_mask(row)
    if row.view == 0:
        return cut(pixels, mask, centre_square(*mask.shape), size)
    return varied(pixels, mask, size, seeded(row.image_id, row.view))


def reader(network: keras.Model, layers: tuple[str, ...]) -> keras.Model:
    """Return the part of the network from the photo to the layers that the outline is read from."""
    return keras.Model(network.input, [network.get_layer(name).output for name in layers])


def examples_of(rows: pd.DataFrame, frozen: keras.Model, folder: Path) -> Examples:
    """Return the views of rows with their maps, kept in ``folder`` under what they were made from.

    Parameters
    ----------
    rows : DataFrame
        Manifest rows with a view each.
    frozen : Model
        From `reader`.
    folder : Path
        For this network alone: another one has other maps.
    """
    names = "/".join(f"{row.image_id}:{row.view}" for row in rows.itertuples()) + "|" + "/".join(frozen.output_names)
    place = folder / hashlib.sha256(names.encode()).hexdigest()[:16]
    done = place / "masks.npy"
    shapes = [tuple(output.shape[1:]) for output in frozen.outputs]
    if not done.is_file():
        _compute(rows, frozen, place, shapes)
    maps = [np.load(place / f"maps_{number}.npy", mmap_mode="r") for number in range(len(shapes))]
    return Examples(maps, np.load(done))


def _compute(rows: pd.DataFrame, frozen: keras.Model, place: Path, shapes: list[tuple[int, ...]]) -> None:
    """Write the maps and, last, the masks of rows into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    size = frozen.input_shape[1]
    maps = [
        np.lib.format.open_memmap(place / f"maps_{number}.npy", "w+", np.float16, (len(rows), *shape))
        for number, shape in enumerate(shapes)
    ]
    masks = np.zeros((len(rows), size, size), np.uint8)
    each = list(rows.itertuples())
    with ThreadPoolExecutor(READERS) as pool:
        for start in tqdm(range(0, len(rows), BATCH), desc="maps", mininterval=20):
            part = slice(start, start + BATCH)
            views, inside = zip(*pool.map(lambda row: example(row, size), each[part]), strict=True)
            masks[part] = inside
            for stored, found in zip(maps, frozen.predict_on_batch(np.stack(views).astype(np.float32)), strict=True):
                stored[part] = found
    for stored in maps:
        stored.flush()
    np.save(place / "partial.npy", masks)
    (place / "partial.npy").replace(place / "masks.npy")
