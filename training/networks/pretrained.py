"""Weights from elsewhere into a network: of a trunk in a file, or of an earlier stage."""

from pathlib import Path

import keras
import numpy as np

from training.recipe import RecipeError


class WeightsError(RecipeError):
    """Pretrained weights are missing or belong to another network."""


def check_file(path: str | Path) -> None:
    """Raise `WeightsError` where there is no file of weights."""
    if not Path(path).is_file():
        raise WeightsError(f"Pretrained weights {path} are missing; give 'imagenet', 'none' or a file.")


def trunk_file(path: str) -> keras.Model:
    """Return the network in a Keras file, or raise `WeightsError` where there is none."""
    check_file(path)
    return keras.models.load_model(path, compile=False)


def copy_by_name(source: keras.Model, model: keras.Model, path: str) -> None:
    """Copy every layer to the one of that name, or raise `WeightsError`, which names ``path``."""
    for layer in source.layers:
        if not layer.weights:
            continue
        try:
            model.get_layer(layer.name).set_weights(layer.get_weights())
        except ValueError as error:
            raise WeightsError(f"{path} does not fit this network at layer {layer.name}: {error}") from error


def copy_in_order(source: keras.Model, trunk: keras.Model, path: str) -> None:
    """Copy layer by layer, for networks whose layers get new numbers each time one is built.

    A batch normalisation that does not scale gives its weights to one that does, which then scales by 1.
    """
    ours = [layer for layer in trunk.layers if layer.weights]
    theirs = [_weights_of(layer) for layer in source.layers if layer.weights]
    if [[w.shape for w in layer.weights] for layer in ours] != [[w.shape for w in given] for given in theirs]:
        raise WeightsError(f"{path} does not fit this network.")
    for layer, given in zip(ours, theirs, strict=True):
        layer.set_weights(given)


def _weights_of(layer: keras.Layer) -> list[np.ndarray]:
    given = layer.get_weights()
    if isinstance(layer, keras.layers.BatchNormalization) and not layer.scale:
        return [np.ones_like(given[0]), *given]
    return given


def copy_matching(source: keras.Model, network: keras.Model) -> None:
    """Take over the weights of an earlier stage: all of the same network, else of layers with the same name and shape.

    Raises
    ------
    WeightsError
        If no layer matches.
    """
    if [w.shape for w in source.weights] == [w.shape for w in network.weights]:
        network.set_weights(source.get_weights())
        return
    theirs, copied = {layer.name: layer for layer in source.layers}, 0
    for layer in network.layers:
        other = theirs.get(layer.name)
        if other is not None and layer.weights and [w.shape for w in other.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(other.get_weights())
            copied += 1
    if not copied:
        raise WeightsError("No layer of the earlier stage fits this network.")
