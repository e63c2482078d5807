"""The bundle's Keras network: what the exported one is made from and compared with. TensorFlow runs it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # both must be set before TensorFlow and Keras are imported
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from model.card import VIEWS, Card
from model.errors import BundleError
from model.network.engines import FEATURES, INPUT, LOGITS, POOLED, RawOutput


class KerasEngine:
    """The bundle's Keras network as one compiled TensorFlow function."""

    def __init__(self, card: Card, network: "keras.Model") -> None:
        self.card, self.network = card, network
        self.kernel, self.bias = (np.array(weight) for weight in network.get_layer(card.logits_layer).get_weights())
        self._forward = served_function(card, network)

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        found = {name: output.numpy() for name, output in self._forward(photos).items()}
        return RawOutput(found[LOGITS], found[POOLED], found[FEATURES])


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


def served_function(card: Card, network: "keras.Model"):
    """Return the function that is served and exported: photos (n, size, size, 3) -> outputs by their names.

    Views are made by slicing with constants: a tensor of axes would become an input of the ONNX graph.
    """
    inner = keras.Model(network.input, [network.get_layer(n).output for n in (card.logits_layer, card.feature_layer)])
    views = [_reversing(VIEWS[view]) for view in card.views]

    @tf.function(input_signature=[tf.TensorSpec((None, card.size, card.size, 3), tf.float32, name=INPUT)])
    def forward(photos):
        seen = tf.concat([photos[view] for view in views], axis=0) if len(views) > 1 else photos[views[0]]
        logits, features = inner(seen, training=False)
        upright = [part[view] for part, view in zip(tf.split(features, len(views)), views, strict=True)]
        maps = tf.add_n(upright) / len(views)
        mean = tf.add_n(tf.split(logits, len(views))) / len(views)
        return {LOGITS: mean, POOLED: tf.reduce_mean(maps, (1, 2)), FEATURES: maps}

    return forward


def _reversing(axes: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index that reverses these axes of a batch (n, height, width, 3); applied twice it undoes itself."""
    return tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(4))
