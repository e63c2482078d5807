"""A second output that tells the image set, and a trunk that learns to give it nothing to tell by."""

import keras
import numpy as np

from training.data.batches import TrainingBatches


class ReversedGradient(keras.layers.Layer):
    """Passes its input on, and the gradient back with its sign changed (Ganin et al., JMLR 2016).

    Parameters
    ----------
    strength : float
        Factor on the gradient.
    """

    def __init__(self, strength: float, **options):
        super().__init__(**options)
        self.strength = strength

    def call(self, inputs):
        """Return the input; whatever differentiates it sees ``-strength`` times its gradient."""
        return (1 + self.strength) * keras.ops.stop_gradient(inputs) - self.strength * inputs


class SourceBatches(keras.utils.PyDataset):
    """The same batches with the image set beside the class: targets of shape (batch, classes + sets)."""

    def __init__(self, batches: TrainingBatches, sources: np.ndarray, sets: int):
        super().__init__(workers=batches.workers, use_multiprocessing=False, max_queue_size=batches.max_queue_size)
        self.batches, self.sources, self.sets = batches, sources, sets

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int):
        photos, targets, weights = self.batches[index]
        told = np.eye(self.sets, dtype=np.float32)[self.sources[self.batches.chosen(index)]]
        return photos, np.concatenate([targets, told], axis=1), weights


def with_source_head(network: keras.Model, sets: int, strength: float) -> keras.Model:
    """Return a network up to its logits with the logits of the image set after them, read from reversed features."""
    pooled = ReversedGradient(strength, name="reversed")(network.get_layer("pool").output)
    hidden = keras.layers.Dense(128, activation="relu", name="source_hidden")(pooled)
    told = keras.layers.Dense(sets, dtype="float32", name="source")(hidden)
    return keras.Model(network.input, keras.layers.Concatenate(dtype="float32")([network.output, told]))


def both_losses(loss: keras.losses.Loss, classes: int) -> keras.losses.Loss:
    """Return the loss of the class plus that of the image set, for the outputs of `with_source_head`."""
    other = keras.losses.CategoricalCrossentropy(from_logits=True)

    class Both(keras.losses.Loss):
        def call(self, y_true, y_pred):
            own = loss.call(y_true[:, :classes], y_pred[:, :classes])
            return own + other.call(y_true[:, classes:], y_pred[:, classes:])

    return Both()
