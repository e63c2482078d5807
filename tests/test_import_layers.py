"""Who may import whom: the model never knows the page, and the page never touches the network directly."""

import ast
import graphlib
import subprocess
import sys
from collections import Counter
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
    "model/photo": (("model.photo", "model.errors", "model.preprocess"), ("keras", "tensorflow", "onnxruntime")),
    "training": (("training", "model"), ("streamlit",)),
    "ui": (("ui", "model"), ("keras", "tensorflow", "tf_keras_vis")),
    "pages": (("ui", "model"), ("keras", "tensorflow", "tf_keras_vis")),
    "app.py": (("ui",), ("keras", "tensorflow", "tf_keras_vis")),
}

# Each room of `training` may import itself and those before it; "" are the commands. Studies are at the edge.
ROOMS = (
    "synthetic", "data", "networks", "fitting", "judging", "gate", "gauges", "export", "outline", "faithfulness", "",
    "accelerator", "studies",
)  # fmt: skip
FOR_ALL_ROOMS = ("training.command", "training.recipe")
MANY_ON_PURPOSE = (
    "model/bundle/results",  # one file a table
    "training/data/sets",  # one file a set
    "training/recipes/ancestors",  # one file a recipe
    "assets/samples",  # one file a photo
)


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
        ("from training import recipe", "model", "training.recipe"),
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


def modules_imported_by(file: Path) -> set[str]:
    """Return the modules of ours that a file imports, each by the file that it is."""
    found = set()
    for name in imported_modules(file.read_text(encoding="utf-8")):
        for module in (name, name.rpartition(".")[0]):
            if module.startswith(OURS) and (ROOT / (module.replace(".", "/") + ".py")).is_file():
                found.add(module)
                break
    return found


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def room(module: str) -> str:
    """Return the folder of `training` that a module lies in; its commands lie in none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else ""


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """Every module of ours with the modules of ours that it imports, at its top or later."""
    files = [file for folder in ("model", "training", "ui") for file in files_of(folder)]
    return {dotted(file): modules_imported_by(file) for file in files}


def test_no_import_goes_in_a_circle(graph):
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_rooms_of_training_import_only_rooms_before_them(graph):
    inside = {module: {to for to in imported if to.startswith("training.")} for module, imported in graph.items()}
    wrong = [
        f"{module} -> {to}"
        for module, imported in inside.items()
        if module.startswith("training.") and room(module) != "recipes"
        for to in imported - set(FOR_ALL_ROOMS)
        if ROOMS.index(room(to)) > ROOMS.index(room(module))
    ]
    assert wrong == []
    assert {room(module) for module in graph if module.startswith("training.")} == {*ROOMS, "recipes"}


def test_studies_import_no_other_study_but_what_they_share(graph):
    studies = "training.studies."
    shared = {f"{studies}{name}" for name in ("frozen_features", "images", "paired", "short_training")}
    for module, imported in graph.items():
        if module.startswith(studies):
            own = module.split(".")[2]
            others = {to for to in imported if to.startswith(studies) and to.split(".")[2] != own}
            assert others <= shared, module


def test_no_folder_holds_more_than_twelve_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    folders = Counter(Path(name).parent.as_posix() for name in listed.stdout.splitlines())
    more = {folder for folder, count in folders.items() if count > 12}
    assert more <= {*MANY_ON_PURPOSE}


def test_evaluation_loads_no_network_library():
    """Reading a results table must not cost the seconds and memory of TensorFlow."""
    modules = sorted(dotted(file) for file in files_of("model/evaluation") if file.stem != "__init__")
    code = f"import sys, {', '.join(modules)}; print('\\n'.join(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in finished.stdout.split()}
    assert "numpy" in loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "streamlit", "tf_keras_vis"})
