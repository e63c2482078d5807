"""Photo files as the network takes them, read in threads while it computes."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import PhotoError
from model.photo.image import Photo, read_file, read_photo
from model.preprocess import Square, centre_square, to_tensor

SMALL_PHOTO = "small_photo"
READERS = 2  # threads


@dataclass(frozen=True, eq=False)
class Read:
    """A photo file as the network takes it: float32 (1, size, size, 3), the codes of its notes, its square's side."""

    tensor: np.ndarray
    notes: tuple[str, ...]
    side: float


def notes(photo: Photo, square: Square, size: int) -> tuple[str, ...]:
    """Return the codes of the notes on a photo: its own, and whether the square was enlarged."""
    return photo.warnings + ((SMALL_PHOTO,) if square.side < size else ())


def read_ahead(paths: list[Path], size: int, batch_photos: int) -> Iterator[list[tuple[Path, Read | PhotoError]]]:
    """Yield batches of paths with their tensors, the next batch being read while this one is used."""
    readers = ThreadPoolExecutor(READERS)
    try:
        waiting: list[tuple[Path, Future[Read | PhotoError]]] = []
        for start in range(0, len(paths) + batch_photos, batch_photos):
            coming = [(path, readers.submit(_read, path, size)) for path in paths[start : start + batch_photos]]
            if waiting:
                yield [(path, future.result()) for path, future in waiting]
            waiting = coming
    finally:
        readers.shutdown(cancel_futures=True)  # after a stop, do not wait for photos that are no longer needed


def _read(path: Path, size: int) -> Read | PhotoError:
    """Return a file as the network takes it, or the error that names the problem."""
    try:
        photo = read_photo(read_file(path))
        square = centre_square(*photo.pixels.shape[:2])
        return Read(to_tensor(photo.pixels, size, square), notes(photo, square, size), square.side)
    except PhotoError as error:
        return error
