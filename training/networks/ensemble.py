"""Put trained networks together into one whose logits are the mean of theirs."""

import dataclasses
from pathlib import Path
from zipfile import BadZipFile

import keras
import numpy as np

from training.data.label_sets import LABEL_SETS
from training.networks.architectures import NO_WEIGHTS, build_network
from training.networks.pretrained import WeightsError, copy_in_order
from training.recipe import Recipe, RecipeError

JOINED = "joined.keras"  # in a run's folder: its members put together, before anything else is learnt


def trunks_of(network: keras.Model) -> list[keras.Model]:
    """Return the networks from the photo to the maps of each trunk of a joined network, in their order."""
    return [keras.Model(network.input, maps) for maps in network.get_layer("all_trunks").input]


def load_joined(path: Path) -> keras.Model:
    """Return a network of several trunks from its file.

    Raises
    ------
    RecipeError
        If it is damaged, or of another kind.
    """
    try:
        network = keras.models.load_model(path, compile=False)
        for layer in ("logits", "all_trunks"):
            network.get_layer(layer)
    except (ValueError, OSError, BadZipFile):
        raise RecipeError(f"{path} is no network that joins several; copy it again.") from None
    return network


def combine(members: list[keras.Model], network: keras.Model) -> None:
    """Fill a network of several trunks with those of trained members.

    Every trunk is copied, and the dense layers are stacked: logits of the joined network are the mean of the
    members' logits, which is an ensemble (Hansen and Salamon, 1990) in one graph, with one set of heat maps.

    Parameters
    ----------
    members : list of Model
        Each ends in pooling and the layer "logits", in the order in which the network puts the trunks together.
    network : Model
        Such as `training.networks.architectures.side_by_side`; its weights are replaced.

    Raises
    ------
    RecipeError
        If the members are not the network's trunks.
    """
    try:
        for member, trunk in zip(members, trunks_of(network), strict=True):
            copy_in_order(keras.Model(member.input, member.get_layer("pool").input), trunk, member.name)
    except (WeightsError, ValueError):
        raise RecipeError("The members are not the trunks of this network, in its order.") from None
    heads = [member.get_layer("logits").get_weights() for member in members]
    kernel = np.concatenate([kernel for kernel, _ in heads]) / len(heads)
    network.get_layer("logits").set_weights([kernel, sum(bias for _, bias in heads) / len(heads)])


def combine_files(recipe: Recipe, members: list[Path], path: Path) -> Path:
    """Join trained networks into the recipe's, at its input size, and save it; return where."""
    classes = len(LABEL_SETS[recipe.label_set].codes)
    network = build_network(dataclasses.replace(recipe, weights=NO_WEIGHTS), classes)
    combine([keras.models.load_model(member, compile=False) for member in members], network)
    network.save(path)
    return path
