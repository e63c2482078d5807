"""The mean of two networks' weights as one network, for two that were trained from the same pretrained weights."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd

from training.data.batches import plain_views
from training.data.splits import TRAIN
from training.networks.architectures import logits_model
from training.networks.batch_norm import CONVOLUTIONS, fold_batch_norm
from training.recipe import Recipe, RecipeError

BATCH, BATCHES = 32, 32  # photos at a time, and how many times


def merge(first: keras.Model, second: keras.Model, share: float, photos: np.ndarray) -> keras.Model:
    """Return a network whose weights are ``share`` of the second's and the rest of the first's.

    Two networks trained from the same pretrained weights lie close enough for their mean to work (Wortsman et al.,
    ICML 2022), but its maps have less contrast than either's. So every convolution's output gets the mean of both
    networks' channel means and standard deviations (REPAIR, Jordan et al., ICLR 2023): batch normalisation has them as
    shift and scale, and the merged network's own statistics.

    Parameters
    ----------
    first, second : Model
        The same architecture, up to its logits, each convolution followed by batch normalisation. Both are left as
        they are.
    share : float
        Between 0, the first, and 1, the second.
    photos : ndarray, shape (n, size, size, 3), range [0, 255]
        Training photos for the statistics; some hundred are enough.

    Raises
    ------
    RecipeError
        If the networks differ, or a convolution has no batch normalisation of its own.
    """
    if [w.shape for w in first.weights] != [w.shape for w in second.weights]:
        raise RecipeError("Only networks of the same architecture can be merged.")
    merged = keras.models.clone_model(first)
    merged.set_weights([_mean(a, b, share) for a, b in zip(first.get_weights(), second.get_weights(), strict=True)])
    folded = [fold_batch_norm(network) for network in (first, second)]
    kernels = [_convolutions(network) for network in folded]
    ours = _convolutions(merged)
    after = [layer for layer in merged.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if len(after) != len(ours) or any(len(layer.get_weights()) != 4 for layer in after):
        raise RecipeError("A network can be merged only where batch normalisation follows each convolution.")
    moments = [_moments(network, layers, photos) for network, layers in zip(folded, kernels, strict=True)]
    # Normalisation hides how a kernel is scaled, so the kernels are averaged as they act in the two networks.
    for place, (convolution, normalisation) in enumerate(zip(ours, after, strict=True)):
        a, b = (layers[place].get_weights()[0] for layers in kernels)
        convolution.set_weights([_mean(a, b, share)])
        mean, deviation = (_mean(moments[0][place][k], moments[1][place][k], share) for k in (0, 1))
        normalisation.set_weights([deviation, mean, mean, deviation**2])
    _renew_statistics(merged, after, photos)
    return merged


def _mean(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return (1 - share) * first + share * second


def _convolutions(network: keras.Model) -> list[keras.Layer]:
    return [layer for layer in network.layers if isinstance(layer, CONVOLUTIONS)]


def _moments(network: keras.Model, layers: list[keras.Layer], photos: np.ndarray) -> list[tuple]:
    """Return mean and standard deviation of each channel of each layer's output."""
    maps = [layer.output for layer in layers]
    pooled = [keras.ops.mean(values, (1, 2)) for one in maps for values in (one, one**2)]
    sums = keras.Model(network.input, pooled).predict(photos, batch_size=BATCH, verbose=0)
    means = [np.asarray(values, np.float64).mean(0) for values in sums]
    pairs = zip(means[::2], means[1::2], strict=True)
    return [(mean, np.sqrt(np.maximum(square - mean**2, 1e-8))) for mean, square in pairs]


def _renew_statistics(network: keras.Model, layers: list[keras.Layer], photos: np.ndarray) -> None:
    """Give each batch normalisation the mean statistics of batches that passed those before it as in training."""
    usual = [layer.momentum for layer in layers]
    for number, start in enumerate(range(0, len(photos) - BATCH + 1, BATCH)):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the running mean of all batches so far
        network(photos[start : start + BATCH], training=True)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum


def merging_photos(recipe: Recipe, canvas, manifest: pd.DataFrame) -> np.ndarray:
    """Return plain training photos of the recipe's sets: uint8, shape (n, size, size, 3)."""
    rows = manifest[manifest.split == TRAIN]
    some = rows.sample(min(len(rows), BATCH * BATCHES), random_state=recipe.seed)
    return plain_views(canvas, some.canvas_row.to_numpy(), recipe.size)


def merge_files(recipe: Recipe, first: Path, second: Path, photos: np.ndarray, path: Path) -> Path:
    """Merge two trained networks, see `merge`, with the recipe's share, and save the result; return where."""
    networks = [logits_model(keras.models.load_model(file, compile=False)) for file in (first, second)]
    merge(*networks, recipe.merge_share, photos.astype(np.float32)).save(path)
    return path
