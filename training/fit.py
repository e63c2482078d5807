"""The loop: one epoch at a time, each logged, each a checkpoint from which the run resumes to the same result."""

import csv
import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from model.card import VIEWS
from training.architectures import ARCHITECTURES, logits_model
from training.augment import LEVELS
from training.balancing import BALANCING
from training.data import TrainingBatches, label_indices, plain_views
from training.datasets import CODES
from training.head import pooled_features
from training.losses import LOSSES
from training.recipe import Recipe, RecipeError
from training.smote import pixel_features
from training.splits import TRAIN, VALIDATION

CHECKPOINT = "checkpoint.npz"


def build(recipe: Recipe) -> keras.Model:
    """Return the recipe's network with softmax output; float32 whatever precision it trains in."""
    return ARCHITECTURES[recipe.architecture](recipe.size, len(CODES), recipe.weights, recipe.dropout)


def freeze_until(network: keras.Model, name: str) -> None:
    """Keep every layer before the named one as it is; an empty name trains them all.

    Raises
    ------
    RecipeError
        If the network has no layer of that name.
    """
    if name and name not in [layer.name for layer in network.layers]:
        raise RecipeError(f"The network has no layer {name!r} to freeze up to.")
    for layer in network.layers:
        if layer.name == name:
            return
        layer.trainable = layer.trainable and not name


