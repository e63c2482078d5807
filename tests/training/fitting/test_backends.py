"""Training code is Keras' own: what runs on TensorFlow runs on another backend too."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run_on(backend: str, *command: str):
    """Run a script of this folder on a Keras backend and return what its last line says."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed here")
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, text=True, capture_output=True,
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_trains_the_same_recipe(backend, tmp_path):
    losses = run_on(backend, "tests/training/fitting/train_noise.py", str(tmp_path))
    assert len(losses) == 3 and losses[-1] < losses[0]


def test_fused_kernels_of_pytorch_train_the_same_weights():
    report = run_on("torch", "tests/training/fitting/fused_kernels.py")
    assert report["in_use"] and report["variables"] == 13
    assert report["distance"] < 1e-4


def test_other_backends_have_no_fused_kernels():
    assert (
        run_on("tensorflow", "-c", "from training.networks.pytorch import *; print(str(use_fused_kernels()).lower())")
        is False
    )
