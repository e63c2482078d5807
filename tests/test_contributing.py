"""CONTRIBUTING.md as a person follows it: a data set, a recipe and a chart are added to a copy, and found there."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE
from tests.support.compared_runs import answers, command_on, compared, make_run
from training import compare, recipe, recipes
from training.data.label_sets import CODES
from training.data.sets.registry import IMAGE_SETS
from training.data.splits import INTERNAL_TEST
from training.judging.trained_run import is_trained
from training.train_all import ancestors

ROOT = Path(__file__).resolve().parents[1]
LINES, FILES = 10, 3  # at most, of each recipe of the document
COPIED = ("training", "model", "ui", "pages", "assets", ".streamlit", "app.py")

WRITTEN = {  # the files that the document says to write
    "training/data/sets/clinic.py": '''
"""The photos of a clinic."""

from training.data.sets.image_set import ImageSet, table
from training.data.sets.layouts import frame, images_under, table_path

PUBLISHED = "the clinic"


def read(root):
    columns = {"image_id": ("image",), "lesion_id": ("lesion",), "label": ("dx",)}
    rows = frame(table_path(root, "labels.csv", PUBLISHED), columns)
    files = images_under(root, "images", PUBLISHED)
    return table(rows.assign(source_label=rows.label, path=rows.image_id.map(files)), "clinic", "CC BY 4.0")


IMAGE_SET = ImageSet("clinic", PUBLISHED, read)
''',
    "training/recipes/lite2_large.py": '''
"""EfficientNet-Lite2 on larger photos."""

import dataclasses

from training.recipes.shipped.lite2_192 import RECIPE as LITE2

RECIPE = dataclasses.replace(LITE2, name="lite2_large", size=224, serve_size=256)
''',
    "ui/evaluation/limits/melanoma.py": '''
"""The melanoma AUC of every set."""

from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation.choices import METRICS
from ui.evaluation.limits import wording


def melanoma(card):
    metrics = evidence.table(card, METRICS)
    rows = metrics[(metrics["metric"] == "auc") & (metrics["subject"] == "mel") & (metrics["split"] != "validation")]
    names = [shared.set_name(pair) for pair in zip(rows["dataset"], rows["split"], strict=True)]
    evidence.chart(ForestDisplay(rows.assign(group=names), wording.MELANOMA), "melanoma")
    evidence.origin(card, (METRICS,), wording.MELANOMA_METHOD, rows, "melanoma.csv")
''',
}


def section(title: str) -> str:
    """Return what the document says below a heading."""
    parts = re.split(r"^## (.+)\n", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def steps_of(title: str) -> list[str]:
    """Return the numbered steps of a section, each on one line."""
    found = re.findall(r"^\d\. (.+(?:\n {3}.+)*)", section(title), re.M)
    return [re.sub(r"\s+", " ", step) for step in found]


def opened(title: str) -> list[str]:
    """Return the files that a section says to write or to change."""
    return [path for step in steps_of(title) for path in re.findall(r"^(?:Write|In) `([^`]+)`", step)]


def position_after_last(source: str, name: str) -> int:
    """Return the place behind the last element of the dict or tuple that a module assigns to a name."""
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in [getattr(one, "id", None) for one in targets]:
            value = node.value.generators[0].iter if isinstance(node.value, ast.DictComp) else node.value
            last = (value.values if isinstance(value, ast.Dict) else value.elts)[-1]
            lines = source.splitlines(keepends=True)
            return sum(map(len, lines[: last.end_lineno - 1])) + last.end_col_offset  # these files are ASCII before it
    raise AssertionError(f"nothing is assigned to {name}")


def follow(step: str, copy: Path, written: str) -> str:
    """Do one step of the document in a copy of the tree, and return the file that was written last."""
    if new := re.match(r"Write `([^`]+)`", step):
        assert not (copy / new[1]).exists()
        (copy / new[1]).write_text(WRITTEN[new[1]])
        return new[1]
    if not (changed := re.match(r"In `([^`]+)`, (.+)", step)):
        return written
    path, what = copy / changed[1], changed[2]
    source = path.read_text(encoding="utf-8")
    if entry := re.search(r"add `([^`]+)` to `(\w+)`", what):
        place = position_after_last(source, entry[2])
        source = f"{source[:place]}, {entry[1]}{source[place:]}"
    else:
        lines = re.findall(r"`(\w+ = [^`]+)`", what)
        assert lines, step
        source += "\n".join(lines) + "\n"
    if imported := re.search(r"import `(\w+)`", what):
        package = written.rpartition("/")[0].replace("/", ".")
        assert written.endswith(f"/{imported[1]}.py")
        source = re.sub(r"^from ", f"from {package} import {imported[1]}\nfrom ", source, count=1, flags=re.M)
    path.write_text(source, encoding="utf-8")
    return written


def follow_all(title: str, copy: Path) -> None:
    written = ""
    for step in steps_of(title):
        written = follow(step, copy, written)
    assert (copy / written).is_file()


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of what is in the repository, its model linked."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, folder / name)
        else:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("bundle", "__pycache__"))
    (folder / "model/bundle").symlink_to(ROOT / "model/bundle")
    return folder


def python(copy: Path, *arguments: str, **environment: str) -> str:
    """Return what Python says in the copy."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("title", ["A data set", "A recipe", "A chart on Evaluation"])
