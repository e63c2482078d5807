"""Train a tiny network as one of several workers, or on two devices, and print its losses; see test_distributed."""

import os
import sys
from pathlib import Path

from training.fitting import distributed  # before Keras, as a cluster is joined before anything is computed

if os.environ.get("TWO_DEVICES"):
    import tensorflow as tf

    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
    distributed.DEVICES = "CPU"
with distributed.scope():
    pass

import json

import numpy as np
import pandas as pd

from training.fitting.loop import fit
from training.recipe import Recipe

random = np.random.default_rng(0)
canvas = random.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
manifest = pd.DataFrame({"label": ["mel", "nv", "bkl", "bcc"] * 10, "dataset": "noise", "canvas_row": np.arange(40)})
manifest["split"] = ["train"] * 32 + ["validation"] * 8
recipe = Recipe(
    name="noise", datasets=("noise",), architecture="tiny", weights="none", size=32, epochs=3, batch=8, dropout=0.0,
    rate=3e-3, augmentation="none", balancing="none", workers=1,
)  # fmt: skip
run = Path(sys.argv[1])
run.mkdir(parents=True, exist_ok=True)
network = fit(recipe, canvas, manifest, run, verbose=0)
log = pd.read_csv(distributed.worker_folder(run) / "history.csv")
print(json.dumps({"loss": log.loss.tolist(), "weights": float(sum(np.abs(w).sum() for w in network.get_weights()))}))
