"""Training code is Keras' own: what runs on TensorFlow runs on another backend too."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_trains_the_same_recipe(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed here")
    done = subprocess.run(
        [sys.executable, "tests/training/train_noise.py", str(tmp_path)], cwd=ROOT, text=True, capture_output=True,
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    losses = json.loads(done.stdout.splitlines()[-1])
    assert len(losses) == 3 and losses[-1] < losses[0]
