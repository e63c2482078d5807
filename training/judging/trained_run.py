"""What a finished run left behind, checked so that it can be judged on images that it has never seen."""

import argparse
import dataclasses
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.command import TrainingError
from training.data.provenance import read_json, read_manifest, read_table
from training.data.splits import TRAIN, VALIDATION, read_split_table
from training.judging.sealing import SMOKE_BUNDLE
from training.recipe import Recipe, RecipeError

SMOKE_RUN = Path("runs/smoke")
WARM_UP, TIMED = 3, 15  # photos
SEEN = (TRAIN, VALIDATION)  # validation has chosen epochs and strengths: it is no unseen image either


class RunError(TrainingError):
    """A run cannot be judged fairly, or not at all; the message says why and what to do."""


def read_record(run: Path) -> tuple[Recipe, dict]:
    """Return the recipe and the record of a training run."""
    if not (run / "run.json").exists():
        raise RecipeError(f"There is no {run / 'run.json'}; name the folder of a run, or train it first.")
    record = read_json(run / "run.json")
    if not isinstance(record, dict) or not isinstance(record.get("recipe"), dict):
        raise RecipeError(f"{run / 'run.json'} holds no recipe; remove its folder and train it again.")
    try:
        return recipe_in(record), record
    except TypeError:
        raise RecipeError(f"{run / 'run.json'} holds a damaged recipe; remove its folder and train it again.") from None


def recipe_in(record: dict) -> Recipe:
    """Return the recipe that a record names, as it was trained, without options that are gone since."""
    known = {field.name for field in dataclasses.fields(Recipe)}
    options = {name: value for name, value in record["recipe"].items() if name in known}
    kept: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    return Recipe(**kept)


def load_run(run: Path) -> tuple[Recipe, dict, pd.DataFrame]:
    """Return the recipe, record and manifest (with splits) of a finished training run."""
    recipe, record = read_record(run)
    if not isinstance(record.get("work"), str):
        raise RecipeError(
            f"{run / 'run.json'} does not say where its images lie; remove its folder and train it again."
        )
    manifest = read_manifest(Path(record["work"]))
    splits = read_split_table(run / "splits.csv").set_index("image_id").split
    manifest = manifest[manifest.image_id.isin(splits.index)].reset_index(drop=True)
    if len(manifest) < len(splits):
        raise RecipeError(
            f"{record['work']} holds {len(manifest):,} of the {len(splits):,} images of {run}: it has changed since; "
            "train the run again, or restore that folder."
        )
    return recipe, record, manifest.assign(split=manifest.image_id.map(splits))


def parse_run_and_bundle(
    parser: argparse.ArgumentParser, arguments: list[str] | None, smoke: str, without_run: str = ""
) -> argparse.Namespace:
    """Add what names a run and its bundle to a command, and return its options with both filled in.

    ``smoke`` says what the command does with the rehearsal's run; ``without_run`` is an option that needs no run.
    """
    parser.add_argument("run", nargs="?", type=Path, help="folder of the training run that the bundle is made from")
    parser.add_argument("--bundle", type=Path, help="folder of the packed model (default model/bundle)")
    parser.add_argument("--smoke", action="store_true", help=smoke)
    options = parser.parse_args(arguments)
    if not (options.run or options.smoke or getattr(options, without_run, False)):
        parser.error("name the folder of a training run, or give --smoke")
    options.run = options.run or SMOKE_RUN
    options.bundle = options.bundle or (SMOKE_BUNDLE if options.smoke else Path("model/bundle"))
    return options


def learnt_sets(stage: dict) -> set[str]:
    """Return the sets of images that a run, or an earlier stage of one, has learnt from."""
    return {*stage["recipe"].get("datasets", ()), *stage.get("train_sizes", ())}


