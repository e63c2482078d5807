"""Networks that have forgotten something: a map that does not change with them shows no network (Adebayo 2018)."""

from functools import partial

import numpy as np

from model.card import Card
from model.network.engines import Engine, RawOutput
from model.predict import Classifier
from training.gate.pictures import seeded

HEAD, LAST_STAGE, ALL_LAYERS = "same map, random head", "same map, random last stage", "same map, random layers"


class OtherHead:
    """An engine with the trunk of another and a dense layer whose weights are shuffled.

    Shuffled instead of drawn anew, so that logits keep their range.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self.bias = engine, engine.bias
        self.kernel = seeded("head", name).permutation(engine.kernel.ravel()).reshape(engine.kernel.shape)

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        raw = self._engine.run(photos, features)
        return RawOutput(raw.pooled @ self.kernel + self.bias, raw.pooled, raw.features)


def other_head(classifier: Classifier, name: str) -> Classifier:
    """Return a classifier whose head was shuffled, by a photo's name."""
    return Classifier(classifier.card, OtherHead(classifier.engine, name))


def shuffled_layers(card: Card, last_stage: bool) -> Classifier:
    """Return the Keras network with the weights of each kernel shuffled, of every layer or of those of the last stage.

    The last stage is what works at the resolution of the feature maps or below. The head and what is no kernel, such
    as biases, stay as they are.
    """
    from model.network.keras_engine import KerasEngine, load_network  # brings TensorFlow, which takes seconds

    network = load_network(card)
    grid = network.get_layer(card.feature_layer).output.shape[1]
    random = np.random.default_rng(2018)
    for layer in network.layers:
        shape = layer.output.shape
        if layer.name == card.logits_layer or not layer.weights or (last_stage and not _within(shape, grid)):
            continue
        layer.set_weights([_shuffled(weight, random) for weight in layer.get_weights()])
    return Classifier(card, KerasEngine(card, network))


DEEPER = {LAST_STAGE: partial(shuffled_layers, last_stage=True), ALL_LAYERS: partial(shuffled_layers, last_stage=False)}


def _within(shape: tuple, grid: int) -> bool:
    return len(shape) == 4 and shape[1] <= grid


def _shuffled(weight: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return random.permutation(weight.ravel()).reshape(weight.shape) if weight.ndim > 1 else weight
