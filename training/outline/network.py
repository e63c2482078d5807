"""The small network that reads the lesion's outline from maps of the frozen one, and how it learns.

A feature pyramid (Lin et al., CVPR 2017): the coarse maps say where the lesion is, each finer pair where it ends.
The loss is cross-entropy plus one less the soft Jaccard index (Yuan et al., IEEE TMI 36:1876, 2017).
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops

from training.outline.examples import Examples

LAYERS = (
    "block_2_add", "lite_3_add",  # a cell is 4 pixels of the view
    "block_5_add", "lite_6_add",  # 8
    "block_12_add", "lite_14_add",  # 16
    "block_15_add", "lite_19_add",  # 32
)  # fmt: skip
WIDTHS = {4: 32, 8: 64, 16: 64, 32: 64}  # channels, by the pixels of the view in a cell
MOMENTUM = 0.99  # of the running means of batch normalisation
DROPPED = 0.1  # share of the channels at the coarsest step that are dropped in training
RATE, DECAY, BATCH = 3e-3, 1e-4, 32
EPOCHS, EPOCH_VIEWS = 20, 3200
WARM_UP = 0.05  # share of the steps
JUDGED = 0.5  # threshold for choosing an epoch; the one that is packed is fitted later


def outline_network(shapes: Mapping[str, tuple[int, ...]], size: int) -> keras.Model:
    """Return a network from the maps of the named layers to the chance of each pixel to be in the lesion.

    Parameters
    ----------
    shapes : mapping of str to tuple
        Rows, columns and channels of each layer's maps, from fine to coarse; a name is also the input's name.
    size : int
        Edge length of the view in pixels, a multiple of every map's.

    Returns
    -------
    Model
        Inputs in the order of ``shapes``; output float32, shape (n, size, size, 1), range [0, 1], in the frame of the
        view.
    """
    inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    by_cell: dict[int, list] = {}
    for name, shape in shapes.items():
        by_cell.setdefault(size // shape[0], []).append(inputs[name])
    cells = sorted(by_cell, reverse=True)
    found = None
    for cell in cells:
        here = by_cell[cell]
        joined = layers.Concatenate(name=f"maps_{cell}")(here) if len(here) > 1 else here[0]
        lateral = layers.BatchNormalization(momentum=MOMENTUM, name=f"scaled_{cell}")(joined)
        lateral = layers.Conv2D(WIDTHS[cell], 1, use_bias=False, name=f"lateral_{cell}")(lateral)
        if found is None:
            lateral = layers.SpatialDropout2D(DROPPED, name="drop")(lateral)
        else:
            coarse = layers.Conv2D(WIDTHS[cell], 1, use_bias=False, name=f"coarse_{cell}")(found)
            enlarged = layers.UpSampling2D(_step(cells, cell), interpolation="bilinear", name=f"enlarged_{cell}")
            lateral = layers.Add(name=f"joined_{cell}")([lateral, enlarged(coarse)])
        found = _refined(lateral, cell)
    found = layers.Conv2D(WIDTHS[cells[-1]], 3, padding="same", activation="relu", name="last")(found)
    logits = layers.Conv2D(1, 1, name="inside_logits")(found)
    logits = layers.UpSampling2D(cells[-1], interpolation="bilinear", name="enlarged")(logits)
    return keras.Model(list(inputs.values()), layers.Activation("sigmoid", name="inside")(logits), name="outline")


def _step(cells: list[int], cell: int) -> int:
    """Return how many times finer a cell is than the one before it."""
    return cells[cells.index(cell) - 1] // cell


def _refined(maps, cell: int):
    scaled = layers.BatchNormalization(momentum=MOMENTUM, name=f"norm_{cell}")(maps)
    convolved = layers.Conv2D(WIDTHS[cell], 3, padding="same", use_bias=False, name=f"conv_{cell}")(
        layers.ReLU(name=f"relu_{cell}")(scaled)
    )
    return layers.ReLU(name=f"out_{cell}")(
        layers.BatchNormalization(momentum=MOMENTUM, name=f"conv_norm_{cell}")(convolved)
    )


def layers_read(drawn: keras.Model) -> tuple[str, ...]:
    """Return the layers of the bundle's network whose maps a network from `outline_network` reads, in their order."""
    return tuple(one.name for one in drawn.inputs)


