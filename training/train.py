"""First command: train a recipe on the images of a folder.

    python -m training.train RECIPE --data FOLDER [--run runs/RECIPE] [--set name=value ...]
    python -m training.train RECIPE --smoke        a minute on synthetic images, to see that everything runs

The run folder then holds the resolved recipe, versions, the split table, the log and the trained network;
an interrupted run goes on where it stopped when the same command is given again.
"""

import argparse
import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from training.balancing import BalancingError
from training.datasets import CODES, LABELS, DatasetError, file_sha256
from training.label_sets import LABEL_SETS, labels_in
from training.recipe import Recipe, RecipeError, load_recipe, recipe_names, trunk_in
from training.splits import TRAIN, SplitError

LIBRARIES = ("keras", "numpy", "opencv-python-headless", "pillow", "scikit-learn", "pandas")
SMOKE_OPTIONS = {
    "size": 64,
    "serve_size": 72,
    "refit_head": True,
    "epochs": 12,
    "batch": 8,
    "rate": 3e-3,
    "architecture": "tiny",
    "weights": "none",
    "start_from": "",
    "members": (),
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
    package = {"tensorflow": "tensorflow"}.get(backend, backend)
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    module = __import__(package)
    return versions | {"backend": f"{backend} {module.__version__}", "python": sys.version.split()[0]}


def git_commit() -> str:
    """Return the commit that is checked out, with "+" if files differ from it; "unknown" outside a checkout."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if dirty.stdout.strip() else "")


def prepare(recipe: Recipe, data: Path, work: Path, splits: Path | None, per_class: int | None) -> pd.DataFrame:
    """Return the manifest of the recipe's sets with a split column, reading the images first if need be."""
    from training.manifest import build_manifest, list_images
    from training.splits import EXTERNAL, apply_split_table, extend_split_table, make_splits

    if (work / "manifest.csv").exists() and (work / "canvas.npy").exists():
        manifest = pd.read_csv(work / "manifest.csv", keep_default_na=True)
    else:
        table = synthetic_table(work) if recipe.datasets == ("synthetic",) else None
        manifest = build_manifest(list_images(data, list(recipe.datasets), per_class) if table is None else table, work)
    missing = set(recipe.datasets) - set(manifest.dataset)
    if missing:
        raise DatasetError(f"{work} was made without {', '.join(sorted(missing))}; remove it or name another --work.")
    wanted = manifest.dataset.isin(recipe.datasets) & labels_in(manifest, recipe.label_set).notna()
    if splits:  # a published table lists what was used, not every image that was read
        manifest, table = manifest[wanted], pd.read_csv(splits)
        split = (
            apply_split_table(manifest, table) if recipe.label_set == "seven" else extend_split_table(manifest, table)
        )
    else:
        split = make_splits(manifest, 2018)
        if recipe.label_set != "seven":  # external sets are split as well when a recipe of other classes names them
            split = extend_split_table(manifest, manifest.assign(split=split)[split != EXTERNAL])
        manifest, split = manifest[wanted], split[wanted]
    manifest = manifest.assign(split=split.to_numpy()).reset_index(drop=True)
    return _few(recipe, manifest, per_class)


def _few(recipe: Recipe, manifest: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep as many training images of each class as the recipe says, and for a rehearsal few of every split."""
    key = labels_in(manifest, recipe.label_set)
    shuffled = manifest.sample(frac=1, random_state=recipe.seed)
    place = shuffled.groupby([key, shuffled.split]).cumcount().reindex(manifest.index)
    most = pd.Series(float("inf"), manifest.index)
    if recipe.images_per_class:
        most[manifest.split == TRAIN] = recipe.images_per_class
    return manifest[place < np.minimum(most, per_class or np.inf)].reset_index(drop=True)


def synthetic_table(work: Path, per_class: int = 24) -> pd.DataFrame:
    """Draw synthetic lesions into ``work/images`` and return their label table, for rehearsals without real images.

    Their invented patients are older where the class is malignant; one in ten has no record.
    """
    import numpy as np
    from PIL import Image

    from training.synthetic import render_lesion

    folder = work / "images"
    folder.mkdir(parents=True, exist_ok=True)
    random, rows = np.random.default_rng(0), []
    for code in CODES:
        for number in range(per_class):
            name = f"synthetic_{code}_{number:03d}"
            Image.fromarray(render_lesion(code, random, 256)).save(folder / f"{name}.png")
            rows.append({"image_id": name, "lesion_id": name, "path": str(folder / f"{name}.png"), "label": code})
    table = pd.DataFrame(rows).assign(dataset="synthetic", source_label=lambda table: table.label)
    malignant = table.label.isin([code for code, _, bad in LABELS if bad])
    patients = {
        "age": random.normal(np.where(malignant, 65, 40), 12).round().clip(1, 95),
        "sex": random.choice(["female", "male"], len(table)),
        "site": random.choice(["back", "face", "lower extremity"], len(table)),
    }
    unknown = random.uniform(size=len(table)) < 0.1
    return table.assign(**{name: pd.Series(values).mask(unknown) for name, values in patients.items()})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help=f"one of {', '.join(recipe_names())}")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with ham10000/ and other image sets")
    parser.add_argument("--run", type=Path, help="folder for this run (default runs/RECIPE)")
    parser.add_argument("--work", type=Path, help="folder for manifest and decoded images (default runs/data)")
    parser.add_argument("--splits", type=Path, help="a published split table to keep (default: make the seeded split)")
    parser.add_argument("--weights", help="imagenet, none, a file with the pretrained trunk, or a folder with several")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change options of the recipe")
    parser.add_argument("--per-class", type=int, help="rehearse with that many images of each class")
    parser.add_argument("--tensorboard", action="store_true", help="also log for TensorBoard, into the run folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny network on synthetic images")
    options = parser.parse_args(arguments)
    try:
        recipe = load_recipe(options.recipe).with_options(options.set)
        if options.smoke:
            recipe = dataclasses.replace(recipe, **SMOKE_OPTIONS)
        if options.weights:
            recipe = dataclasses.replace(recipe, weights=options.weights)
        return _train(recipe, options)
    except (RecipeError, DatasetError, SplitError, BalancingError) as error:
        print(error, file=sys.stderr)
        return 1


def device_name() -> str:
    """Return what the network runs on, in words."""
    import keras

    if keras.backend.backend() == "torch":  # Keras lists no devices there
        import torch

        found = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    else:
        found = [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]
    return ", ".join(found) or f"CPU, {os.cpu_count()} cores"


def start_record(recipe: Recipe, stages: list[dict], work: Path) -> dict:
    """Return what is known of a run before it is trained."""
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
        "head": None,
        "weights": "file" if trunk.is_file() else recipe.weights,
        "pretrained": trunk.name if trunk.is_file() else None,
        "pretrained_sha256": file_sha256(trunk) if trunk.is_file() else None,
    }


def _train(recipe: Recipe, options: argparse.Namespace) -> int:
    """Train a recipe, and before it the recipe that it starts from when that has not been trained yet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.architectures import logits_model
    from training.data import open_canvas
    from training.fit import blend_with, fit, take_off_prior, weights_in_float32
    from training.head import refit
    from training.joining import join_files
    from training.masks import OutlinedCanvas
    from training.predictions import write_predictions
    from training.pytorch import use_fused_kernels
    from training.splits import split_table

    use_fused_kernels()
    started = time.perf_counter()
    run = options.run or Path("runs") / ("smoke" if options.smoke else recipe.name)
    work = options.work or Path("runs") / ("smoke-data" if options.smoke else "data")
    stages = [stage for name in recipe.earlier for stage in _earlier_stages(name, recipe, run, options)]
    recipe = dataclasses.replace(recipe, weights=_pretrained(recipe, stages))
    run.mkdir(parents=True, exist_ok=True)
    manifest = prepare(recipe, options.data, work, options.splits, options.per_class)
    split_table(manifest, manifest.split).to_csv(run / "splits.csv", index=False)
    before = json.loads((run / "run.json").read_text()).get("wall_minutes", 0) if (run / "run.json").exists() else 0
    record = start_record(recipe, stages, work)
    (run / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    starts = [run.parent / name / "trained.keras" for name in recipe.earlier]
    start = starts[0] if recipe.start_from else None
    canvas = open_canvas(work)
    if recipe.masks:
        canvas = OutlinedCanvas(canvas, manifest)
    if recipe.members:
        start = join_files(recipe, starts, run / "joined.keras")
    network = fit(recipe, canvas, manifest, run, start, cache=work / "features", callbacks=_callbacks(options, run))
    if start and recipe.blend < 1:
        blend_with(start, network, recipe.blend)
    if recipe.prior_exponent:
        take_off_prior(network, training_shares(recipe, manifest), recipe.prior_exponent)
    model = weights_in_float32(recipe, network)
    if recipe.refit_head:
        record["head"] = refit(model, canvas, manifest, recipe.datasets[0])
    model.save(run / "trained.keras")
    log = pd.read_csv(run / "history.csv") if recipe.epochs else pd.DataFrame({"seconds": []})
    wall = before + (time.perf_counter() - started) / 60
    record |= {"minutes": round(log.seconds.sum() / 60, 1), "wall_minutes": round(wall, 1), "epochs": len(log),
               "parameters": int(model.count_params())}  # fmt: skip
    (run / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    if recipe.ancestor:  # the shipped model's test is opened by training.evaluate alone
        write_predictions(run, recipe, logits_model(model), canvas, manifest)
    print(f"trained in {record['minutes']} minutes; next: python -m training.calibrate {run}")
    return 0


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
    if importlib.util.find_spec("tensorboard") is None:
        raise RecipeError("TensorBoard is not installed; pip install tensorboard, or leave out --tensorboard.")
    import keras

    return (keras.callbacks.TensorBoard(run / "tensorboard"),)


def _earlier_stages(name: str, recipe: Recipe, run: Path, options: argparse.Namespace) -> list[dict]:
    """Make sure that an earlier recipe is trained; return what is known of it, after what went before it."""
    stage_run = run.parent / name
    if not (stage_run / "trained.keras").exists():
        stage = dataclasses.replace(load_recipe(name), weights=recipe.weights)
        _train(stage, argparse.Namespace(**vars(options) | {"run": stage_run}))
    record = json.loads((stage_run / "run.json").read_text())
    done = {name: record[name] for name in ("recipe", "epochs", "minutes", "pretrained_sha256") if name in record}
    return [*record.get("stages", []), done]


def _pretrained(recipe: Recipe, stages: list[dict]) -> str:
    """Return which pretrained weights a recipe begins with: those of its stages, or its own trunk in a folder."""
    if recipe.members:
        return ", ".join(dict.fromkeys(Path(stage["recipe"]["weights"]).name for stage in stages))
    return stages[-1]["recipe"]["weights"] if stages else trunk_in(recipe.weights, recipe.architecture)


if __name__ == "__main__":
    raise SystemExit(main())
