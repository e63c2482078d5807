"""What studies on the features of a frozen, pretrained trunk share: the features, one dense layer, and the options."""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from model.evaluation.intervals import RESAMPLES
from training.command import at_least
from training.data.balancing import Balance
from training.data.label_sets import CODES
from training.data.provenance import file_sha256
from training.recipe import trunk_in

if TYPE_CHECKING:
    import keras

SIZE = 224
HEAD_STRENGTH = 0.001  # of the data against the regularisation in `fit_head`, set beforehand, the same for all


def frozen_trunk(size: int, weights: str, architecture: str = "mobilenetv2") -> "keras.Model":
    """Return a network up to its pooling, photo (size, size, 3) to its features; nothing in it learns."""
    from training.fitting.features import trunk_until
    from training.networks.architectures import ARCHITECTURES

    return trunk_until(ARCHITECTURES[architecture](size, len(CODES), weights), "pool")


def embed(
    work: Path, rows: np.ndarray, weights: str, size: int = SIZE, architecture: str = "mobilenetv2"
) -> np.ndarray:
    """Return pooled features of a frozen network, float32, shape (len(rows), channels)."""
    from training.data.batches import open_canvas
    from training.fitting.features import outputs

    return outputs(frozen_trunk(size, weights, architecture), open_canvas(work), rows)


def fit_head(features: np.ndarray, labels: np.ndarray, balance: Balance, real: int) -> LogisticRegression:
    """Fit one dense layer with softmax in which every image counts as often as it is drawn, times its class's weight.

    All methods have the same regularisation, because the weights of all images add up to the number of real ones.
    For such a layer, drawing an image twice and giving it twice the weight are the same.

    Parameters
    ----------
    features : ndarray, float32, shape (n + m, channels)
        Standardised; real images, then synthetic ones.
    labels : ndarray of int, shape (n + m,)
    balance : Balance
    real : int
        n, how many of the images are real.
    """
    weight = balance.draws * balance.class_weight[labels]
    used = weight > 0
    weight = weight[used] * real / weight.sum()
    model = LogisticRegression(C=HEAD_STRENGTH, max_iter=200, tol=1e-3)
    return model.fit(features[used], labels[used], sample_weight=weight)


def fingerprint(weights: str) -> str:
    """Return what identifies pretrained weights: the checksum of their file, or their name."""
    return file_sha256(weights) if Path(weights).is_file() else json.dumps(weights)


def frozen_study_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every study on a frozen trunk's features has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder with manifest.csv and canvas.npy")
    parser.add_argument(
        "--weights", default="imagenet", help="imagenet, or a file or folder of the trunk, trained on ImageNet"
    )
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--resamples", type=at_least(1, int), default=RESAMPLES, help="of lesions, for the intervals")
    parser.add_argument("--cache", type=Path, help="folder that keeps the features (default: the one of --work)")
    return parser


def parse_frozen_study(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of `frozen_study_parser`, or end with what is missing."""
    options = parser.parse_args(arguments)
    if not (options.work / "canvas.npy").exists():
        parser.error(f"{options.work} holds no canvas.npy; run training.data.manifest first")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options.cache = options.cache or options.work
    options.weights = trunk_in(options.weights, "mobilenetv2")
    return options
