"""Arrays that take minutes to compute, kept in a folder; Keras is not loaded, so that a full cache costs nothing."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np


def kept_array(
    folder: Path, key: Sequence[object], compute: Callable[[], np.ndarray], shape: tuple | None = None
) -> np.ndarray:
    """Return the array that was kept under a key, or compute and keep it.

    Parameters
    ----------
    folder : Path
    key : sequence
        Everything that the array depends on; arrays count with all their values.
    compute : callable
    shape : tuple, optional
        What the array must look like, None for any length; a kept one of another shape is computed again.
    """
    parts = [part.tobytes() if isinstance(part, np.ndarray) else str(part).encode() for part in key]
    path = folder / f"{hashlib.sha256(b'|'.join(parts)).hexdigest()[:24]}.npy"
    found = _read(path, shape)
    if found is not None:
        return found
    computed = compute()
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npy")  # an interrupted command leaves no half array under the name
    np.save(partial, computed)
    partial.replace(path)
    return computed


def _read(path: Path, shape: tuple | None) -> np.ndarray | None:
    """Return an array that was kept, or None if there is none of this shape that can be read."""
    try:
        found = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    if shape is None:
        return found
    fits = len(found.shape) == len(shape) and all(b is None or a == b for a, b in zip(found.shape, shape, strict=True))
    return found if fits else None
