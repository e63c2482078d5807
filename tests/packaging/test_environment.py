"""The set-up behind `make`: it says what is missing, and does nothing twice."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def setup():
    """The module `.ci/environment.py`, which is in no package."""
    specification = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def stand_in(tmp_path):
    """Make a program that claims to be a Python of some version and fails at everything else."""

    def make(version: str) -> str:
        program = tmp_path / f"python{version}"
        program.write_text(f'#!/bin/sh\ncase "$*" in *version_info*) echo {version} ;; *) exit 1 ;; esac\n')
        program.chmod(0o755)
        return str(program)

    return make


@pytest.mark.parametrize(
    ("versions", "sentence"),
    [
        ((), "No Python was found: install Python 3.11, 3.12 or 3.13 and run make again."),
        (("3.9", "3.10"), "Python 3.10 is too old for TensorFlow: install Python 3.11, 3.12 or 3.13"),
        (("3.9", "3.14"), "Python 3.14 is too new for TensorFlow: install Python 3.11, 3.12 or 3.13"),
        (
            ("3.10", "3.12"),
            "Python 3.12 has no venv module: install it (Debian, Ubuntu: apt install python3.12-venv)",
        ),
    ],
)
def test_unusable_pythons_are_explained_in_one_sentence(setup, stand_in, versions, sentence):
    with pytest.raises(setup.SetupError) as caught:
        setup.find_python(["/no/such/python", *map(stand_in, versions)])
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_python_that_does_not_fit_is_passed_over(setup, stand_in):
    candidates = [stand_in("3.10"), stand_in("3.12"), sys.executable]
    assert setup.find_python(candidates) == sys.executable


def test_make_without_any_python_says_so(tmp_path):
    finished = subprocess.run(
        [shutil.which("make"), "app"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert finished.returncode != 0
    assert finished.stderr.startswith("No Python was found: install Python 3.11, 3.12 or 3.13")


def test_digest_covers_included_files(setup, tmp_path):
    (tmp_path / "tests").mkdir()
    base, tests = tmp_path / "requirements.txt", tmp_path / "tests" / "requirements.txt"
    base.write_text("numpy==2.4.6\n")
    tests.write_text("-r ../requirements.txt\npytest==9.2.0\n")
    before = setup.digest(tests)
    base.write_text("numpy==2.4.7\n")
    assert setup.digest(tests) != before


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the set-up beside requirements that need no network."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "more.txt").write_text("-r requirements.txt\n")
    return folder


def set_up(folder: Path, requirements: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(folder / ".ci" / "environment.py"), requirements]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)


def test_set_up_once_then_only_what_changed(checkout):
    first = set_up(checkout, "more.txt")
    assert first.returncode == 0, first.stderr
    assert "Creating .venv" in first.stdout
    assert set_up(checkout, "more.txt").stdout == ""
    assert set_up(checkout, "requirements.txt").stdout == "", "included files were installed too"

    (checkout / "requirements.txt").write_text("# changed\n")
    changed = set_up(checkout, "requirements.txt").stdout
    assert "Installing the packages of requirements.txt" in changed
    assert "Creating" not in changed
    assert "Installing the packages of more.txt" in set_up(checkout, "more.txt").stdout


def test_unreachable_index_is_explained_and_not_remembered(checkout):
    set_up(checkout, "requirements.txt")
    (checkout / "offline.txt").write_text("lesionscope-absent-package==1\n")
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "1",
    }
    for _ in range(2):
        finished = set_up(checkout, "offline.txt", **nowhere)
        assert finished.returncode == 1
        last = finished.stderr.strip().splitlines()[-1]
        assert last == "The package index cannot be reached: check the network or the proxy and run make again."


def test_other_failures_of_pip_are_told_apart(setup):
    assert "disk is full" in setup.explain_failed_install("ERROR: [Errno 28] No space left on device")
    assert "what it says above" in setup.explain_failed_install("ERROR: No matching distribution found")
