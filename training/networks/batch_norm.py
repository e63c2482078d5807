"""Batch-norm folding: into the convolutions before it, for serving."""

from collections import Counter

import keras
import numpy as np

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def fold_batch_norm(network: keras.Model) -> keras.Model:
    """Return the network as it answers, without the batch normalisations that follow a convolution directly.

    What is normalised with stored statistics is only scaled and shifted, a channel at a time, which a kernel and a
    bias can do as well (Jacob et al., CVPR 2018, section 3.2). One whose input something else needs too, or that
    follows anything but a linear convolution, stays.

    Parameters
    ----------
    network : Model
        A flat graph whose layers are each called once; it is left as it is.
    """
    folded = _foldable(network)
    gone = {normalisation.name for normalisation in folded.values()}

    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if layer.name in folded:
            config |= {"use_bias": True, "bias_initializer": "zeros"}
        return type(layer).from_config(config)

    def called(layer: keras.Layer, *values, **options):
        return values[0] if layer.name in gone else layer(*values, **options)

    made = keras.models.clone_model(network, clone_function=copied, call_function=called)
    for layer in made.layers:
        if not layer.weights:
            continue
        ours = network.get_layer(layer.name)
        given = _scaled(ours, folded[layer.name]) if layer.name in folded else ours.get_weights()
        layer.set_weights(given)
    return made


def _foldable(network: keras.Model) -> dict[str, keras.layers.BatchNormalization]:
    """Return the normalisation that each convolution can take in, by the convolution's name."""
    sources = {id(layer.output): layer for layer in network.layers}
    needed = Counter(id(values) for layer in network.layers for values in keras.tree.flatten(layer.input))
    needed.update(id(values) for values in network.outputs)
    found = {}
    for layer in network.layers:
        if not isinstance(layer, keras.layers.BatchNormalization) or layer.axis not in (-1, 3):
            continue
        source = sources.get(id(layer.input))
        if not isinstance(source, CONVOLUTIONS) or source.activation is not keras.activations.linear:
            continue
        if source.data_format == "channels_last" and needed[id(layer.input)] == 1:
            found[source.name] = layer
    return found


def _scaled(convolution: keras.Layer, normalisation: keras.layers.BatchNormalization) -> list[np.ndarray]:
    """Return kernel and bias of a convolution that gives what came out of the normalisation."""
    kernel, *bias = (weight.astype(np.float64) for weight in convolution.get_weights())
    *affine, mean, variance = (weight.astype(np.float64) for weight in normalisation.get_weights())
    slope = (affine.pop(0) if normalisation.scale else 1.0) / np.sqrt(variance + normalisation.epsilon)
    shift = (affine.pop(0) if normalisation.center else 0.0) + ((bias[0] if bias else 0.0) - mean) * slope
    depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)  # its kernel: (rows, columns, channels, 1)
    return [kernel * (slope.reshape(-1, convolution.depth_multiplier) if depthwise else slope), shift]
