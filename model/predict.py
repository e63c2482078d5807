"""One forward pass: logits and the feature maps behind them, for all views of a batch at once."""

import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # must be set before TensorFlow is imported
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from model.card import VIEWS, Card, load_card
from model.errors import BundleError, ContractError


@dataclass(frozen=True, eq=False)
class RawOutput:
    """What the network computed, averaged over the card's views.

    Parameters
    ----------
    logits : ndarray, float32, shape (n, classes)
        Uncalibrated.
    features : ndarray, float32, shape (n, rows, columns, channels)
        Maps that pooling and the last dense layer turn into these logits; a flipped view's are flipped back.
    """

    logits: np.ndarray
    features: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """A calibrated answer, or the reason why none should be shown.

    Parameters
    ----------
    probabilities : ndarray, float64, shape (classes,)
        In card order, summing to 1.
    malignant : float
        Sum over the classes that the card calls malignant.
    abstained : bool
        Whether the answer must not be shown; ``probabilities`` are still those of the network.
    reason : str or None
        Code of why, for example ``"blank"``; is kept when a refused photo is answered anyway.
    outside : float or None
        The gate's score, 0 to 1; None where the model has no gate.
    """

    probabilities: np.ndarray
    malignant: float
    abstained: bool = False
    reason: str | None = None
    outside: float | None = None

    @property
    def forced(self) -> bool:
        """Whether the answer is shown although the photo was refused."""
        return self.reason is not None and not self.abstained


class Classifier:
    """A bundle's network behind one warmed function; safe to share between threads.

    Attributes
    ----------
    card : Card
    kernel : ndarray, float32, shape (channels, classes)
    bias : ndarray, float32, shape (classes,)
        Of the layer that makes logits from pooled features.
    """

    def __init__(self, card: Card, network: "keras.Model") -> None:
        self.card = card
        self.network = network
        self.kernel, self.bias = (np.array(weight) for weight in network.get_layer(card.logits_layer).get_weights())
        self._forward = _compiled(card, network)
        self.run(np.zeros((1, card.size, card.size, 3), np.float32))

    @classmethod
    def load(cls, bundle_dir: Path | str | None = None) -> "Classifier":
        """Load the bundle's network and run it once, so that the first photo is as fast as the others.

        Raises
        ------
        BundleError
            If the card is invalid, the weights cannot be read, or they lack what the card names.
        """
        card = load_card(bundle_dir)
        return cls(card, load_network(card))

    def run(self, batch: np.ndarray) -> RawOutput:
        """Run the network once over all views of a batch.

        Parameters
        ----------
        batch : ndarray, float32, shape (n, size, size, 3), range [0, 255]

        Raises
        ------
        ContractError
            If the batch has another type or shape.
        """
        expected = (self.card.size, self.card.size, 3)
        if batch.dtype != np.float32 or batch.shape[1:] != expected:
            raise ContractError("batch", f"Expected float32 photos (n, {expected}), got {batch.dtype} {batch.shape}.")
        logits, features = self._forward(tf.constant(batch))
        return RawOutput(logits.numpy(), features.numpy())

    def predictions(self, logits: np.ndarray) -> list[Prediction]:
        """Calibrate logits (n, classes) with the card's temperature (Guo et al., ICML 2017)."""
        malignant = np.array([label.malignant for label in self.card.labels])
        rows = softmax(logits / self.card.temperature)
        return [Prediction(row, float(row[malignant].sum())) for row in rows]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return float64 probabilities (n, classes) that sum to 1 in every row."""
    logits = np.asarray(logits, np.float64)
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


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


def _compiled(card: Card, network: "keras.Model"):
    """Trace one function (n, size, size, 3) -> logits and features, averaged over the views."""
    outputs = [network.get_layer(name).output for name in (card.logits_layer, card.feature_layer)]
    inner = keras.Model(network.input, outputs)
    views = [tf.constant(VIEWS[view], tf.int32) for view in card.views]

    @tf.function(input_signature=[tf.TensorSpec((None, card.size, card.size, 3), tf.float32)])
    def forward(batch):
        seen = tf.concat([tf.reverse(batch, axes) for axes in views], axis=0)
        logits, features = inner(seen, training=False)
        maps = zip(tf.split(features, len(views)), views, strict=True)
        upright = [tf.reverse(part, axes) for part, axes in maps]  # reversing twice gives the photo's own direction
        return tf.add_n(tf.split(logits, len(views))) / len(views), tf.add_n(upright) / len(views)

    return forward
