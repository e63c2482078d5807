"""Scoring on a Ray cluster of two workers on this computer: the same table as one process, whatever is killed."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import model.cluster
from model.__main__ import main
from model.tables.growing import Growing

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="needs Ray: pip install -r model/cluster/requirements.txt"
)


@pytest.fixture
def folder(bundle_in_use, lesion, encode, tmp_path, monkeypatch) -> Path:
    """The current folder, with 80 photos of different answers and one that is damaged in the folder photos."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for number in range(80):
        picture = np.ascontiguousarray(lesion[number:, number:])
        (tmp_path / "photos" / f"{number:02}.jpg").write_bytes(encode(picture, "JPEG"))
    (tmp_path / "photos" / "05.jpg").write_bytes(b"no photo")
    (tmp_path / "patients.csv").write_text("image,age,sex,site\n03,80,female,head\n")
    return tmp_path


def kill_a_worker() -> int:
    """Kill one of this process's descendants that score; return its number."""
    listed = subprocess.run(["ps", "-Ao", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    parents, scoring = {}, []
    for pid, parent, command in (line.split(None, 2) for line in listed.splitlines()):
        parents[int(pid)] = int(parent)
        if command.startswith("ray::") and "Worker" in command:
            scoring.append(int(pid))
    for pid in scoring:
        above = pid
        while above in parents:
            above = parents[above]
            if above == os.getpid():
                os.kill(pid, signal.SIGKILL)
                return pid
    raise AssertionError(f"no worker among {listed}")


@needs_ray
def test_two_workers_of_which_one_is_killed_give_the_table_of_one_process(folder, monkeypatch, capsys):
    command = ["score", "photos", "--patients", "patients.csv", "--answer-all"]
    assert main([*command, "--output", "one.csv"]) == 1
    add, killed = Growing.add, []

    def killing(table, row):
        add(table, row)
        if not killed:
            killed.append(kill_a_worker())

    monkeypatch.setattr(Growing, "add", killing)
    capsys.readouterr()
    assert main([*command, "--output", "two.csv", "--ray", "local", "--workers", "2"]) == 1
    assert killed
    assert (folder / "two.csv").read_bytes() == (folder / "one.csv").read_bytes()
    said = capsys.readouterr().err
    assert "05.jpg: The file is not a photo" in said and "Traceback" not in said


def test_without_ray_one_sentence_names_the_packages(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "model.cluster.spread", raising=False)
    monkeypatch.delattr(model.cluster, "spread", raising=False)
    assert main(["score", "photos", "--ray", "local"]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert "pip install -r model/cluster/requirements.txt" in said
    assert not list(folder.glob("predictions*"))
