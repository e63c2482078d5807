"""The network of a recipe in place of a frozen one: its head and its last block learn in every arm of the study."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from training.fitting.loop import build
from training.fitting.phases import make_optimizer, part_after
from training.networks.architectures import logits_model
from training.recipe import Recipe

if TYPE_CHECKING:
    import keras

HEAD, TOP = 0, 1  # places of the recipe's phases
POOL = "pool"


class FineTuned(ClassifierMixin, BaseEstimator):
    """The first two steps of a recipe on kept maps, without augmentation: the head on pooled maps, then all after them.

    Parameters
    ----------
    recipe : Recipe
        With at least two phases and a plain cross entropy; ``weights`` a file, "imagenet" or "none".
    layer : str
        Whose output the maps are; the layers after it learn.
    """

    def __init__(self, recipe: Recipe, layer: str):
        self.recipe, self.layer = recipe, layer

    def fit(self, maps: np.ndarray, targets: np.ndarray) -> "FineTuned":
        """Learn from maps, shape (n, height, width, channels), and class numbers, shape (n,)."""
        import keras

        keras.utils.set_random_seed(self.recipe.seed)
        network = logits_model(build(self.recipe))
        self.network_ = part_after(network, self.layer)
        pooling = keras.Model(network.get_layer(self.layer).output, network.get_layer(POOL).output)
        self.classes_ = np.unique(targets)
        self._learn(part_after(network, POOL), _in_parts(pooling, maps), targets, HEAD)
        self._learn(self.network_, maps, targets, TOP)
        return self

    def _learn(self, network: "keras.Model", inputs: np.ndarray, targets: np.ndarray, place: int) -> None:
        import keras

        phase, batch = self.recipe.planned[place], self.recipe.batch
        network.compile(
            make_optimizer(self.recipe, phase.epochs * -(-len(inputs) // batch), phase.rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        network.fit(inputs, targets, batch_size=batch, epochs=phase.epochs, verbose=0)

    def predict_proba(self, maps: np.ndarray) -> np.ndarray:
        """Return probabilities, shape (n, classes of the recipe)."""
        import scipy.special

        return scipy.special.softmax(_in_parts(self.network_, maps), axis=1)


def _in_parts(network: "keras.Model", maps: np.ndarray, batch: int = 64) -> np.ndarray:
    parts = [network.predict_on_batch(maps[at : at + batch].astype(np.float32)) for at in range(0, len(maps), batch)]
    return np.concatenate(parts)
