"""Train every recipe of an earlier system that has not been trained yet, one after the other.

    python -m training.train_all --data DATA [--weights FOLDER] [--only RECIPE ...]

What was interrupted goes on where it stopped; what is finished is left alone. A recipe that asks for ImageNet weights
takes the file of its trunk in FOLDER (see `training.recipe.WEIGHT_FILES`); without one Keras downloads them.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from training.command import one_sentence
from training.data import provenance
from training.judging.trained_run import is_trained
from training.recipe import load_recipe, recipe_names

RUNS = Path("runs")


def ancestors() -> list[str]:
    """Return the recipes that reproduce an earlier system."""
    return [name for name in recipe_names() if load_recipe(name).ancestor]


def train_missing(
    recipes: list[str], data: Path, work: Path, weights: Path | None = None, *,
    splits: Path | None = None, runs: Path = RUNS, per_class: int | None = None, anew: bool = False,
    incomplete: bool = False,
) -> list[str]:  # fmt: skip
    """Train the recipes that have not been trained, each in a process of its own; return those that failed.

    A process of its own gives memory back and starts every recipe from the same state of chance.

    Parameters
    ----------
    recipes : list of str
    data, work : Path
        Folder with the image sets, and the one with manifest and decoded images.
    weights : Path, optional
        Folder with pretrained trunks, for recipes that ask for ImageNet weights.
    splits : Path, optional
        Published split table, so that all are judged on the same images.
    runs : Path
        Each recipe's run is a folder in it.
    per_class : int, optional
        How many images of each class, for a rehearsal.
    anew, incomplete : bool
        As ``training.train`` takes them.
    """
    extra = (["--per-class", str(per_class)] if per_class else []) + ["--anew"] * anew + ["--incomplete"] * incomplete
    failed = []
    for name in recipes:
        other = _other_run(name, runs / name, per_class) if is_trained(runs / name) else []
        if is_trained(runs / name) and not (other and anew):
            print(f"{name}: {'; '.join(['holds another run', *other, provenance.ANEW]) if other else 'trained before'}")
            failed += [name] if other else []
            continue
        command = [sys.executable, "-m", "training.train", name, "--data", data, "--work", work, "--run", runs / name]
        command += ["--weights", weights] if weights and load_recipe(name).weights == "imagenet" else []
        command += (["--splits", splits] if splits else []) + extra
        clock = time.perf_counter()
        (runs / name).mkdir(parents=True, exist_ok=True)
        with (runs / name / "output.txt").open("a") as output:
            done = subprocess.run([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT)
        minutes = (time.perf_counter() - clock) / 60
        if done.returncode:
            failed.append(name)
            print(f"{name}: failed after {minutes:.1f} minutes, see {runs / name / 'output.txt'}", flush=True)
            continue
        record = json.loads((runs / name / "run.json").read_text(encoding="utf-8"))
        print(f"{name}: {minutes:.1f} minutes, {record['epochs']} epochs", flush=True)
    return failed


def _other_run(name: str, run: Path, per_class: int | None) -> list[str]:
    """Return how a trained run differs from the recipe of its name."""
    record = provenance.read_json(run / "run.json")
    return provenance.differences(load_recipe(name), record, {"per_class": per_class}, None, run)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with ham10000/ and other image sets")
    parser.add_argument("--work", type=Path, default=RUNS / "data", help="folder for manifest and decoded images")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--weights", type=Path, help="folder with pretrained trunks (default: Keras downloads them)")
    parser.add_argument("--splits", type=Path, help="a published split table to keep")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=recipe_names(),
        help="these recipes (default: all that reproduce an earlier system)",
    )
    parser.add_argument("--per-class", type=int, help="rehearse with that many images of each class and split")
    parser.add_argument("--incomplete", action="store_true", help="accept a set with fewer than half of its images")
    parser.add_argument("--anew", action="store_true", help="start anew where a folder holds another run")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    failed = train_missing(
        options.only or ancestors(), options.data, options.work, options.weights,
        splits=options.splits, runs=options.runs, per_class=options.per_class, anew=options.anew,
        incomplete=options.incomplete,
    )  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
