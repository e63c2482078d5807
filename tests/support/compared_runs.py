"""Run folders whose answers are known, and the comparison of them beside a tiny bundle."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

RESAMPLES = 60


def make_run(folder: Path, predictions: pd.DataFrame, label_set: str = "seven", **record) -> Path:
    """Write a run folder whose training images are none of the bundle's."""
    folder.mkdir(parents=True)
    recipe = {"name": folder.name, "datasets": ["ham10000"], "size": 64, "balancing": "over", "label_set": label_set,
              "balancing_options": {}, "weights": "none", "claimed": "accuracy .9", "ancestor": "a thesis"}  # fmt: skip
    (folder / "run.json").write_text(json.dumps({"recipe": recipe, "epochs": 3, "minutes": 1.5} | record))
    train = [(f"T{n}", f"TL{n}", f"TG{n}", "ham10000", "nv", "train") for n in range(10)]
    columns = ["image_id", "lesion_id", "group", "dataset", "label", "split"]
    pd.DataFrame(train, columns=columns).to_csv(folder / "splits.csv", index=False)
    log = {"epoch": [1, 2], "loss": [2.0, 1.0], "validation_balanced_accuracy": [0.2, 0.3], "seconds": [1, 1]}
    pd.DataFrame(log).to_csv(folder / "history.csv", index=False)
    predictions.to_csv(folder / "predictions.csv", index=False)
    return folder


def answers(images: pd.DataFrame, codes: list[str], right: np.ndarray, wrong: str) -> pd.DataFrame:
    """All probability on the true class, or on ``wrong`` where ``right`` says so."""
    given = np.where(right, images.label, wrong)
    sure = pd.DataFrame({f"p_{code}": (given == code).astype(float) for code in codes})
    return pd.concat([images[["image_id"]], sure], axis=1)


def command_on(bundle: Path) -> list[str]:
    return ["--runs", str(bundle.parent / "runs"), "--bundle", str(bundle), "--resamples", str(RESAMPLES)]


def compared(bundle: Path) -> pd.DataFrame:
    return pd.read_csv(bundle / "results/comparison.csv").set_index("recipe")