def overlap_loss(true, chance):
    """Return cross-entropy plus one less the soft Jaccard index, a number a view; both (n, size, size, 1)."""
    chance = ops.clip(chance, 1e-5, 1 - 1e-5)
    entropy = -ops.mean(true * ops.log(chance) + (1 - true) * ops.log(1 - chance), axis=(1, 2, 3))
    both = ops.sum(true * chance, axis=(1, 2, 3))
    either = ops.sum(true + chance - true * chance, axis=(1, 2, 3))
    return entropy + 1 - (both + 1) / (either + 1)


class Batches(keras.utils.PyDataset):
    """Shuffled batches of examples; an epoch takes as many views as it is told, and the next goes on from there."""

    def __init__(self, examples: Examples, count: int, batch: int = BATCH, seed: int = 0):
        super().__init__(workers=1)
        self.examples, self.count, self.batch = examples, min(count, len(examples.masks)), batch
        self.random = np.random.default_rng(seed)
        self.order = self.random.permutation(len(examples.masks))
        self.start = 0

    def __len__(self) -> int:
        return max(1, self.count // self.batch)

    def __getitem__(self, number: int) -> tuple[tuple, np.ndarray]:
        places = np.sort(np.take(self.order, np.arange(self.batch) + self.start + number * self.batch, mode="wrap"))
        return batch_of(self.examples, places)

    def on_epoch_end(self) -> None:
        """Go on where this epoch stopped; shuffle again once all views were seen."""
        self.start += len(self) * self.batch
        if self.start >= len(self.order):
            self.order, self.start = self.random.permutation(self.order), 0


def batch_of(examples: Examples, places: np.ndarray) -> tuple[tuple, np.ndarray]:
    """Return maps, a tuple of float32 arrays, and masks, float32 (n, size, size, 1), of some examples."""
    maps = tuple(layer[places].astype(np.float32) for layer in examples.maps)
    return maps, examples.masks[places][..., None].astype(np.float32)


def chances(network: keras.Model, examples: Examples, batch: int = 64) -> np.ndarray:
    """Return the chance of each pixel to be in the lesion: float16, shape (n, size, size)."""
    starts = range(0, len(examples.masks), batch)
    found = [
        network.predict_on_batch(batch_of(examples, np.arange(start, min(start + batch, len(examples.masks))))[0])
        for start in starts
    ]
    return np.concatenate(found)[..., 0].astype(np.float16)


def overlap(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Dice's and Jaccard's index of masks, bool (..., rows, columns), for each pair; 1 for two empty ones."""
    both = np.logical_and(one, other).sum(axis=(-2, -1)).astype(float)
    areas = one.sum(axis=(-2, -1)).astype(float) + other.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore"):
        return np.where(areas > 0, 2 * both / areas, 1.0), np.where(areas > 0, both / (areas - both), 1.0)


class KeepBest(keras.callbacks.Callback):
    """Judges each epoch by the mean Jaccard index on validation, and ends with the best epoch's weights."""

    def __init__(self, judged: Examples):
        super().__init__()
        self.judged, self.best = judged, -1.0
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        found = overlap(chances(self.model, self.judged) > JUDGED, self.judged.masks > 0)[1].mean()
        print(f"epoch {epoch + 1}: loss {(logs or {}).get('loss', float('nan')):.3f}, Jaccard {found:.4f}", flush=True)
        if found > self.best:
            self.best, self.weights = float(found), self.model.get_weights()

    def on_train_end(self, logs: dict | None = None) -> None:
        self.model.set_weights(self.weights)


def learn(
    names: tuple[str, ...], train: Examples, judged: Examples, epochs: int = EPOCHS, views: int = EPOCH_VIEWS
) -> keras.Model:
    """Return a network that learnt from ``train``, of the epoch that is best on ``judged``.

    Parameters
    ----------
    names : tuple of str
        Of the layers whose maps the examples have, in their order.
    train, judged : Examples
    epochs : int
    views : int
        In each epoch.
    """
    keras.utils.set_random_seed(0)
    size = train.masks.shape[1]
    network = outline_network({name: maps.shape[1:] for name, maps in zip(names, train.maps, strict=True)}, size)
    batches = Batches(train, views)
    steps = epochs * len(batches)
    warm_up = max(1, int(WARM_UP * steps))
    rate = keras.optimizers.schedules.CosineDecay(RATE / 10, steps - warm_up, 0.01, warmup_target=RATE,
                                                  warmup_steps=warm_up)  # fmt: skip
    network.compile(keras.optimizers.AdamW(rate, weight_decay=DECAY), overlap_loss)
    network.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[KeepBest(judged)])
    return network
