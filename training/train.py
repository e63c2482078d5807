"""First command: train a recipe on the images of a folder.

    python -m training.train RECIPE --data FOLDER [--run runs/RECIPE] [--set name=value ...]
    python -m training.train RECIPE --smoke        a minute on synthetic images, to see that everything runs

The run folder then holds the resolved recipe, versions, the split table, the log and the trained network;
an interrupted run goes on where it stopped when the same command is given again.
"""

import argparse
import dataclasses
import importlib
import importlib.metadata
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.tables.output import write_file
from training.command import at_least, one_sentence
from training.data import provenance
from training.data.label_sets import LABEL_SETS, labels_in
from training.data.prepared import prepare
from training.data.provenance import file_sha256, git_commit
from training.data.splits import INTERNAL_TEST, TRAIN, VALIDATION
from training.fitting.checkpoints import CHECKPOINT
from training.judging.trained_run import read_record
from training.recipe import PACKAGED, Recipe, RecipeError, load_recipe, recipe_names, trunk_in

STAGE = ("recipe", "epochs", "minutes", "device", "pretrained_sha256", "train_sizes")  # what is kept of a stage
LIBRARIES = ("keras", "numpy", "opencv-python-headless", "pillow", "scikit-learn", "pandas")
SMOKE_OPTIONS: dict[str, Any] = {
    "size": 64,
    "serve_size": 72,
    "epochs": 12,
    "batch": 8,
    "rate": 3e-3,
    "architecture": "tiny",
    "weights": "none",
    "start_from": "",
    "members": (),
    "teachers": (),
    "freeze_until": "",
    "precision": "float32",
    "datasets": ("synthetic",),
    "label_set": "seven",
    "architecture_options": {},
    "phases": (),
    "masks": False,
    "images_per_class": 0,
    "epoch_images": 0,
}


def library_versions() -> dict[str, str]:
    """Return the installed versions of what a result depends on, the Keras backend included."""
    import keras

    backend = keras.backend.backend()
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    module = importlib.import_module(backend)
    return versions | {"backend": f"{backend} {module.__version__}", "python": sys.version.split()[0]}


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help=f"one of {', '.join(recipe_names())}")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with ham10000/ and other image sets")
    parser.add_argument("--run", type=Path, help="folder for this run (default runs/RECIPE)")
    parser.add_argument("--work", type=Path, help="folder for manifest and decoded images (default runs/data)")
    parser.add_argument("--splits", type=Path, help="a published split table to keep (default: make the seeded split)")
    parser.add_argument("--weights", help="imagenet, none, a file with the pretrained trunk, or a folder with several")
    parser.add_argument(
        "--set", nargs="*", action="extend", default=[], metavar="NAME=VALUE", help="change options of the recipe"
    )
    parser.add_argument("--per-class", type=at_least(1, int), help="rehearse with that many images of each class")
    parser.add_argument("--tensorboard", action="store_true", help="also log for TensorBoard, into the run folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny network on synthetic images")
    parser.add_argument("--incomplete", action="store_true", help="accept a set with fewer than half of its images")
    parser.add_argument(
        "--anew", action="store_true", help="start anew where a folder holds another run or other images"
    )
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe)
    if options.smoke:
        recipe = dataclasses.replace(recipe, **SMOKE_OPTIONS)
    recipe = recipe.with_options(options.set)
    if options.weights:
        recipe = dataclasses.replace(recipe, weights=options.weights)
    return _train(recipe, options)


def device_name() -> str:
    """Return the name of the device that the network runs on."""
    import keras

    if keras.backend.backend() == "torch":  # Keras lists no devices there
        import torch

        found = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    else:
        found = [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]
    return ", ".join(found) or f"CPU, {os.cpu_count()} cores"


def start_record(
    recipe: Recipe, stages: list[dict], work: Path, per_class: int | None = None, starts: tuple[Path, ...] = ()
) -> dict:
    """Return what is known of a run before it is trained; ``starts`` are the networks that it begins with."""
    images = provenance.read_images_record(work)
    trunk = Path(recipe.weights)
    return {
        "recipe": dataclasses.asdict(recipe),
        "label_set": recipe.label_set,
        "stages": stages,
        "libraries": library_versions(),
        "device": device_name(),
        "seed": recipe.seed,
        "git_commit": git_commit(),
        "manifest_sha256": file_sha256(work / "manifest.csv"),
        "work": str(work),
        "per_class": per_class,
        "starts": {path.parent.name: file_sha256(path) for path in starts},
        "images": {name: images["sets"].get(name) for name in recipe.datasets} if images else None,
        "weights": "file" if trunk.is_file() else recipe.weights,
        "pretrained": trunk.name if trunk.is_file() else None,
        "pretrained_sha256": file_sha256(trunk) if trunk.is_file() else None,
    }


