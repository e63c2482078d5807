"""Turn what a GPU machine brought back into run folders, for `training.calibrate` and the commands after it.

python -m training.accelerator.unpack RECIPE ... [--trained FOLDER] [--splits FILE] [--work runs/data] [--runs runs]

Without --trained it takes a member of the shipped model, whose weights are next to this file.
"""

import argparse
import dataclasses
import json
import zipfile
from pathlib import Path

import keras
import pandas as pd

from model.tables.output import write_file
from training.accelerator.weights import read_weights
from training.command import TrainingError, one_sentence
from training.data.label_sets import CODES
from training.judging.trained_run import recipe_in
from training.networks.architectures import build_network, logits_model
from training.recipe import Recipe
from training.train import start_record

TRAINED = Path(__file__).parent / "trained"
DAMAGE = (ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError, zipfile.BadZipFile)


def trained_network(file: Path, recipe: Recipe) -> keras.Model:
    """Return the network with the weights in a file, softmax included, in float32 and at serving size."""
    keras.mixed_precision.set_global_policy("float32")
    model = build_network(dataclasses.replace(recipe, weights="none", size=recipe.served), len(CODES))
    logits_model(model).set_weights(read_weights(file))
    return model


def unpack(name: str, trained: Path, splits: Path, work: Path, runs: Path) -> Path:
    """Write a recipe's run folder and return it; what stands there already is replaced.

    ``splits`` is the split table that the images were packed with, ``work`` the folder of `training.data.manifest`.

    Raises
    ------
    TrainingError
        If a file is missing or damaged; the run folder is left as it was.
    """
    if not (trained / f"{name}.npz").is_file():
        there = ", ".join(sorted(path.stem for path in trained.glob("*.npz"))) or "none"
        raise TrainingError(f"{trained} has no weights of {name!r}; there are {there}.")
    if not (work / "manifest.csv").is_file():
        raise TrainingError(f"{work} has no manifest.csv; run training.data.manifest first.")
    try:
        brought = json.loads((trained / f"{name}.json").read_text(encoding="utf-8"))
        recipe, log = recipe_in(brought), pd.read_csv(trained / f"{name}.csv")
        model = trained_network(trained / f"{name}.npz", recipe)
        images = sum(count for count, _ in brought["train_sizes"].values())
        epoch = log.step * recipe.batch / images  # how often as many images as there are have been drawn
        minutes = round(float(log.seconds.iloc[-1]) / 60, 1)
        history = log.assign(epoch=epoch.round(2))[["epoch", "loss", "seconds"]].to_csv(index=False)
        result = {
            "device": brought["device"], "minutes": minutes, "wall_minutes": minutes,
            "epochs": round(float(epoch.iloc[-1]), 1), "parameters": int(model.count_params()),
            "train_sizes": brought["train_sizes"],
        }  # fmt: skip
    except DAMAGE as error:
        raise TrainingError(f"What {trained} has of {name} is damaged; copy it again ({error}).") from error
    record, table, run = start_record(recipe, [], work) | result, splits.read_bytes(), runs / name
    run.mkdir(parents=True, exist_ok=True)
    model.save(run / "trained.unfinished.keras")
    write_file(run / "splits.csv", table)
    write_file(run / "history.csv", history.encode())
    write_file(run / "run.json", (json.dumps(record, indent=1) + "\n").encode())
    (run / "trained.unfinished.keras").replace(run / "trained.keras")  # last: with it the run counts as trained
    return run


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--trained", type=Path, default=TRAINED, help="what the GPU machine brought back")
    parser.add_argument(
        "--splits", type=Path, default=Path("model/bundle/dataset/splits.csv"), help="packed with these"
    )
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder of training.data.manifest")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args(arguments)
    for name in options.recipes:
        run = unpack(name, options.trained, options.splits, options.work, options.runs)
        print(f"next: python -m training.calibrate {run}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
