"""EfficientNet-Lite0 to Lite2 (Tan and Le, ICML 2019; Liu 2020): Keras ships EfficientNet, not the Lite networks.

Lite networks leave out squeeze-and-excitation and clip their rectifiers at 6. On the machine of the comparison table
(``milliseconds`` in results/comparison.csv) Lite2 answers in about half the time of a ResNet50V2.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from training.pretrained import WeightsError, check_file

# Lite0: blocks, kernel, stride of the first block, expansion, channels. The first and last stage are never deepened.
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
STEM, TOP = 32, 1280


@dataclass(frozen=True)
class Lite:
    """One of the family: factors on Lite0's channels and blocks, and what its layers' names begin with."""

    width: float
    depth: float
    prefix: str


LITE = {
    "efficientnet_lite0": Lite(1.0, 1.0, "lite0"),
    "efficientnet_lite1": Lite(1.0, 1.1, "lite1"),
    "efficientnet_lite2": Lite(1.1, 1.2, "lite"),
}


def lite_features(scaled: keras.KerasTensor, lite: Lite) -> keras.KerasTensor:
    """Return the maps (edge / 32, edge / 32, 1280) of a photo in [-1, 1], before any training."""
    stem = f"{lite.prefix}_stem"
    maps = _normalised(keras.layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name=stem), scaled, stem)
    number = 0
    for stage, (blocks, kernel, stride, expansion, channels) in enumerate(STAGES):
        deepened = blocks if stage in (0, len(STAGES) - 1) else math.ceil(blocks * lite.depth)
        for place in range(deepened):
            step = 1 if place else stride
            maps = _block(maps, kernel, step, expansion, _rounded(channels * lite.width), f"{lite.prefix}_{number}")
            number += 1
    top = f"{lite.prefix}_top"
    return _normalised(keras.layers.Conv2D(TOP, 1, use_bias=False, name=top), maps, top)


def copy_lite(state: dict[str, np.ndarray], trunk: keras.Model, path: str | Path) -> None:
    """Copy the published weights, whose tensors stand in the order of our layers.

    Parameters
    ----------
    state : dict
        As `read_state` returns it; the classifier of 1,000 ImageNet classes is left out.
    trunk : Model
        From a photo to `lite_features`.
    path : str or Path
        Where the weights came from, for the message.

    Raises
    ------
    WeightsError
        If they belong to another network.
    """
    given = [
        values
        for name, values in state.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    ]
    for layer in trunk.layers:
        count = len(layer.weights)
        values, given = given[:count], given[count:]
        if isinstance(layer, keras.layers.DepthwiseConv2D):  # PyTorch: (channels, 1, rows, columns)
            values = [kernel.transpose(2, 3, 0, 1) for kernel in values if kernel.ndim == 4]
        elif isinstance(layer, keras.layers.Conv2D):  # PyTorch: (out, in, rows, columns)
            values = [kernel.transpose(2, 3, 1, 0) for kernel in values if kernel.ndim == 4]
        if [value.shape for value in values] != [tuple(weight.shape) for weight in layer.weights]:
            raise WeightsError(f"{path} does not fit this network at layer {layer.name}.")
        layer.set_weights(values)
    if given:
        raise WeightsError(f"{path} does not fit this network: it has more layers.")


def read_state(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays in a PyTorch file of weights, by name.

    Raises
    ------
    WeightsError
        If there is no such file, or PyTorch, which reads it, is not installed.
    """
    check_file(path)
    try:
        import torch
    except ImportError as error:
        raise WeightsError("Reading EfficientNet-Lite's weights needs PyTorch: pip install torch.") from error
    return {name: values.numpy() for name, values in torch.load(path, weights_only=True).items()}


def _block(maps, kernel: int, stride: int, expansion: int, channels: int, name: str):
    """Inverted residual (Sandler 2018): widen, filter every channel by itself, narrow without a rectifier."""
    entering, given = maps, maps.shape[-1]
    if expansion > 1:
        widen = keras.layers.Conv2D(given * expansion, 1, use_bias=False, name=f"{name}_expand")
        maps = _normalised(widen, maps, f"{name}_expand")
    filters = keras.layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depthwise")
    maps = _normalised(filters, maps, f"{name}_depthwise")
    narrow = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")
    maps = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_bn")(narrow(maps))
    if stride == 1 and given == channels:
        maps = keras.layers.Add(name=f"{name}_add")([entering, maps])
    return maps


def _normalised(convolution: keras.Layer, maps, name: str):
    normalised = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(convolution(maps))
    return keras.layers.ReLU(6, name=f"{name}_relu")(normalised)


def _rounded(channels: float) -> int:
    """Return the nearest multiple of 8, not a tenth below."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
