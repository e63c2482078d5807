"""README.md and the other documents are true: figures come from the bundle; commands, folders and links exist."""

import os
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.card import Card, Label, load_card
from model.errors import LesionscopeError
from training import readme

ROOT = Path(__file__).resolve().parents[1]
GUIDES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
DOCUMENTS = (*GUIDES, "CHANGELOG.md", "LICENSE-MODEL.md")
README_BYTES = 6000
OURS = ("model", "training", "benchmarks")
LINE = re.compile(r"`((?:\w+=\S+ )*(?:\.venv/bin/)?python -m [^`]+|make \w+)`")  # a command inside a sentence
PATH = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+)?)`")
WRITTEN = ("data/", "runs/", ".venv/")  # what commands make or people fetch


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands_in(content: str) -> list[list[str]]:
    """Return the commands of code blocks and of sentences, split into words, continued lines joined."""
    blocks = re.findall(r"^```(?:sh|powershell)\n(.*?)^```", content, re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines() + LINE.findall(content)
    return [words for line in lines if (words := shlex.split(line, comments=True, posix="\\" not in line))]


@pytest.fixture(scope="module")
def text() -> str:
    return read("README.md")


@pytest.fixture(scope="module")
def commands() -> list[list[str]]:
    """The commands of all documents that say how something is done."""
    return [command for document in GUIDES for command in commands_in(read(document))]


def options_of(words: list[str], monkeypatch, capsys) -> str:
    """Return what ``python -m`` prints for a module with ``--help``, and with its subcommand where it has one.

    Of a command that needs a package which is not installed here, its source.
    """
    name, *rest = words
    monkeypatch.setattr("sys.argv", [name, *(rest[:1] if name == "model" else []), "--help"])
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "tensorflow"))  # some commands set another
    try:
        with pytest.raises(SystemExit, match="0"):
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        if error.name.split(".")[0] in OURS:
            raise
        return (ROOT / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8")
    return capsys.readouterr().out


def test_results_are_those_of_the_bundle(text):
    assert readme.with_results(text, readme.block_of(load_card())) == text, "run: python -m training.readme"


def test_the_readme_is_short(text):
    assert len(text.encode()) <= README_BYTES


def test_commands_are_found_in_blocks_and_in_sentences():
    content = (
        "```sh\nA=1 python -m model check \\\n  --bundle b   # says\n```\nUse `python -m training.gate`, `make app`."
    )
    assert commands_in(content) == [
        ["A=1", "python", "-m", "model", "check", "--bundle", "b"], ["python", "-m", "training.gate"], ["make", "app"]
    ]  # fmt: skip


def test_make_targets_exist(commands):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    quoted = {word for command in commands if "make" in command for word in command[command.index("make") + 1 :]}
    assert quoted >= {"app", "test", "train"}
    assert quoted <= set(targets)


def test_modules_and_their_options_exist(commands, monkeypatch, capsys):
    quoted = [tuple(command[command.index("-m") + 1 :]) for command in commands if "-m" in command]
    ours = sorted({words for words in quoted if words[0].split(".")[0] in OURS})
    assert len({words[0] for words in ours}) >= 15, "the model's, the four of training, and those after them"
    for words in ours:
        known = options_of(list(words), monkeypatch, capsys)
        assert [word for word in words if word.startswith("--") and word not in known] == [], words


def test_files_named_in_commands_exist(commands):
    named = {word for command in commands for word in command if word.endswith(("requirements.txt", ".py"))}
    assert {"requirements.txt", "app.py"} <= named
    assert [word for word in named if not (ROOT / word).is_file()] == []


def test_folders_of_the_overview_exist(text):
    folders = re.findall(r"^\| `([\w./]+/)` \|", text, re.M)
    assert folders == ["model/", "training/", "ui/", "pages/"]
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("document", GUIDES)
def test_files_and_folders_named_in_sentences_exist(document):
    content = re.sub(r"Write `[^`]+`", "", read(document))  # these do not exist yet
    named = [path for path in PATH.findall(content) if not path.startswith(WRITTEN)]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_files_resolve(document):
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", read(document)) if "://" not in target]
    folder = (ROOT / document).parent
    assert [target for target in targets if target and not (folder / target).exists()] == []


def test_each_entry_of_the_changelog_is_one_line_and_the_newest_section_is_first():
    lines = read("CHANGELOG.md").splitlines()
    heads = [line for line in lines if line.startswith("## ")]
    released = heads[heads[0] == "## Unreleased" :]
    dates = [re.fullmatch(r"## .+, (\d{4}-\d\d-\d\d)", head)[1] for head in released]
    assert dates == sorted(dates, reverse=True) and heads[-1] == "## 1.0.0, 2026-11-21"
    listed = [line for line in lines[lines.index(heads[0]) :] if line and line not in heads]
    assert [line for line in listed if not line.startswith("- ") or len(line) > 120] == []


