"""`.ci/run` asks nothing, installs Chromium and axe-core where it can, and runs the checks also where it cannot."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / ".ci" / "run"


@pytest.fixture
def machine(tmp_path):
    """Make a search path that holds only `dirname` and the programs given as name -> shell script."""

    def make(**programs: str) -> str:
        (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
        for name, script in programs.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        return str(tmp_path)

    return make


def run(path: str, script: Path = RUN) -> subprocess.CompletedProcess:
    return subprocess.run([shutil.which("bash"), str(script)], env={"PATH": path}, capture_output=True, text=True)


MAKE = 'echo "make $* with CI=$CI"; cat'


@pytest.mark.parametrize(("status", "said"), [(0, ""), (100, "the browser test will be skipped")])
def test_chromium_is_installed_as_root_and_its_lack_stops_nothing(machine, status, said):
    path = machine(**{"id": "echo 0", "apt-get": f'echo "apt-get $*"; exit {status}', "make": MAKE, "cat": "true"})
    finished = run(path)
    assert finished.returncode == 0
    assert "apt-get update" in finished.stdout
    assert ("install -qq -y --no-install-recommends chromium" in finished.stdout) == (status == 0)
    assert finished.stdout.endswith("make test with CI=true\n")
    assert said in finished.stderr


@pytest.mark.parametrize("programs", [{"id": "echo 1000"}, {"id": "echo 0", "chromium": "true"}])
def test_nothing_is_installed_without_need_or_right(machine, programs):
    finished = run(machine(**programs, make=MAKE, cat="true", **{"apt-get": "echo apt-get"}))
    assert finished.stdout == "make test with CI=true\n"


@pytest.mark.parametrize(("status", "said"), [(0, ""), (1, "the check for barriers will be skipped")])
def test_axe_is_installed_where_npm_is_and_its_lack_stops_nothing(machine, tmp_path, status, said):
    folder = tmp_path / "clone"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(RUN, folder / ".ci/run")
    path = machine(id="echo 1000", npm=f'echo "npm $*"; exit {status}', make=MAKE, cat="true")
    finished = run(path, folder / ".ci/run")
    assert finished.returncode == 0
    assert re.search(r"^npm install .* axe-core@[\d.]+$", finished.stdout, re.M)
    assert finished.stdout.endswith("make test with CI=true\n")
    assert said in finished.stderr


def test_a_failed_check_fails_the_run(machine):
    assert run(machine(id="echo 1000", make="exit 2")).returncode == 2
