"""What a run needs to go on where it stopped: weights, optimizer state, epoch, and the best weights of a phase."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from training.recipe import RecipeError

CHECKPOINT = "checkpoint.npz"


def _write(path: Path, **arrays) -> None:
    """Replace a file at once, so that the previous one survives until the new one is complete."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None  # a full disk names no file
    partial.replace(path)


@contextmanager
def _stored(path: Path) -> Iterator["np.lib.npyio.NpzFile"]:
    """Open what `_write` wrote.

    Raises
    ------
    RecipeError
        If it is damaged, or of a network of other layers.
    """
    try:
        with np.load(path) as stored:
            yield stored
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, TypeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RecipeError(
            f"{path} is damaged or of another network ({reason}); copy it again, or remove it to start the run again."
        ) from None


def _weights(network: keras.Model) -> dict[str, np.ndarray]:
    return {f"weight_{i:04d}": np.asarray(value) for i, value in enumerate(network.get_weights())}


def save_checkpoint(path: Path, network: keras.Model, epoch: int, learner: keras.Model | None = None) -> None:
    """Write weights, optimizer state and epoch; ``learner`` is the part that is trained, if not the network."""
    optimizer = (learner or network).optimizer
    state = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    arrays = _weights(network) | {f"state_{i:04d}": value for i, value in enumerate(state)}
    _write(path, epoch=epoch, **arrays)


def load_checkpoint(path: Path, network: keras.Model, learner: keras.Model | None = None) -> int:
    """Restore what `save_checkpoint` wrote into a compiled network; return the number of finished epochs."""
    learner = learner or network
    load_weights(path, network)
    with _stored(path) as stored:
        learner.optimizer.build(learner.trainable_variables)
        names = [name for name in sorted(stored) if name.startswith("state_")]
        for variable, name in zip(learner.optimizer.variables, names, strict=True):
            variable.assign(stored[name])
        return int(stored["epoch"])


def finished_epochs(path: Path) -> int:
    """Return how many epochs a run has finished, 0 before its first checkpoint."""
    if not path.exists():
        return 0
    with _stored(path) as stored:
        return int(stored["epoch"])


def save_weights(path: Path, network: keras.Model) -> None:
    """Write the weights alone."""
    _write(path, **_weights(network))


def load_weights(path: Path, network: keras.Model) -> None:
    """Restore the weights that `save_weights` or `save_checkpoint` wrote."""
    with _stored(path) as stored:
        network.set_weights([stored[name] for name in sorted(stored) if name.startswith("weight_")])


def seed_dropout(network: keras.Model, seed: int, epoch: int) -> None:
    """Set the seed of every dropout layer, so that a resumed epoch draws what an uninterrupted one would."""
    for number, layer in enumerate(network.layers):
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign(np.array([seed + number, epoch], np.uint32))