def test_the_readme_leads_to_every_guide(text):
    linked = set(re.findall(r"\]\(([^)\s]+)\)", text))
    for document in ("docs/use.md", "docs/training.md"):
        linked |= {f"docs/{target}" for target in re.findall(r"\]\(([^)\s]+)\)", read(document))}
    wanted = {*DOCUMENTS, "docs/model_card.json"} - {"README.md"}
    assert wanted - linked == set()


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
    raw={
        "thresholds": [
            {"name": "confirm", "subject": "mel", "role": "confirm", "value": 0.4},
            {"name": "rule out", "subject": "mel", "role": "rule_out", "value": 0.07},
        ]
    },
)


def metrics_row(dataset: str, split: str, metric: str, subject: str, value: float, **more) -> dict:
    return {
        "dataset": dataset, "split": split, "metric": metric, "subject": subject, "value": value,
        "low": value - 0.05, "high": value + 0.05, "n_images": 1234, "n_lesions": 1000,
    } | more  # fmt: skip


def table_rows(block: str) -> dict[str, list[str]]:
    """Return the cells of each line of a Markdown table by its first cell."""
    lines = [line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| ")]
    return {first: cells for first, *cells in lines}


def test_results_block_shows_value_interval_and_counts_of_test_sets_but_not_validation():
    judged = [
        metrics_row(*chosen, metric, subject, value)
        for chosen, shift in ((("ham10000", "internal_test"), 0), (("ph2", "external"), -0.1))
        for metric, subject, value in (("accuracy", "all", 0.8 + shift), ("auc", "mel", 0.9 + shift))
    ]
    judged += [metrics_row("ham10000", "validation", "auc", "mel", 0.99)]
    judged += [metrics_row("elsewhere", "external", "auc", "mel", 0.98)]
    judged += [metrics_row("ham10000", "internal_test", "sensitivity", "mel", 0.7, n_images=56)]
    at = [
        metrics_row("ham10000", split, metric, "mel", value, point=point)
        for split, metric, value, point in (
            ("internal_test", "sensitivity", 0.91, "rule out"), ("internal_test", "specificity", 0.61, "rule out"),
            ("internal_test", "sensitivity", 0.51, "confirm"), ("validation", "sensitivity", 0.95, "rule out"),
        )
    ]  # fmt: skip
    block = readme.results_block(CARD, pd.DataFrame(judged), pd.DataFrame(at))
    rows = table_rows(block)
    assert rows["Figure"] == ["HAM10000, internal test", "PH2, external"]
    assert rows["Images (of melanoma)"] == ["1,234 (56)", "1,234 (0)"]
    assert rows["Lesions"] == ["1,000", "1,000"] and rows["Classes that occur"] == ["1", "0"]
    assert rows["Melanoma AUC"] == ["0.900 (0.850\N{EN DASH}0.950)", "0.800 (0.750\N{EN DASH}0.850)"]
    assert rows["Melanoma sensitivity"] == ["0.910 (0.860\N{EN DASH}0.960)", "not assessed"]
    assert rows["Melanoma specificity"] == ["0.610 (0.560\N{EN DASH}0.660)", "not assessed"]
    assert rows["Malignant AUC"] == ["not assessed"] * 2
    assert '"rule out" (a melanoma probability of 7.0 %)' in block
    assert "0.990" not in block and "0.980" not in block and "0.510" not in block


def test_each_family_has_a_sentence_about_its_best_system():
    rows = {
        "recipe": ["ours", "weak", "strong", "two_way", "seven_way"], "family": [None, "A", "A", "B", "B"],
        "melanoma_auc": [0.8, 0.5, 0.6, np.nan, 0.7], "malignant_auc": [0.9, 0.7, 0.6, 0.95, 0.8],
    }  # fmt: skip
    table = pd.DataFrame(rows)
    for name in ("melanoma_auc", "malignant_auc"):
        table[f"{name}_difference"] = table[name] - table[name][0]
        table[f"{name}_difference_low"] = table[f"{name}_difference"] - 0.01
        table[f"{name}_difference_high"] = table[f"{name}_difference"] + 0.03
    first, second = readme.families_block(table).splitlines()[-2:]
    assert first == "- A: the melanoma AUC is 0.200 (0.170 to 0.210) above that of `strong`, which has 0.600."
    assert second == "- B: the malignant AUC is 0.050 (0.040 to 0.080) below that of `two_way`, which has 0.950."


def test_only_what_stands_between_the_markers_is_replaced():
    before = f"above\n{readme.BEGIN}\nold\n{readme.END}\nbelow\n"
    assert readme.with_results(before, "new") == f"above\n{readme.BEGIN}\nnew\n{readme.END}\nbelow\n"
    with pytest.raises(LesionscopeError):
        readme.with_results("no markers", "new")
