"""Make batch normalisation learnable again in a trunk whose normalisation was folded into its kernels."""

import keras
import numpy as np


def unfold(network: keras.Model, batches, number: int) -> None:
    """Give every batch normalisation the statistics of its input on training photos without changing any output.

    With mean m and standard deviation s of what reaches it, a layer that passed x on as a x + b now gives
    (a s) (x - m) / s + (b + a m), which is the same; but statistics of a training batch are now close to the stored
    ones, so that learning with them starts from the pretrained features instead of destroying them.

    Parameters
    ----------
    network : Model
        Every BatchNormalization of it must scale and centre; its weights are replaced.
    batches : sequence
        Of (photos, ...), photos of shape (n, size, size, 3) in [0, 255], such as `TrainingBatches`.
    number : int
        How many batches to take, from the first on.
    """
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    entering = keras.Model(network.input, [layer.input for layer in layers])
    sums, squares, counts = [0.0] * len(layers), [0.0] * len(layers), [0] * len(layers)
    for index in range(min(number, len(batches))):
        for place, values in enumerate(entering(batches[index][0], training=False)):
            values = keras.ops.convert_to_numpy(keras.ops.cast(values, "float32")).astype(np.float64)
            axes = tuple(range(values.ndim - 1))
            sums[place] += values.sum(axes)
            squares[place] += (values**2).sum(axes)
            counts[place] += values.size // values.shape[-1]
    for layer, total, square, count in zip(layers, sums, squares, counts, strict=True):
        gamma, beta, old_mean, old_variance = layer.get_weights()
        slope = gamma / np.sqrt(old_variance + layer.epsilon)
        mean = total / count
        variance = np.maximum(square / count - mean**2, 0)
        intercept = beta - slope * old_mean
        layer.set_weights([slope * np.sqrt(variance + layer.epsilon), intercept + slope * mean, mean, variance])
