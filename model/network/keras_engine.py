"""The bundle's Keras network: what the exported one is made from and compared with. TensorFlow runs it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # both must be set before TensorFlow and Keras are imported
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from model.card import VIEWS, Card
from model.errors import BundleError
from model.network.engines import FEATURES, INPUT, LOGITS, OUTLINE, POOLED, RawOutput


class KerasEngine:
    """The bundle's Keras network as one compiled TensorFlow function."""

    def __init__(self, card: Card, network: "keras.Model") -> None:
        self.card, self.network = card, network
        self.kernel, self.bias = (np.array(weight) for weight in network.get_layer(card.logits_layer).get_weights())
        self._forward = served_function(card, network, load_outline(card, network))

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        found = {name: output.numpy() for name, output in self._forward(photos).items()}
        if not features:
            return RawOutput(found[LOGITS], found[POOLED], found[FEATURES][:0], None)
        return RawOutput(found[LOGITS], found[POOLED], found[FEATURES], found.get(OUTLINE))


def load_network(card: Card) -> "keras.Model":
    """Read the weights' file and check its layers against the card's names.

    Raises
    ------
    BundleError
        ``no_weights``, ``weights_unreadable`` or ``no_layer``.
    """
    path = card.weights_path
    if not path.is_file():
        raise BundleError("no_weights", f"The weights {path.name} are missing next to card.json; restore them.")
    try:
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything from ValueError to BadZipFile
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BundleError("weights_unreadable", f"The weights {path.name} cannot be loaded: {reason}") from None
    names = {layer.name for layer in network.layers}
    for layer in (card.feature_layer, card.logits_layer):
        if layer not in names:
            raise BundleError("no_layer", f"The card names the layer '{layer}', which the network does not have.")
    return network


def load_outline(card: Card, network: "keras.Model") -> "keras.Model | None":
    """Read the network that draws outlines, if the card names one, and check that it reads this network's maps.

    Raises
    ------
    BundleError
        ``outline_stale`` or ``outline_unreadable``.
    """
    if card.outline is None:
        return None
    if card.outline.weights_sha256 != card.raw["weights"]["sha256"]:
        raise BundleError("outline_stale", "The outline was fitted to other weights; run training.outline again.")
    missing = set(card.outline.layers) - {layer.name for layer in network.layers}
    if missing:
        raise BundleError("outline_stale", f"The outline reads the layer '{min(missing)}', which the network lacks.")
    try:
        return keras.models.load_model(card.outline.path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything from ValueError to BadZipFile
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BundleError("outline_unreadable", f"{card.outline.path.name} cannot be loaded: {reason}") from None


def served_function(card: Card, network: "keras.Model", drawn: "keras.Model | None" = None):
    """Return the function that is served and exported: photos (n, size, size, 3) -> outputs by their names.

    ``drawn`` is the network that draws outlines from maps of the card's layers. A view's maps are turned back.
    Views are made by slicing with constants: a tensor of axes would become an input of the ONNX graph.
    """
    layers = (card.logits_layer, card.feature_layer, *(card.outline.layers if card.outline and drawn else ()))
    inner = keras.Model(network.input, [network.get_layer(name).output for name in layers])
    views = [_reversing(VIEWS[view]) for view in card.views]

    def upright(maps):
        turned = [part[view] for part, view in zip(tf.split(maps, len(views)), views, strict=True)]
        return tf.add_n(turned) / len(views)

    @tf.function(input_signature=[tf.TensorSpec((None, card.size, card.size, 3), tf.float32, name=INPUT)])
    def forward(photos):
        seen = tf.concat([photos[view] for view in views], axis=0) if len(views) > 1 else photos[views[0]]
        logits, features, *read = inner(seen, training=False)
        maps = upright(features)
        mean = tf.add_n(tf.split(logits, len(views))) / len(views)
        outlined = (
            {OUTLINE: upright(drawn(read if len(read) > 1 else read[0], training=False))[..., 0]} if drawn else {}
        )
        return {LOGITS: mean, POOLED: tf.reduce_mean(maps, (1, 2)), FEATURES: maps, **outlined}

    return forward


def _reversing(axes: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index that reverses these axes of a batch (n, height, width, 3); applied twice it undoes itself."""
    return tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(4))
