"""Two workers on this machine, and two devices of one worker, reach the loss of one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from training.fitting import distributed

ROOT = Path(__file__).resolve().parents[3]


def start(run: Path, **environment: str) -> subprocess.Popen:
    """Start one worker."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        [sys.executable, "tests/training/fitting/two_workers.py", str(run)], cwd=ROOT, text=True,
        env=os.environ | quiet | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def result(worker: subprocess.Popen) -> dict:
    """Return what a worker printed."""
    out, errors = worker.communicate(timeout=300)
    assert worker.returncode == 0, errors[-2000:]
    return json.loads(out.splitlines()[-1])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict:
    return result(start(tmp_path_factory.mktemp("alone"), KERAS_BACKEND="tensorflow", TF_CONFIG="{}"))


def test_two_workers_reach_the_loss_of_one(alone, tmp_path):
    pytest.importorskip("tensorflow")
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    workers = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        workers.append(start(tmp_path / "run", KERAS_BACKEND="tensorflow", TF_CONFIG=json.dumps(config)))
    first, second = [result(worker) for worker in workers]
    assert first["loss"] == pytest.approx(alone["loss"], rel=1e-3)
    assert second["loss"] == pytest.approx(alone["loss"], rel=1e-3)
    assert first["weights"] == pytest.approx(alone["weights"], rel=1e-3)
    assert alone["loss"][-1] < alone["loss"][0]


def test_two_devices_reach_the_loss_of_one(alone, tmp_path):
    both = result(start(tmp_path, KERAS_BACKEND="tensorflow", TF_CONFIG="{}", TWO_DEVICES="1"))
    assert both["loss"] == pytest.approx(alone["loss"], rel=1e-3)
    assert both["weights"] == pytest.approx(alone["weights"], rel=1e-3)


def test_without_a_cluster_there_is_one_worker(monkeypatch, tmp_path):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert (distributed.worker_count(), distributed.worker_number()) == (1, 0)
    assert distributed.worker_folder(tmp_path) == tmp_path
    config = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert (distributed.worker_count(), distributed.worker_number()) == (2, 1)
    assert distributed.worker_folder(tmp_path) == tmp_path / "worker_1"