@dataclass(frozen=True)
class TrainedRun:
    """A run folder, read.

    Parameters
    ----------
    folder : Path
    record : dict
        ``run.json``.
    splits : DataFrame
        image_id, lesion_id, group, dataset, label, split of every image that the run knew.
    predictions : DataFrame
        image_id and p_<code> of the recipe's own label set.
    """

    folder: Path
    record: dict
    splits: pd.DataFrame
    predictions: pd.DataFrame

    @property
    def recipe(self) -> dict:
        """The options that the run was trained with."""
        return self.record["recipe"]

    @property
    def label_set(self) -> str:
        """Which classes it answers in, see `training.judging.label_map`."""
        return self.record.get("label_set") or self.recipe.get("label_set", "seven")


def is_trained(folder: Path) -> bool:
    """Say whether a run is finished: its predictions are the last that training writes."""
    return (folder / "predictions.csv").exists()


def read_run(folder: Path) -> TrainedRun:
    """Return a finished run.

    Raises
    ------
    RunError
        If a file is missing.
    """
    missing = [name for name in ("run.json", "splits.csv", "predictions.csv") if not (folder / name).exists()]
    if missing:
        raise RunError(f"{folder} lacks {', '.join(missing)}; train the recipe again.")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return TrainedRun(folder, record, read_table(folder / "splits.csv"), read_table(folder / "predictions.csv"))


def check_unseen(run: TrainedRun, test: pd.DataFrame) -> None:
    """Make sure that a run answered every test image once and was not trained or tuned on any lesion among them.

    Parameters
    ----------
    run : TrainedRun
    test : DataFrame
        image_id, lesion_id, group of the images to be judged on.

    Raises
    ------
    RunError
        If predictions are missing or double, or if an image, lesion or near-duplicate group of the test is in the
        run's training or validation split.
    """
    answered = run.predictions.image_id
    missing = test.image_id[~test.image_id.isin(answered)]
    if len(missing):
        raise RunError(
            f"{run.folder} has no prediction of {len(missing):,} of {len(test):,} test images, "
            f"{missing.iloc[0]} among them; predict all of them."
        )
    if answered[answered.isin(test.image_id)].duplicated().any():
        raise RunError(f"{run.folder} has more than one prediction of a test image; keep one each.")
    absent = {"image_id", "lesion_id", "group", "split"} - set(run.splits.columns)
    if absent:
        raise RunError(
            f"{run.folder}/splits.csv lacks {', '.join(sorted(absent))}; whether it saw the test is unknown."
        )
    seen = run.splits[run.splits.split.isin(SEEN)]
    # Every manifest names its groups itself, so those that the run itself gave to test images count too.
    own_groups = run.splits.group[run.splits.image_id.isin(test.image_id)]
    forbidden = {"image_id": test.image_id, "lesion_id": test.lesion_id, "group": pd.concat([test.group, own_groups])}
    for column, names in forbidden.items():
        shared = seen[column].isin(names.dropna())
        if shared.any():
            raise RunError(
                f"{run.folder} was trained or tuned on {shared.sum():,} images that share their {column} with the "
                f"test, {seen.image_id[shared].iloc[0]} among them; train it with the bundle's split table."
            )


def milliseconds(weights: Path) -> float | None:
    """Return the median time of one photo through a saved network on this machine, or None where there is none.

    A file that takes no photo, but features of another network, has no such time. Other inputs than the photo are zero.
    """
    if not weights.exists():
        return None
    import keras

    network, random = keras.models.load_model(weights, compile=False), np.random.default_rng(0)
    given = {entry.name: np.zeros((1, *entry.shape[1:]), np.float32) for entry in network.inputs}
    photos = [name for name, values in given.items() if values.ndim == 4 and values.shape[-1] == 3]
    if not photos:
        return None
    given |= {name: random.integers(0, 256, given[name].shape).astype(np.float32) for name in photos}
    batch = given if len(given) > 1 else given[photos[0]]
    times = []
    for _ in range(WARM_UP + TIMED):
        start = time.perf_counter()
        network.predict_on_batch(batch)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[WARM_UP:])
