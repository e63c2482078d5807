"""The packed training log holds every stage that can still be read."""

import dataclasses
import json

import pandas as pd

from training.bundle import stage_history
from training.recipe import Recipe

MANIFEST = pd.DataFrame({"image_id": ["a"], "dataset": "any", "label": "nv", "canvas_row": 0})


def write_run(folder, name: str, losses: list[float], stages: list[str]) -> None:
    run = folder / name
    run.mkdir()
    record = {
        "recipe": dataclasses.asdict(Recipe(name=name)),
        "stages": [{"recipe": dataclasses.asdict(Recipe(name=stage))} for stage in stages],
        "work": str(folder),
    }
    (run / "run.json").write_text(json.dumps(record))
    pd.DataFrame({"image_id": ["a"], "split": ["train"]}).to_csv(run / "splits.csv", index=False)
    pd.DataFrame({"epoch": range(1, len(losses) + 1), "loss": losses}).to_csv(run / "history.csv", index=False)


def test_stages_follow_each_other_and_one_whose_folder_is_gone_is_left_out(tmp_path):
    MANIFEST.to_csv(tmp_path / "manifest.csv", index=False)
    write_run(tmp_path, "second", [0.9], ["first"])
    write_run(tmp_path, "third", [0.7, 0.6], ["first", "second"])
    log = stage_history(tmp_path / "third")
    assert log.stage.tolist() == ["second", "third", "third"]
    assert log.loss.tolist() == [0.9, 0.7, 0.6]
    write_run(tmp_path, "first", [1.5, 1.2], [])
    assert stage_history(tmp_path / "third").stage.tolist() == ["first", "first", "second", "third", "third"]


def test_a_run_without_any_log_has_an_empty_one(tmp_path):
    MANIFEST.to_csv(tmp_path / "manifest.csv", index=False)
    write_run(tmp_path, "joined", [], ["gone"])
    (tmp_path / "joined/history.csv").unlink()
    assert stage_history(tmp_path / "joined").empty
