"""Train a tiny network on noise and print its losses; started by test_backends."""

import json
import sys
from pathlib import Path

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
fit(recipe, canvas, manifest, run, verbose=0)
print(json.dumps(pd.read_csv(run / "history.csv").loss.tolist()))
