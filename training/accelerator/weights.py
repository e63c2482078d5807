"""Weights as they travel: an array a file's entry, large ones in half precision."""

from pathlib import Path
from typing import Any

import numpy as np

LARGE = 100_000  # weights; smaller arrays (normalisation, depthwise kernels) keep their precision


def halved(weights: list[np.ndarray]) -> dict[str, Any]:
    """Name weights by their place, large ones in half precision."""
    narrow = [value.astype(np.float16) if value.size >= LARGE else value for value in weights]
    return {f"weight_{place:04d}": value for place, value in enumerate(narrow)}


def read_weights(file: Path) -> list[np.ndarray]:
    """Return the weights that `halved` named, in float32 and in their order."""
    with np.load(file) as stored:
        return [stored[name].astype(np.float32) for name in sorted(stored)]
