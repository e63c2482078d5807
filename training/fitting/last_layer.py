"""The last layer learnt again from validation images, which the trunks have not learnt from; answers are out of fold.

A trunk knows its training images too well: their features are further apart than those of new ones. The few weights
between features and logits therefore learn from validation instead (last layer retraining, Kirichenko, Izmailov and
Wilson, ICLR 2023), drawn towards the layer that training left. What is fitted on validation afterwards (temperature,
thresholds, sets) reads answers of layers that have not learnt from the lesion they answer.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.model_selection import GroupKFold

from model.tables.output import write_file
from training.command import TrainingError
from training.data.label_sets import LABEL_SETS, labels_in
from training.data.splits import VALIDATION
from training.recipe import Recipe, RecipeError

if TYPE_CHECKING:
    import keras

FOLDS = 5
FILE = "folds.npz"  # in the run's folder
STEPS = 500
SCALES = (0.1, 10.0)  # images that are all right at once would have no end; a temperature is fitted afterwards
EXACT = 1e-7  # nats between two steps at which the search ends


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer: kernel of shape (channels, classes) and bias of shape (classes,)."""

    kernel: np.ndarray
    bias: np.ndarray

    def logits(self, pooled: np.ndarray) -> np.ndarray:
        """Return logits, shape (n, classes), of pooled features, shape (n, channels)."""
        return pooled @ self.kernel + self.bias