def make_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """Return AdamW with a cosine schedule that warms up and ends near zero."""
    warmup = max(1, int(recipe.warmup * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.rate / 25, max(1, steps - warmup), alpha=0.01, warmup_target=recipe.rate, warmup_steps=warmup
    )
    return keras.optimizers.AdamW(
        schedule,
        weight_decay=recipe.weight_decay,
        clipnorm=1.0,
        use_ema=recipe.average > 0,
        ema_momentum=recipe.average or 0.99,
    )


def save_checkpoint(path: Path, network: keras.Model, epoch: int) -> None:
    """Write weights, optimizer state and epoch; the previous checkpoint survives until the new one is complete."""
    arrays = {f"weight_{i:04d}": np.asarray(value) for i, value in enumerate(network.get_weights())}
    state = [keras.ops.convert_to_numpy(variable) for variable in network.optimizer.variables]
    arrays |= {f"state_{i:04d}": value for i, value in enumerate(state)}
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as file:
        np.savez(file, epoch=epoch, **arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_checkpoint(path: Path, network: keras.Model) -> int:
    """Restore what `save_checkpoint` wrote into a compiled network; return the number of finished epochs."""
    with np.load(path) as stored:
        network.set_weights([stored[name] for name in sorted(stored) if name.startswith("weight_")])
        network.optimizer.build(network.trainable_variables)
        names = [name for name in sorted(stored) if name.startswith("state_")]
        for variable, name in zip(network.optimizer.variables, names, strict=True):
            variable.assign(stored[name])
        return int(stored["epoch"])


def swap_average(network: keras.Model) -> None:
    """Exchange the weights with their moving average; call twice to get them back."""
    averages = network.optimizer._model_variables_moving_average
    for variable, average in zip(network.trainable_variables, averages, strict=True):
        current = keras.ops.copy(variable)
        variable.assign(average)
        average.assign(current)


def seed_dropout(network: keras.Model, seed: int, epoch: int) -> None:
    """Start every dropout layer's chance anew, so that a resumed epoch draws what an uninterrupted one would."""
    for number, layer in enumerate(network.layers):
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign(np.array([seed + number, epoch], np.uint32))


def predict_logits(network: keras.Model, images: np.ndarray, views: tuple[str, ...], batch: int = 64) -> np.ndarray:
    """Return logits of uint8 images, shape (n, classes), averaged over the named views of `model.card.VIEWS`."""
    logits = []
    for start in range(0, len(images), batch):
        block = images[start : start + batch].astype(np.float32)
        seen = [np.ascontiguousarray(np.flip(block, VIEWS[view])) for view in views]
        logits.append(np.mean([np.asarray(network.predict_on_batch(view)) for view in seen], axis=0))
    return np.concatenate(logits)


def quick_metrics(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the figures of the training log; the published ones come from `training.evaluate`."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    classes = range(p.shape[1])
    aucs = [roc_auc_score(labels == k, p[:, k]) for k in classes if 0 < (labels == k).sum() < len(labels)]
    malignant = [CODES.index(code) for code in ("akiec", "bcc", "mel")]
    melanoma = labels == CODES.index("mel")
    return {
        "balanced_accuracy": balanced_accuracy_score(labels, p.argmax(axis=1)),
        "accuracy": float((p.argmax(axis=1) == labels).mean()),
        "macro_auc": float(np.mean(aucs)) if aucs else float("nan"),
        "melanoma_auc": roc_auc_score(melanoma, p[:, CODES.index("mel")]) if melanoma.sum() > 0 else float("nan"),
        "malignant_auc": roc_auc_score(np.isin(labels, malignant), p[:, malignant].sum(axis=1)),
        "log_loss": log_loss(labels, p, labels=list(classes)),
    }


def _log(path: Path, row: dict) -> None:
    new = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def _smote_features(recipe: Recipe, canvas: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what SMOTE looks for neighbours in: the pretrained network's pooled features, or small pixels."""
    if recipe.balancing == "smote_embedding":
        return pooled_features(build(recipe), canvas, rows, "identity").astype(np.float32)
    return pixel_features(canvas, rows)


def _training_batches(recipe: Recipe, canvas: np.ndarray, manifest: pd.DataFrame) -> TrainingBatches:
    rows = manifest[manifest.split == TRAIN]
    labels = label_indices(rows.label, CODES)
    balance = BALANCING[recipe.balancing](
        labels, len(CODES), seed=recipe.seed,
        features=lambda: _smote_features(recipe, canvas, rows.canvas_row.to_numpy()), **recipe.balancing_options,
    )  # fmt: skip
    return TrainingBatches(
        canvas, rows.canvas_row.to_numpy(), labels, balance,
        classes=len(CODES), size=recipe.size, batch=recipe.batch, amount=LEVELS[recipe.augmentation],
        mixup=recipe.mixup, seed=recipe.seed, workers=recipe.workers,
    )  # fmt: skip


@dataclass(frozen=True)
class HeldOut:
    """The validation images as the network will see them, and which of them belong to the recipe's first set."""

    views: np.ndarray
    labels: np.ndarray
    home: np.ndarray

    def row(self, logits: np.ndarray) -> dict[str, float]:
        """Return the log's figures: of the first set, and of all other sets together."""
        row = {f"validation_{k}": v for k, v in quick_metrics(logits[self.home], self.labels[self.home]).items()}
        if not self.home.all():
            other = quick_metrics(logits[~self.home], self.labels[~self.home])
            row |= {f"other_sets_{name}": value for name, value in other.items()}
        return row


def _held_out(recipe: Recipe, canvas: np.ndarray, manifest: pd.DataFrame) -> HeldOut:
    rows = manifest[manifest.split == VALIDATION]
    return HeldOut(
        plain_views(canvas, rows.canvas_row.to_numpy(), recipe.size),
        label_indices(rows.label, CODES),
        (rows.dataset == recipe.datasets[0]).to_numpy(),
    )


def fit(
    recipe: Recipe, canvas: np.ndarray, manifest: pd.DataFrame, run: Path, start: Path | None = None, verbose: int = 1
) -> keras.Model:
    """Train a recipe and return the network up to its logits, with the weights that will be served.

    Parameters
    ----------
    recipe : Recipe
    canvas : ndarray, uint8, shape (images, edge, edge, 3)
    manifest : DataFrame
        With columns split, label, canvas_row, dataset; only the training split is learnt from, only the
        validation split is looked at.
    run : Path
        Where checkpoint, log and weights go; a run that was interrupted goes on from its last epoch.
    start : Path, optional
        Trained network of an earlier stage whose weights to begin with.
    verbose : int
        1 shows a progress bar, 0 nothing.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(recipe.precision)
    batches = _training_batches(recipe, canvas, manifest)
    network = logits_model(build(recipe))
    freeze_until(network, recipe.freeze_until)
    loss = LOSSES[recipe.loss](batches.balance.draws_per_class(batches.labels, len(CODES)), **recipe.loss_options)
    network.compile(make_optimizer(recipe, recipe.epochs * len(batches)), loss)
    finished = 0
    if (run / CHECKPOINT).exists():
        finished = load_checkpoint(run / CHECKPOINT, network)
    elif start:
        network.set_weights(logits_model(keras.models.load_model(start, compile=False)).get_weights())
    held_out = _held_out(recipe, canvas, manifest)
    for epoch in range(finished, recipe.epochs):
        row = _epoch(recipe, network, batches, held_out, epoch, run / CHECKPOINT, verbose)
        _log(run / "history.csv", {name: round(float(value), 5) for name, value in row.items()})
        if verbose:
            print("  ".join(f"{name} {value:.4f}" for name, value in row.items()), flush=True)
    if recipe.average:
        swap_average(network)
    return network


def _epoch(recipe, network, batches, held_out: HeldOut, epoch: int, checkpoint: Path, verbose: int) -> dict:
    """Train one epoch, save it, and return its row of the log, judged with the weights that would be served."""
    clock = time.perf_counter()
    batches.start_epoch(epoch)
    seed_dropout(network, recipe.seed, epoch)
    # The queue's own shuffle draws from a global seed, and a resumed run would see other batches.
    history = network.fit(batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=verbose)
    save_checkpoint(checkpoint, network, epoch + 1)
    if recipe.average:
        swap_average(network)
    logits = predict_logits(network, held_out.views, ("identity",))
    if recipe.average:
        swap_average(network)
    row = {"epoch": epoch + 1, "loss": history.history["loss"][-1]} | held_out.row(logits)
    return row | {"seconds": time.perf_counter() - clock}


def weights_in_float32(recipe: Recipe, network: keras.Model) -> keras.Model:
    """Return the full network, softmax included, in float32 and at serving size, with the trained weights."""
    keras.mixed_precision.set_global_policy("float32")
    model = build(dataclasses.replace(recipe, weights="none", size=recipe.served))
    logits_model(model).set_weights(network.get_weights())
    return model
