"""The README says what is so: its figures come from the bundle, and its commands, folders and links exist."""

import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

from model.card import Card, Label, load_card
from model.errors import LesionscopeError
from training import readme

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CHANGELOG.md", "LICENSE-MODEL.md")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(text) -> list[list[str]]:
    """The command lines in the README's code blocks, split into words, continued lines joined."""
    blocks = re.findall(r"^```(?:sh|powershell)\n(.*?)^```", text, re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split("#")[0].split() for line in lines if line.split("#")[0].strip()]


def options_of(words: list[str], monkeypatch, capsys) -> str:
    """Return what ``python -m`` prints for a module with ``--help``, and with its subcommand where it has one."""
    name, *rest = words
    monkeypatch.setattr("sys.argv", [name, *(rest[:1] if name == "model" else []), "--help"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    return capsys.readouterr().out


def test_results_are_those_of_the_bundle(text):
    assert readme.with_results(text, readme.block_of(load_card())) == text, "run: python -m training.readme"


def test_make_targets_exist(commands):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    quoted = {command[1] for command in commands if command[0] == "make"}
    assert quoted >= {"app", "test", "train"}
    assert quoted <= set(targets)


def test_modules_and_their_options_exist(commands, monkeypatch, capsys):
    quoted = [command[command.index("-m") + 1 :] for command in commands if "-m" in command]
    ours = [words for words in quoted if words[0].split(".")[0] in ("model", "training", "benchmarks")]
    assert len(ours) >= 5, "four commands of training and at least one of the model"
    for words in ours:
        known = options_of(words, monkeypatch, capsys)
        assert [word for word in words if word.startswith("--") and word not in known] == [], words


def test_files_named_in_commands_exist(commands):
    named = {word for command in commands for word in command if word.endswith(("requirements.txt", ".py"))}
    assert {"requirements.txt", "app.py"} <= named
    assert [word for word in named if not (ROOT / word).is_file()] == []


def test_folders_of_the_overview_exist(text):
    folders = re.findall(r"^\| `([\w./]+/)` \|", text, re.M)
    assert {"model/", "training/", "ui/", "pages/"} <= set(folders)
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_files_resolve(document):
    content = (ROOT / document).read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", content) if "://" not in target]
    assert [target for target in targets if target and not (ROOT / target).exists()] == []


CARD = Card(
    bundle_dir=ROOT,
    model_id="example",
    version="9.9",
    labels=(Label(0, "mel", "Melanoma", True), Label(1, "nv", "Melanocytic nevus", False)),
    size=64,
    temperature=1.0,
    views=("identity",),
    feature_layer="features",
    logits_layer="logits",
    raw={},
)


def metrics_row(split: str, metric: str, subject: str, value: float) -> dict:
    return {
        "dataset": "ham10000", "split": split, "metric": metric, "subject": subject, "value": value,
        "low": value - 0.05, "high": value + 0.05, "n_images": 1234, "n_lesions": 1000,
    }  # fmt: skip


def test_results_block_shows_value_interval_and_n_but_not_validation():
    rows = [
        metrics_row("validation", "accuracy", "all", 0.9),
        metrics_row("internal_test", "accuracy", "all", 0.8),
        metrics_row("internal_test", "sensitivity", "mel", 0.7),
    ]
    block = readme.results_block(CARD, pd.DataFrame(rows))
    assert "| Figure | HAM10000, internal test: 1,234 images of 1,000 lesions, 1 class |" in block
    assert "| Accuracy, the most probable of all classes | 0.800 (0.750 to 0.850) |" in block
    assert "| Sensitivity, Melanoma | 0.700 (0.650 to 0.750), n = 1,234 |" in block
    assert "| Sensitivity, Melanocytic nevus | not assessed |" in block
    assert "0.900" not in block


def test_a_baseline_stands_beside_the_model():
    model = pd.DataFrame([metrics_row("internal_test", "accuracy", "all", 0.8)])
    baseline = pd.DataFrame([metrics_row("internal_test", "accuracy", "all", 0.6)])
    block = readme.results_block(CARD, model, baseline)
    assert "| Accuracy, the most probable of all classes | 0.800 (0.750 to 0.850) | 0.600 (0.550 to 0.650) |" in block
    assert "Frozen trunk on HAM10000, internal test" in block


def test_only_what_stands_between_the_markers_is_replaced():
    before = f"above\n{readme.BEGIN}\nold\n{readme.END}\nbelow\n"
    assert readme.with_results(before, "new") == f"above\n{readme.BEGIN}\nnew\n{readme.END}\nbelow\n"
    with pytest.raises(LesionscopeError):
        readme.with_results("no markers", "new")
