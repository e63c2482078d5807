"""Training steps a second on each Keras backend that is installed; on PyTorch also with fused kernels and bfloat16.

    python -m benchmarks.backends [--network mobilenetv2] [--size 192] [--batch 32] [--steps 12]

Each backend runs in a separate process, one after another, and then all once more; the ratios within one run are more
reliable than the photos per second. The network is one of the shipped model's three, with random weights, and all its
layers are trained on noise.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TENSORFLOW, FUSED = "tensorflow", "torch, fused kernels"
BFLOAT16 = f"{FUSED}, bfloat16"
WAYS = {TENSORFLOW: TENSORFLOW, "jax": "jax", "torch": "torch", FUSED: "torch", BFLOAT16: "torch"}  # name -> backend
NETWORKS = ("mobilenetv2", "efficientnet_lite2")
WARM_UP = 4  # steps that are not counted
ROUNDS = 2
ROOT = Path(__file__).resolve().parents[1]


def photos_per_second(way: str, name: str, size: int, batch: int, steps: int) -> float:
    """Train some steps in this process, on the backend that KERAS_BACKEND names, and return the median speed."""
    import keras
    import numpy as np

    from training.networks.architectures import ARCHITECTURES, logits_model
    from training.networks.pytorch import use_fused_kernels

    if way in (FUSED, BFLOAT16):
        use_fused_kernels()
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if way == BFLOAT16 else "float32")
    network = logits_model(ARCHITECTURES[name](size, 7, "none"))
    network.compile(keras.optimizers.AdamW(1e-4), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(0)
    photos = random.uniform(-1, 1, (batch, size, size, 3)).astype(np.float32)
    labels, seconds = random.integers(0, 7, batch), []
    for _ in range(WARM_UP + steps):
        clock = time.perf_counter()
        network.train_on_batch(photos, labels)
        seconds.append(time.perf_counter() - clock)
    return batch / statistics.median(seconds[WARM_UP:])


def in_a_process(way: str, name: str, size: int, batch: int, steps: int) -> float:
    """Return the measurement of a separate process."""
    command = [sys.executable, "-m", "benchmarks.backends", "--way", way, "--network", name, "--size", str(size)]
    done = subprocess.run(
        [*command, "--batch", str(batch), "--steps", str(steps)], cwd=ROOT, text=True, capture_output=True, check=True,
        env=os.environ | {"KERAS_BACKEND": WAYS[way], "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    return float(done.stdout.splitlines()[-1])


def table(speeds: dict[str, float]) -> str:
    """Return the measurements, each backend as a ratio to the first."""
    first = next(iter(speeds.values()))
    lines = [f"{'way':34}{'photos a second':>16}{'ratio':>8}"]
    return "\n".join([*lines, *(f"{way:34}{speed:16.1f}{speed / first:8.2f}" for way, speed in speeds.items())])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="mobilenetv2")
    parser.add_argument("--size", type=int, default=192, help="edge of the photos in pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=12, help="steps that are counted")
    parser.add_argument("--way", choices=WAYS, help="measure this one, in this process")
    options = parser.parse_args(arguments)
    task = (options.network, options.size, options.batch, options.steps)
    if options.way:
        print(photos_per_second(options.way, *task))
        return 0
    ways = [way for way, backend in WAYS.items() if importlib.util.find_spec(backend)]
    rounds = [{way: in_a_process(way, *task) for way in ways} for _ in range(ROUNDS)]
    print(table({way: max(measured[way] for measured in rounds) for way in ways}))
    for way in WAYS.keys() - set(ways):
        print(f"{way}: not installed, not measured")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
