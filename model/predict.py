"""From a batch of photos to calibrated probabilities."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.card import Card, load_card
from model.errors import ContractError
from model.network.engines import ONNX_RUNTIME, Engine, OnnxEngine, RawOutput, default_engine


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
    """A bundle's network, warmed; safe to share between threads.

    Attributes
    ----------
    card : Card
    engine : Engine
    kernel : ndarray, float32, shape (channels, classes)
    bias : ndarray, float32, shape (classes,)
        Of the layer that makes logits from pooled features.
    """

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self.engine = engine
        self.kernel, self.bias = engine.kernel, engine.bias
        self.run(np.zeros((1, card.size, card.size, 3), np.float32))

    @classmethod
    def load(cls, bundle_dir: Path | str | None = None, engine: str | None = None, threads: int = 0) -> "Classifier":
        """Load the bundle's network and run it once, so that the first photo is as fast as the others.

        Parameters
        ----------
        bundle_dir : path, optional
        engine : str, optional
            Of `model.network.engines.NAMES`; by default ONNX Runtime if the bundle has a file for it.
        threads : int
            Of ONNX Runtime for one call, 0 for one on each core.

        Raises
        ------
        BundleError
            If the card is invalid, the weights cannot be read, or they lack what the card names.
        """
        card = load_card(bundle_dir)
        return cls(card, open_engine(card, engine, threads))

    def run(self, batch: np.ndarray, features: bool = True) -> RawOutput:
        """Run the network once over all views of a batch.

        Parameters
        ----------
        batch : ndarray, float32, shape (n, size, size, 3), range [0, 255]
        features : bool
            Whether the feature maps are wanted too.

        Raises
        ------
        ContractError
            If the batch has another type or shape.
        """
        expected = (self.card.size, self.card.size, 3)
        if batch.dtype != np.float32 or batch.shape[1:] != expected:
            raise ContractError("batch", f"Expected float32 photos (n, {expected}), got {batch.dtype} {batch.shape}.")
        return self.engine.run(batch, features)

    def predictions(self, logits: np.ndarray) -> list[Prediction]:
        """Calibrate logits (n, classes) with the card's temperature (Guo et al., ICML 2017)."""
        malignant = self.card.malignant
        rows = softmax(logits / self.card.temperature)
        return [Prediction(row, float(row[malignant].sum())) for row in rows]


def open_engine(card: Card, name: str | None = None, threads: int = 0) -> Engine:
    """Load a bundle's network.

    Parameters
    ----------
    card : Card
    name : str, optional
        Of `model.network.engines.NAMES`; by default ONNX Runtime if the bundle has a file for it.
    threads : int
        How many ONNX Runtime uses for one call, 0 for one on each core.

    Raises
    ------
    BundleError
        If the network's file is missing, cannot be read, or is not the one that the card describes.
    """
    if (name or default_engine(card)) == ONNX_RUNTIME:
        return OnnxEngine(card, threads)
    from model.network.keras_engine import KerasEngine, load_network  # brings TensorFlow, which takes seconds

    return KerasEngine(card, load_network(card))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return float64 probabilities (n, classes) that sum to 1 in every row."""
    logits = np.asarray(logits, np.float64)
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)