def learn_again(
    start: Layer, pooled: np.ndarray, labels: np.ndarray, penalty: float, prior: np.ndarray | float = 0.0
) -> Layer:
    """Return the layer with the least log loss on these images that stays close to ``start``.

    Logits are those of ``start`` times a scale, plus a change. The squared change of the kernel, in units of one
    standard deviation for all channels, costs ``penalty`` nats; scale and bias are free. One for all, as a channel that
    hardly varies here could otherwise be given a weight that an unusual photo turns into a certainty.

    Parameters
    ----------
    start : Layer
    pooled : ndarray, float, shape (n, channels)
        Features of images that the trunk has not learnt from.
    labels : ndarray of int, shape (n,)
    penalty : float
        Above 0; the larger, the less but scale and bias is learnt.
    prior : ndarray of float, shape (classes,), optional
        Added to the logits while learning, so that the layer answers without it: the log shares of the classes times an
        exponent make it call rare classes more often (Menon et al., ICLR 2021).
    """
    pooled = np.asarray(pooled, np.float64)
    mean = pooled.mean(axis=0)
    spread = np.sqrt(pooled.var(axis=0).mean())
    scaled, before = (pooled - mean) / spread, start.logits(pooled).astype(np.float64)
    images, (channels, classes) = len(labels), start.kernel.shape
    true = np.eye(classes)[labels]

    def split(values: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return values[0], values[1 : 1 + classes], values[1 + classes :].reshape(channels, classes)

    def cost(values: np.ndarray) -> tuple[float, np.ndarray]:
        scale, bias, change = split(values)
        logits = scale * before + scaled @ change + bias + prior
        loss = -(log_softmax(logits, axis=1) * true).sum() / images + penalty * (change**2).sum()
        slope = (softmax(logits, axis=1) - true) / images
        slopes = [[(slope * before).sum()], slope.sum(axis=0), (scaled.T @ slope + 2 * penalty * change).ravel()]
        return loss, np.concatenate(slopes)

    first = np.zeros(1 + classes + channels * classes)
    first[0] = 1
    limits = {"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": EXACT}
    bounds = [SCALES, *[(None, None)] * (len(first) - 1)]
    found = minimize(cost, first, jac=True, method="L-BFGS-B", bounds=bounds, options=limits)
    if not np.isfinite(found.fun):
        raise TrainingError("The last layer cannot learn: features or labels are not finite numbers.")
    scale, bias, change = split(found.x)
    kernel = scale * start.kernel + change / spread
    return Layer(kernel.astype(np.float32), (scale * start.bias + bias - (mean / spread) @ change).astype(np.float32))


@dataclass(frozen=True, eq=False)
class Folds:
    """One layer for each fold of the validation images, learnt on the other folds alone.

    Parameters
    ----------
    image_ids : ndarray of str, shape (n,)
    fold : ndarray of int, shape (n,)
        Which layer has not learnt from the image.
    layers : tuple of Layer
    """

    image_ids: np.ndarray
    fold: np.ndarray
    layers: tuple[Layer, ...]

    @cached_property
    def _places(self) -> dict[str, int]:
        return dict(zip(self.image_ids.tolist(), self.fold.tolist(), strict=True))

    def __contains__(self, image_id: str) -> bool:
        """Say whether an image was learnt from by all layers but one."""
        return str(image_id) in self._places

    def logits(self, pooled: np.ndarray, image_ids: Iterable[str]) -> np.ndarray:
        """Return logits, shape (n, classes), each of the layer that has not learnt from the image.

        Raises
        ------
        TrainingError
            If an image belongs to no fold.
        """
        found = []
        for features, image_id in zip(pooled, image_ids, strict=True):
            if image_id not in self:
                raise TrainingError(f"{FILE} does not name {image_id}; train the run again.")
            found.append(self.layers[self._places[str(image_id)]].logits(features))
        return np.stack(found)

    def save(self, run: Path) -> str:
        """Write the folds into a run's folder; return the file's checksum."""
        content = io.BytesIO()
        np.savez(
            content, image_ids=self.image_ids.astype("U"), fold=self.fold,
            kernels=np.stack([layer.kernel for layer in self.layers]),
            biases=np.stack([layer.bias for layer in self.layers]),
        )  # fmt: skip
        write_file(run / FILE, content.getvalue())
        return hashlib.sha256(content.getvalue()).hexdigest()


def read_folds(run: Path, record: dict) -> Folds | None:
    """Return what `Folds.save` wrote, or None where a run's last layer was not learnt again.

    Parameters
    ----------
    run : Path
        Its folder.
    record : dict
        ``run.json``.

    Raises
    ------
    TrainingError
        If the file is missing or is not the one that the run wrote: answers on validation would not be out of fold.
    """
    said = record.get("last_layer")
    if said is None:
        return None
    try:
        content = (run / FILE).read_bytes()
        if hashlib.sha256(content).hexdigest() != said["folds_sha256"]:
            raise ValueError
        with np.load(io.BytesIO(content)) as kept:
            layers = tuple(map(Layer, kept["kernels"], kept["biases"]))
            return Folds(kept["image_ids"], kept["fold"], layers)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        raise TrainingError(f"{run / FILE} is missing or is not the one of this run; train the run again.") from None


def learn_in_folds(
    start: Layer, pooled: np.ndarray, labels: np.ndarray, rows: pd.DataFrame, penalty: float,
    prior: np.ndarray | float = 0.0,
) -> tuple[Layer, Folds]:  # fmt: skip
    """Return the layer learnt on every image, to be served, and those of the folds, to be answered with.

    Parameters
    ----------
    start, pooled, labels, penalty, prior
        As `learn_again`.
    rows : DataFrame
        image_id and group; no lesion and no near-duplicate is in two folds.

    Raises
    ------
    TrainingError
        If there are fewer groups than folds, or a layer would learn a class from no image.
    """
    if rows.group.nunique() < FOLDS:
        raise TrainingError(f"The last layer needs {FOLDS} validation lesions or more, not {rows.group.nunique()}.")
    fold, layers = np.zeros(len(rows), int), []
    cuts = GroupKFold(FOLDS, shuffle=True, random_state=2018).split(pooled, groups=rows.group)
    for number, (others, these) in enumerate(cuts):
        fold[these] = number
        if len(np.unique(labels[others])) < start.kernel.shape[1]:  # its bias would fall without end
            raise TrainingError("The last layer needs validation images of every class, of several lesions each.")
        layers.append(learn_again(start, pooled[others], labels[others], penalty, prior))
    folds = Folds(rows.image_id.to_numpy(str), fold, tuple(layers))
    return learn_again(start, pooled, labels, penalty, prior), folds


def trunk_of(network: "keras.Model") -> "keras.Model":
    """Return a network up to the pooled features that its layer "logits" reads."""
    import keras

    return keras.Model(network.input, network.get_layer("logits").input)


def learn_last_layer(
    recipe: Recipe, network: "keras.Model", canvas, manifest: pd.DataFrame, run: Path, prior: np.ndarray | float
) -> dict:
    """Learn a network's last layer again, keep the folds in the run's folder, and return what the record says of it.

    Parameters
    ----------
    network : Model
        Up to its logits, at serving size; its layer "logits" is replaced.
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    manifest : DataFrame
        With splits; validation images of every set of the recipe are learnt from.
    prior : ndarray of float or 0
        As `learn_again`.

    Returns
    -------
    dict
        learnt_from, n_images, n_lesions, folds, folds_sha256.

    Raises
    ------
    RecipeError
        If the network takes more than a photo.
    TrainingError
        As `learn_in_folds`.
    """
    from training.data.batches import label_indices, plain_views
    from training.fitting.validation import predict_logits

    if isinstance(network.input, dict):
        raise RecipeError("last_layer_penalty works for networks that take a photo alone.")
    rows = manifest[manifest.split == VALIDATION].reset_index(drop=True)
    labels = label_indices(labels_in(rows, recipe.label_set), LABEL_SETS[recipe.label_set].codes)
    layer = network.get_layer("logits")
    views = plain_views(canvas, rows.canvas_row.to_numpy(), recipe.served)
    pooled = predict_logits(trunk_of(network), views, recipe.views)
    start = Layer(*layer.get_weights())
    learnt, folds = learn_in_folds(start, pooled, labels, rows, recipe.last_layer_penalty, prior)
    layer.set_weights([learnt.kernel, learnt.bias])
    return {"learnt_from": VALIDATION, "n_images": len(rows), "n_lesions": int(rows.lesion_id.nunique()),
            "folds": FOLDS, "folds_sha256": folds.save(run)}  # fmt: skip
