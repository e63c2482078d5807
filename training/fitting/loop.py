"""The loop: one epoch at a time, each logged, each a checkpoint from which the run resumes to the same result."""

import copy
import csv
import dataclasses
import io
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from model.tables.output import write_file
from training.data.batches import TrainingBatches, fewer_draws
from training.data.label_sets import LABEL_SETS
from training.fitting.checkpoints import (
    CHECKPOINT,
    finished_epochs,
    load_checkpoint,
    load_weights,
    save_checkpoint,
    save_weights,
    seed_dropout,
)
from training.fitting.distributed import prepare, scope, worker_folder
from training.fitting.losses import LOSSES
from training.fitting.phases import best_row, freeze_until, is_over, make_optimizer, part_after
from training.fitting.task import Task, make_task, takes_metadata
from training.fitting.validation import HeldOut
from training.networks.architectures import build_network, logits_model
from training.networks.pretrained import copy_matching
from training.recipe import Phase, Recipe


def build(recipe: Recipe) -> keras.Model:
    """Return the recipe's network with softmax output; float32 for every training precision."""
    return build_network(recipe, len(LABEL_SETS[recipe.label_set].codes))


def read_log(path: Path, finished: int) -> list[dict]:
    """Return the rows of the epochs that a checkpoint holds; a later row belongs to an epoch that was cut off."""
    if not path.exists():
        return []
    log = pd.read_csv(path)
    return log[log.epoch <= finished].to_dict("records")


def write_log(path: Path, rows: list[dict]) -> None:
    """Write the whole log."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=names)
    writer.writeheader()
    writer.writerows(rows)
    write_file(path, text.getvalue().encode())


def fit(
    recipe: Recipe, canvas, manifest: pd.DataFrame, run: Path, start: Path | None = None, verbose: int = 1,
    cache: Path | None = None, callbacks: tuple = (),
) -> keras.Model:  # fmt: skip
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
    cache : Path, optional
        Where features of frozen layers are kept from one run to the next.
    callbacks : tuple
        Keras callbacks of every epoch, a TensorBoard for instance.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(recipe.precision)
    run = worker_folder(run)
    with scope():
        network = logits_model(build(recipe))
    may_learn = [layer.trainable for layer in network.layers]
    if start:
        copy_matching(keras.models.load_model(start, compile=False), network)
    task = make_task(recipe, canvas, manifest, takes_metadata(network), cache)
    loop = Loop(recipe, network, may_learn, task, run, verbose, callbacks)
    loop.run()
    return network


class Loop:
    """One run: goes through the phases, and within a phase through the epochs."""

    def __init__(self, recipe: Recipe, network, may_learn: list[bool], task: Task, run: Path, verbose, callbacks):
        self.recipe, self.network, self.may_learn, self.folder = recipe, network, may_learn, run
        self.verbose, self.callbacks, self.task = verbose, list(callbacks), task
        self.batches, self.held_out = task.images(network), task.judged()
        self.finished = finished_epochs(run / CHECKPOINT)
        self.rows = read_log(run / "history.csv", self.finished)

    def run(self) -> None:
        """Train all phases; what a checkpoint holds is not trained again."""
        first = 0
        for phase in self.recipe.planned:
            if phase.epochs and self.finished <= first + phase.epochs:
                self.train(phase, first)
            first += phase.epochs

    def train(self, phase: Phase, first: int) -> None:
        """Train a phase whose first epoch is number ``first``, from 0, and leave its best or last weights."""
        recipe, resumed = self.recipe, self.finished > first
        if resumed:
            self.restore_weights()
        learner, batches, held_out = self.compile(phase)
        if resumed:
            load_checkpoint(self.folder / CHECKPOINT, self.network, learner)
        best = self.folder / f"best_{first}.npz"
        rows = [row for row in self.rows if row["epoch"] > first]
        while not is_over(rows, recipe, phase):
            epoch = first + len(rows)
            row = self.epoch(phase, learner, batches, held_out, epoch)
            rows.append(row)
            if recipe.patience and best_row(rows, recipe) == len(rows) - 1:
                save_weights(best, self.network)
            self.rows.append(row)
            write_log(self.folder / "history.csv", self.rows)
            save_checkpoint(self.folder / CHECKPOINT, self.network, epoch + 1, learner)
        if recipe.patience:
            load_weights(best, self.network)

    def restore_weights(self) -> None:
        """Bring the network to where the checkpoint is, before features are computed from it."""
        load_weights(self.folder / CHECKPOINT, self.network)

    def compile(self, phase: Phase) -> tuple[keras.Model, TrainingBatches, HeldOut]:
        """Return the part of the network that learns, ready to, with its training and validation images."""
        recipe, batches, held_out = self.recipe, self.batches, self.held_out
        freeze_until(self.network, phase.freeze_until, self.may_learn)
        learner = self.network
        if phase.cached:
            batches, held_out = self.task.cached(self.network, phase.cached, batches, held_out)
            learner = part_after(self.network, phase.cached)
        if phase.epoch_images:
            batches = copy.copy(batches)
            batches.balance = fewer_draws(batches.balance, phase.epoch_images)
        with scope():
            learner.compile(
                make_optimizer(recipe, phase.epochs * len(batches), phase.rate),
                LOSSES[recipe.loss](**recipe.loss_options),
            )
        prepare(learner, batches)
        return learner, batches, held_out

    def epoch(self, phase: Phase, learner, batches, held_out: HeldOut, epoch: int) -> dict:
        """Train one epoch and return its row of the log, judged with the weights that would be served."""
        clock = time.perf_counter()
        batches.start_epoch(epoch)
        seed_dropout(self.network, self.recipe.seed, epoch)
        # The queue's own shuffle draws from a global seed, and a resumed run would see other batches.
        history = learner.fit(
            batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            shuffle=False,
            verbose=self.verbose,
            callbacks=self.callbacks,
        )
        figures = held_out.row(learner)
        figures = {"loss": history.history["loss"][-1]} | figures | {"seconds": time.perf_counter() - clock}
        row: dict[str, float | str] = {"epoch": epoch + 1}
        row |= {name: round(float(value), 5) for name, value in figures.items()}
        if phase.name:
            row["phase"] = phase.name
        if self.verbose:
            print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        return row


def blend_with(start: Path, network: keras.Model, share: float) -> None:
    """Move the weights back towards those of an earlier stage (Wortsman et al., CVPR 2022): ``share`` is the new ones'.

    Two points of one valley: the mean of their weights does what an ensemble of both would, at the cost of one.
    """
    earlier = logits_model(keras.models.load_model(start, compile=False)).get_weights()
    pairs = zip(network.get_weights(), earlier, strict=True)
    network.set_weights([share * new + (1 - share) * old for new, old in pairs])


def take_off_prior(network: keras.Model, shares: np.ndarray, exponent: float) -> None:
    """Lower the last bias by ``exponent`` times the log share of each class (Menon et al., ICLR 2021).

    The answer is then the one for a case mix that is more even than training's: a rare class is called more often.
    ``shares`` are those of the classes in training, shape (classes,), each above 0.
    """
    kernel, bias = network.get_layer("logits").get_weights()
    network.get_layer("logits").set_weights([kernel, bias - exponent * np.log(shares)])


def weights_in_float32(recipe: Recipe, network: keras.Model) -> keras.Model:
    """Return the full network, softmax included, in float32 and at serving size, with the trained weights."""
    keras.mixed_precision.set_global_policy("float32")
    model = build(dataclasses.replace(recipe, weights="none", size=recipe.served))
    logits_model(model).set_weights(network.get_weights())
    return model