def _train(recipe: Recipe, options: argparse.Namespace) -> int:
    """Train a recipe, and before it the recipe that it starts from when that has not been trained yet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.data.masks import canvas_for
    from training.data.splits import split_table
    from training.fitting.distributed import worker_folder
    from training.fitting.last_layer import learn_last_layer
    from training.fitting.loop import blend_with, fit, take_off_prior, weights_in_float32
    from training.fitting.recipe_check import check_recipe
    from training.judging.predictions import write_predictions
    from training.networks.architectures import logits_model
    from training.networks.ensemble import JOINED, combine_files
    from training.networks.pytorch import use_fused_kernels

    check_recipe(recipe)
    use_fused_kernels()
    started = time.perf_counter()
    run = options.run or Path("runs") / ("smoke" if options.smoke else recipe.name)
    work = options.work or Path("runs") / ("smoke-data" if options.smoke else "data")
    _check_taught(recipe, run, work)
    stages = [stage for name in recipe.earlier for stage in _earlier_stages(name, recipe, run, options)]
    recipe = dataclasses.replace(recipe, weights=_pretrained(recipe, stages))
    manifest = prepare(recipe, options.data, work, options.splits, options.per_class, options.incomplete, options.anew)
    _check_unseen([stage["recipe"]["name"] for stage in stages], run.parent, manifest)
    starts = [run.parent / name / "trained.keras" for name in recipe.earlier]
    record = start_record(recipe, stages, work, options.per_class, tuple(starts))
    before = _held_run(recipe, run, record, split_table(manifest, manifest.split), options.anew)
    run.mkdir(parents=True, exist_ok=True)
    write_file(run / "splits.csv", split_table(manifest, manifest.split).to_csv(index=False).encode())
    write_file(run / "run.json", (json.dumps(record, indent=1) + "\n").encode())
    start = starts[0] if recipe.start_from else None
    canvas = canvas_for(recipe, work, manifest)
    if recipe.members:
        start = combine_files(recipe, starts, run / JOINED)
    shares = training_shares(recipe, manifest) if recipe.prior_exponent else None
    network = fit(recipe, canvas, manifest, run, start, cache=work / "features", callbacks=_callbacks(options, run))
    if start and recipe.blend < 1:
        blend_with(start, network, recipe.blend)
    if shares is not None and not recipe.last_layer_penalty:
        take_off_prior(network, shares, recipe.prior_exponent)
    model = weights_in_float32(recipe, network)
    if recipe.last_layer_penalty:
        prior = 0.0 if shares is None else recipe.prior_exponent * np.log(shares)
        record["last_layer"] = learn_last_layer(recipe, logits_model(model), canvas, manifest, run, prior)
    unfinished = worker_folder(run) / "trained.unfinished.keras"
    model.save(unfinished)
    unfinished.replace(run / "trained.keras")  # the same network from every worker, as folders need not be shared
    log = pd.read_csv(worker_folder(run) / "history.csv") if recipe.epochs else pd.DataFrame({"seconds": []})
    minutes = log.seconds.sum() / 60
    wall = max(before + (time.perf_counter() - started) / 60, minutes)  # what was interrupted is known by its epochs
    record |= {"minutes": round(minutes, 1), "wall_minutes": round(wall, 1), "epochs": len(log),
               "parameters": int(model.count_params())}  # fmt: skip
    write_file(run / "run.json", (json.dumps(record, indent=1) + "\n").encode())
    if recipe.ancestor:  # the shipped model's test is opened by training.evaluate alone
        write_predictions(run, recipe, logits_model(model), canvas, manifest)
    print(f"trained in {record['minutes']} minutes; next: python -m training.calibrate {run}")
    return 0


def _held_run(recipe: Recipe, run: Path, record: dict, splits: pd.DataFrame | None, anew: bool) -> float:
    """Return the minutes that a run in this folder has taken so far; refuse another run's folder, or empty it."""
    if not (run / "run.json").exists():
        orphan = ["a checkpoint without its run.json"] if (run / CHECKPOINT).exists() else []
        provenance.go_on_or_start_anew(run, orphan, anew)
        return 0
    _, earlier = read_record(run)
    compared = {name: record[name] for name in ("pretrained_sha256", "per_class", "starts", "images") if name in record}
    found = provenance.differences(recipe, earlier, compared, splits, run)
    provenance.go_on_or_start_anew(run, found, anew)
    return 0 if found else earlier.get("wall_minutes", 0)


