"""Whether a photo is of a kind that the model was measured on: logistic regression on the network's own features.

A gate learnt from pictures to refuse, on the features that the diagnosis is made from, refuses malignant lesions no
more often than benign ones; a distance to the training photos does (S4D, 2026, and ``results/gate.csv``). A refused
photo gets no answer, which says nothing about the lesion in it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import BundleError

BLANK = "blank"  # why an even surface has no answer
OUTSIDE = "outside"  # why a refused photo has no answer
BESIDE = "beside"  # why a frame has no answer that misses the lesion outlined in the centred square


@dataclass(frozen=True, eq=False)
class Gate:
    """A gate and its limit: a multinomial logistic regression of groups of pictures against dermoscopic photos.

    Parameters
    ----------
    kernel : ndarray, float32, shape (channels, groups)
        Weights for each group of pictures to refuse, against dermoscopic photos; (channels,) for one group.
    bias : ndarray, float32, shape (groups,), or float
    limit : float, range (0, 1)
        A photo is refused where its score is above.
    """

    kernel: np.ndarray
    bias: np.ndarray | float
    limit: float

    def score(self, pooled: np.ndarray) -> np.ndarray:
        """Return how certainly photos are outside, shape (n,), range [0, 1].

        Parameters
        ----------
        pooled : ndarray, shape (n, channels)
            Means over the cells of the last feature maps.
        """
        kernel = self.kernel.astype(np.float64).reshape(len(self.kernel), -1)
        evidence = np.asarray(pooled, np.float64) @ kernel + self.bias
        outside = np.logaddexp.reduce(evidence, axis=1)  # against a dermoscopic photo, whose evidence is 0
        return 1 / (1 + np.exp(-np.clip(outside, -500, 500)))

    def refuses(self, pooled: np.ndarray) -> np.ndarray:
        """Return which photos get no answer: ndarray of bool, shape (n,)."""
        return self.score(pooled) > self.limit


def read_gate(entry: dict[str, Any] | None, bundle_dir: Path) -> Gate | None:
    """Return the gate that a card names, None for a card without one.

    Raises
    ------
    BundleError
        If its file is missing, is not the one that the card names, or the limit is no number between 0 and 1.
    """
    if entry is None:
        return None
    arrays = stored_arrays(entry, bundle_dir, "gate")
    limit = entry.get("limit")
    if not isinstance(limit, float) or not 0 < limit < 1:
        raise BundleError("gate_limit", f"gate.limit must be above 0 and below 1, but it is {limit!r}.")
    return Gate(arrays["kernel"], arrays["bias"], limit)


def stored_arrays(entry: dict[str, Any], bundle_dir: Path, what: str) -> dict[str, np.ndarray]:
    """Return the arrays of the file that a card's entry names; parameters and errors as `stored_file`."""
    with np.load(stored_file(entry, bundle_dir, what)) as stored:
        return dict(stored)


def stored_file(entry: dict[str, Any], bundle_dir: Path, what: str) -> Path:
    """Return the file that a card's entry names; ``what`` names it in the error.

    Raises
    ------
    BundleError
        ``no_WHAT`` or ``WHAT_changed``: the file is missing or is not the one that the card names.
    """
    path = bundle_dir / str(entry.get("file"))
    if not path.is_file():
        raise BundleError(f"no_{what}", f"The file {path.name} is missing next to card.json; restore it.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry.get("sha256"):
        raise BundleError(f"{what}_changed", f"{path.name} is not the file in the card: its SHA-256 differs.")
    return path