def test_each_is_short_and_opens_few_files(title):
    numbered = re.findall(r"^(?:\d\. | {3}).+", section(title), re.M)
    assert 1 <= len(numbered) <= LINES
    assert 1 <= len(opened(title)) <= FILES
    assert [path for path in opened(title) if path not in WRITTEN and not (ROOT / path).is_file()] == []


NAMES = """
from training.fitting.recipe_check import check_recipe
from training.recipe import load_recipe
from ui.evaluation.case_photo import find
from ui.wording import set_name
check_recipe(load_recipe("lite2_192").with_options(["datasets=clinic"]))
print(set_name(("clinic", "external")), find("clinic", "L1", "I2"))
"""


def test_a_data_set_is_found_and_named(copy):
    home = copy / "data/clinic"
    (home / "images").mkdir(parents=True)
    (home / "labels.csv").write_text("image,lesion,dx\nI1,L1,mel\nI2,L1,mel\nI3,L2,nv\nI4,L3,nv\n")
    for name in ("I1", "I2", "I3"):
        (home / "images" / f"{name}.jpg").write_text(name)
    command = next(step for step in steps_of("A data set") if step.startswith("Check"))
    command = re.search(r"`\S+/python ([^`]+)`", command)[1].split()
    assert "clinic" not in IMAGE_SETS
    follow_all("A data set", copy)
    said = python(copy, *command)
    assert "clinic: 3 images of 2 lesions (4 labels listed)" in said and "1 labels have no image" in said
    assert f"Clinic, external test {home / 'images/I2.jpg'}" in python(
        copy, "-c", NAMES, LESIONSCOPE_DATA=str(copy / "data")
    )


@pytest.fixture
def added_recipe(copy, monkeypatch) -> str:
    """Let this process find recipes in the copy too."""
    follow_all("A recipe", copy)
    [path] = opened("A recipe")
    monkeypatch.setattr(recipes, "__path__", [*recipes.__path__, str((copy / path).parent)])
    yield Path(path).stem
    sys.modules.pop(f"{recipes.__name__}.{Path(path).stem}", None)


def test_a_recipe_is_known_compared_and_shown(added_recipe, tiny_bundle, tmp_path, monkeypatch, capsys):
    assert added_recipe in recipe.recipe_names() and added_recipe not in ancestors()
    assert recipe.load_recipe(added_recipe).name == added_recipe
    bundle = Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    (tmp_path / "runs").mkdir()
    assert compare.main(command_on(bundle)) == 0
    assert added_recipe in capsys.readouterr().out.split("not trained, so not in the table: ")[1]
    splits = pd.read_csv(bundle / "dataset/splits.csv")
    images = splits[splits.split == INTERNAL_TEST].reset_index(drop=True)
    run = make_run(tmp_path / "runs" / added_recipe, answers(images, list(CODES), np.ones(len(images), bool), "nv"))
    assert is_trained(run)
    assert compare.main(command_on(bundle)) == 0
    assert compared(bundle).accuracy[added_recipe] == 1
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/method.py").run()
    page = page.button_group(key="method").set_value("Systems compared").run()
    [listed] = [element.value for element in page.dataframe]
    assert added_recipe in list(listed["recipe"])


def test_a_recipe_with_an_ancestor_is_trained_without_being_named(added_recipe, copy):
    path = copy / opened("A recipe")[0]
    path.write_text(path.read_text().replace('name="lite2_large"', 'name="lite2_large", ancestor="a thesis"'))
    assert added_recipe in ancestors()


DRAWN = """
import json
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=60).switch_page("pages/evaluation.py").run()
page = page.button_group(key="view").set_value("Melanoma").run()
assert not page.exception and not page.info, (page.exception, page.info)
[chart] = [json.loads(one.proto.spec) for one in page.get("plotly_chart")]
labels = [label.replace("<br>", " ").replace("\\xa0", " ") for label in chart["layout"]["yaxis"]["ticktext"]]
print(labels, chart["layout"]["xaxis"]["title"]["text"])
print(*[caption.value for caption in page.caption])
"""


def test_a_chart_is_drawn_in_its_view(copy):
    follow_all("A chart on Evaluation", copy)
    said = python(copy, "-c", DRAWN)
    assert "'HAM10000, internal test, n = 1,512'" in said and "'PH2, external test, n = 200'" in said
    assert "AUC, melanoma against all else" in said and "the stored areas under the curve." in said