def training_shares(recipe: Recipe, manifest: pd.DataFrame) -> np.ndarray:
    """Return the share of each class among the training images of the recipe's first set, shape (classes,).

    Raises
    ------
    RecipeError
        If a class does not occur there, so that it has no prior.
    """
    home = manifest[(manifest.split == TRAIN) & (manifest.dataset == recipe.datasets[0])]
    codes = list(LABEL_SETS[recipe.label_set].codes)
    counts = labels_in(home, recipe.label_set).value_counts().reindex(codes, fill_value=0).to_numpy()
    if not counts.all():
        raise RecipeError(f"prior_exponent needs every class in {recipe.datasets[0]}; some have no training image.")
    return counts / counts.sum()


def _callbacks(options: argparse.Namespace, run: Path) -> tuple:
    if not options.tensorboard:
        return ()
    if find_spec("tensorboard") is None:
        raise RecipeError("TensorBoard is not installed; pip install tensorboard, or leave out --tensorboard.")
    import keras

    return (keras.callbacks.TensorBoard(run / "tensorboard"),)


def _check_taught(recipe: Recipe, run: Path, work: Path) -> None:
    """Say before the first hour, not after it, that a network which a GPU has to train is not there yet."""
    if recipe.teachers:
        raise RecipeError(f"{recipe.name} learns from other networks, on a GPU: see docs/accelerator.md.")
    for name in recipe.earlier:
        if load_recipe(name).teachers and not (run.parent / name / "trained.keras").exists():
            raise RecipeError(
                f"{name} is trained on a GPU; its weights are in this repository. Run training.data.manifest, then: "
                f"python -m training.accelerator.unpack {name} --runs {run.parent} --work {work}"
            )
    for name in (recipe.name, *recipe.earlier):
        stage = recipe if name == recipe.name else load_recipe(name)
        begins = stage.architecture in PACKAGED and not stage.start_from and stage.weights != "none"
        trained = ((run if name == recipe.name else run.parent / name) / "trained.keras").exists()
        if begins and not trained and not find_spec("torch"):
            raise RecipeError(f"{name} begins with weights that PyTorch reads; pip install torch.")


def _check_unseen(stages: list[str], runs: Path, manifest: pd.DataFrame) -> None:
    """Refuse stages that have learnt from lesions that this run validates on or is tested on."""
    held_out = manifest[manifest.split.isin([VALIDATION, INTERNAL_TEST])]
    for name in stages:
        if (runs / name / "splits.csv").exists():
            known = provenance.read_table(runs / name / "splits.csv")
            learnt = known[known.split == TRAIN]
            shared = (held_out.image_id.isin(learnt.image_id) | held_out.group.isin(learnt.group)
                      | _lesions(held_out).isin(_lesions(learnt))).sum()  # fmt: skip
            if shared:
                raise RecipeError(
                    f"{name} has learnt from {shared:,} of the validation and test images, or from others of their "
                    "lesions; train it with the same split table."
                )


def _lesions(rows: pd.DataFrame) -> pd.Series:
    """Return what names a lesion in every manifest; a group is named after whichever image comes first in its own."""
    return rows.dataset + "/" + rows.lesion_id


def _earlier_stages(name: str, recipe: Recipe, run: Path, options: argparse.Namespace) -> list[dict]:
    """Make sure that an earlier recipe is trained; return what is known of it, after what went before it."""
    stage_run, stage = run.parent / name, dataclasses.replace(load_recipe(name), weights=recipe.weights)
    if (stage_run / "trained.keras").exists():
        anew = options.anew and not stage.teachers  # what a GPU has trained is never thrown away here
        _held_run(stage, stage_run, {"per_class": options.per_class}, None, anew)
    if not (stage_run / "trained.keras").exists():
        _train(stage, argparse.Namespace(**vars(options) | {"run": stage_run}))
    _, record = read_record(stage_run)
    if "last_layer" in record:
        raise RecipeError(
            f"{name} has learnt from validation: train it with --set last_layer_penalty=0 to go on from it."
        )
    done = {name: record[name] for name in STAGE if name in record}
    return [*record.get("stages", []), done]


def _pretrained(recipe: Recipe, stages: list[dict]) -> str:
    """Return which pretrained weights a recipe begins with: those of its stages, or its own trunk in a folder."""
    if recipe.members:
        return ", ".join(dict.fromkeys(Path(stage["recipe"]["weights"]).name for stage in stages))
    return stages[-1]["recipe"]["weights"] if stages else trunk_in(recipe.weights, recipe.architecture)


if __name__ == "__main__":
    raise SystemExit(main())
