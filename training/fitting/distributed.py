"""Training on several machines, processes or GPUs with the result of one.

Several GPUs of a machine are all used without being asked to. Of several machines, every worker runs the same command
with TF_CONFIG in its environment, which names the addresses of all and its own place among them
(https://www.tensorflow.org/guide/distributed_training). All draw the same batches, each takes its share of a batch, and
the gradients are added up. The recipe's batch is the batch of all together. These are TensorFlow's MirroredStrategy and
MultiWorkerMirroredStrategy under Keras' own ``fit``; other backends train on one device.
"""

import contextlib
import json
import os
from functools import cache
from pathlib import Path

import keras

DEVICES = "GPU"


def worker_count() -> int:
    """Return how many workers TF_CONFIG names, 1 without it."""
    cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
    return max(1, len(cluster.get("worker", [])))


def worker_number() -> int:
    """Return this worker's place, 0 for the first, which is the one that keeps the results."""
    return int(json.loads(os.environ.get("TF_CONFIG") or "{}").get("task", {}).get("index", 0))


@cache
def _strategy():
    """Return TensorFlow's way to share the work, None if there is nobody to share it with."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow

    if worker_count() > 1:
        return tensorflow.distribute.MultiWorkerMirroredStrategy()
    devices = [device.name for device in tensorflow.config.list_logical_devices(DEVICES)]
    return tensorflow.distribute.MirroredStrategy(devices) if len(devices) > 1 else None


def scope() -> contextlib.AbstractContextManager:
    """Return the context in which networks and optimizers are made; does nothing on one device of one worker."""
    return _strategy().scope() if _strategy() else contextlib.nullcontext()


def worker_folder(run: Path) -> Path:
    """Return where this worker keeps checkpoint and log: the run folder for the first, one inside it for others."""
    if worker_number() == 0:
        return run
    folder = run / f"worker_{worker_number()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def prepare(learner, batches) -> None:
    """Ready a compiled network for ``fit`` on several devices; does nothing on one.

    Keras 3.15 fails there twice: it takes the mean of nested first batches to build from, and the mean over the first
    axis of losses that have none. So the network is built from a batch of its own, and the mean is taken here.
    """
    if not _strategy():
        return
    from keras.src.backend.tensorflow import trainer

    with scope():
        learner._symbolic_build(data_batch=batches[0])
    learner._maybe_symbolic_build = lambda **_: None
    trainer.reduce_per_replica = _mean_over_replicas


def _mean_over_replicas(values, strategy, reduction):
    """Return what the devices report of a step: the mean of each figure."""
    return keras.tree.map_structure(lambda figure: strategy.reduce("MEAN", figure, axis=None), values)
