"""Who may import whom: the model never knows the page, and the page never touches the network directly."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("app", "benchmarks", "model", "pages", "tests", "training", "ui")
LAYERS = {  # place -> (our modules it may import, packages of others it never imports)
    "model": (("model",), ("streamlit",)),
    "model/evaluation": (
        ("model.evaluation", "model.errors", "model.card", "model.answer.decision"),
        ("streamlit", "keras", "tensorflow", "tf_keras_vis"),
    ),
    "training": (("training", "model"), ("streamlit",)),
    "ui": (("ui", "model"), ("keras", "tensorflow", "tf_keras_vis")),
    "pages": (("ui", "model"), ("keras", "tensorflow", "tf_keras_vis")),
    "app.py": (("ui",), ("keras", "tensorflow", "tf_keras_vis")),
}


def within(module: str, packages: tuple[str, ...]) -> bool:
    """Say whether a dotted module name is one of the packages or lies in one."""
    return any(module == package or module.startswith(package + ".") for package in packages)


def imported_modules(source: str) -> set[str]:
    """Return the dotted names that a source imports, ``from model import card`` as ``model.card``."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def offences(source: str, may_import: tuple[str, ...], never: tuple[str, ...]) -> set[str]:
    """Return the imports of a source that its layer forbids."""
    modules = imported_modules(source)
    strangers = {module for module in modules if within(module, OURS) and not within(module, may_import)}
    return strangers | {module for module in modules if within(module, never)}


def files_of(layer: str) -> list[Path]:
    """Return the Python files of a layer, a folder or a single file."""
    path = ROOT / layer
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_imports_only_what_it_may(layer):
    files = files_of(layer)
    assert files
    found = {str(file): offences(file.read_text(encoding="utf-8"), *LAYERS[layer]) for file in files}
    assert {file: modules for file, modules in found.items() if modules} == {}


@pytest.mark.parametrize(
    ("source", "layer", "forbidden"),
    [
        ("import streamlit as st", "model", "streamlit"),
        ("from training import splits", "model", "training.data.splits"),
        (
            "def late():\n    from model.predict import Classifier",
            "model/evaluation",
            "model.predict.Classifier",
        ),
        ("import keras.ops", "ui", "keras.ops"),
        ("import pages.analyse", "pages", "pages.analyse"),
        ("from model import card", "app.py", "model.card"),
    ],
)
def test_a_forbidden_import_is_found(source, layer, forbidden):
    assert offences(source, *LAYERS[layer]) == {forbidden}


def test_evaluation_loads_no_network_library():
    """Reading a results table must not cost the seconds and memory of TensorFlow."""
    modules = sorted(path.stem for path in (ROOT / "model" / "evaluation").glob("[!_]*.py"))
    code = f"import sys; from model.evaluation import {', '.join(modules)}; print('\\n'.join(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in finished.stdout.split()}
    assert "numpy" in loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "streamlit", "tf_keras_vis"})
