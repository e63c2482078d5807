"""Training on several machines, or several processes of one, with the result of one.

Every worker runs the same command with TF_CONFIG in its environment, which names the addresses of all and its own
place among them (https://www.tensorflow.org/guide/distributed_training). All draw the same batches; each takes its
share of a batch, and the gradients are added up. The recipe's batch is the batch of all workers together. This is
TensorFlow's MultiWorkerMirroredStrategy under Keras' own ``fit``; other backends train on one machine.
"""

import contextlib
import json
import os
from functools import cache
from pathlib import Path


def worker_count() -> int:
    """Return how many workers TF_CONFIG names, 1 without it."""
    cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
    return max(1, len(cluster.get("worker", [])))


def worker_number() -> int:
    """Return this worker's place, 0 for the first, which is the one that keeps the results."""
    return int(json.loads(os.environ.get("TF_CONFIG") or "{}").get("task", {}).get("index", 0))


@cache
def _strategy():
    import tensorflow

    return tensorflow.distribute.MultiWorkerMirroredStrategy()


def scope() -> contextlib.AbstractContextManager:
    """Return the context in which networks and optimizers are made; does nothing with one worker."""
    return _strategy().scope() if worker_count() > 1 else contextlib.nullcontext()


def worker_folder(run: Path) -> Path:
    """Return where this worker keeps checkpoint and log: the run folder for the first, one inside it for others."""
    if worker_number() == 0:
        return run
    folder = run / f"worker_{worker_number()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
