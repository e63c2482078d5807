"""The robustness command on drawn photos and an untrained network."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.card import load_card
from model.evaluation.tables import load_table
from training.judging import robustness
from training.synthetic.corruptions import CORRUPTIONS
from training.synthetic.lesions import render_lesion

FEW = {name: CORRUPTIONS[name] for name in ("rotation", "JPEG")}


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> pd.DataFrame:
    folder, rows = tmp_path_factory.mktemp("drawn"), []
    for number, label in enumerate(["mel", "mel", "nv", "nv", "nv", "df"]):
        path = folder / f"I{number}.png"
        Image.fromarray(render_lesion(label, np.random.default_rng(number), 96)).save(path)
        rows.append({"image_id": path.stem, "lesion_id": f"L{number}", "label": label, "path": str(path)})
    return pd.DataFrame(rows).assign(dataset="drawn", split="internal_test")


def test_photos_are_chosen_evenly_and_always_the_same_ones(images):
    chosen = robustness.chosen_photos(images, 5)
    assert sorted(chosen["label"]) == ["df", "mel", "mel", "nv", "nv"]
    shuffled = robustness.chosen_photos(images.sample(frac=1, random_state=1), 5)
    assert list(chosen["image_id"]) == list(shuffled["image_id"])
    assert len(robustness.chosen_photos(images, 100)) == len(images)


def test_every_photo_is_judged_in_every_state(analyser, images):
    answers = robustness.judge(analyser, images[:2], FEW)
    assert len(answers) == 2 * (1 + 2 * 3)
    assert list(answers["corruption"].unique()) == ["none", "JPEG", "rotation"]  # in the order of the registry
    taken = answers[answers["severity"] == 0].set_index("image_id")
    names = [f"p_{code}" for code in analyser.card.codes]
    with Path(images.path[0]).open("rb") as file:
        expected = analyser.analyse(file.read()).prediction.probabilities
    assert taken.loc["I0", names].to_numpy(float) == pytest.approx(expected)
    assert answers["agreement"].dropna().between(-1, 1).all()
    assert (answers[answers["corruption"] == "JPEG"]["setting"].unique() == ["JPEG quality 50", "JPEG quality 20",
                                                                             "JPEG quality 8"]).all()  # fmt: skip


def test_a_map_agrees_with_itself_also_where_the_photo_moved(analyser, images):
    with Path(images.path[0]).open("rb") as file:
        before = analyser.analyse(file.read())
    assert robustness.rank_agreement(before, before, np.eye(2, 3)) == pytest.approx(1)
    cell = before.square.side / next(iter(before.explanations.values())).raw.shape[0]
    aside = np.array([[1, 0, cell], [0, 1, 0]])
    assert robustness.rank_agreement(before, before, aside) < 0.999


def test_the_command_writes_a_table_of_the_card(tiny_bundle, images, tmp_path, monkeypatch, capsys):
    bundle = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    monkeypatch.setattr(robustness, "load_run", lambda run: (None, None, images))
    monkeypatch.setattr(robustness.judge, "__defaults__", (FEW,))
    assert robustness.main([str(tmp_path), "--bundle", str(bundle), "--photos", "3"]) == 0
    table = load_table(load_card(bundle), "results/robustness.csv")
    assert set(table["metric"]) >= {"accuracy", "melanoma_sensitivity"}
    assert (table[table["metric"] == "accuracy"]["n_images"] == 3).all()
    assert "minutes" in capsys.readouterr().out
    assert json.loads((bundle / "card.json").read_text())["tables"]["results/robustness.csv"]["rows"] == len(table)
