"""Third command: pack a calibrated run into the folder that the application serves.

    python -m training.bundle runs/RECIPE --version NUMBER [--bundle model/bundle]
    python -m training.bundle --smoke

Writes the weights, the card, the data set's tables, a golden photo with the answer it must give, and checksums.
"""

import argparse
import datetime
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from training.command import one_sentence
from training.data.label_sets import CODES, LABELS
from training.data.provenance import file_sha256
from training.data.splits import TRAIN
from training.judging.sealing import SMOKE_BUNDLE, seal, write_json
from training.judging.trained_run import SMOKE_RUN, load_run, parse_run_and_bundle
from training.recipe import Recipe

HUMAN_PART = Path(__file__).resolve().parents[1] / "docs" / "model_card.json"
SMOKE_VERSION = "0.0.0"
GOLDEN_SEED = 7
LARGE_KERNEL = 100_000  # weights
GOLDEN_TOLERANCE = 0.005  # processors round differently; a changed resize or label order is off by far more


def make_card(run: Path, bundle: Path, version: str) -> dict:
    """Return the machine-readable promise of a run; ``model.card`` says what each entry means."""
    recipe, record, manifest = load_run(run)
    calibrated = json.loads((run / "calibration.json").read_text(encoding="utf-8"))
    weights = bundle / "weights.keras"
    return {
        "schema": 1,
        "model_id": recipe.name,
        "version": version,
        "change_date": datetime.date.today().isoformat(),
        "built": _built(recipe, record, manifest),
        "weights": {
            "file": weights.name,
            "sha256": file_sha256(weights),
            "bytes": weights.stat().st_size,
            "parameters": _parameters(weights),
        },
        "input": {
            "shape": [recipe.served, recipe.served, 3],
            "dtype": "float32",
            "range": [0, 255],
            "resize": "largest centred square, or the square a person chose; Pillow bicubic, antialiased",
        },
        "output": {
            "labels": [
                {"index": index, "code": code, "name": name, "malignant": malignant}
                for index, (code, name, malignant) in enumerate(LABELS)
            ],
            "activation": "softmax",
        },
        "inference": {"views": list(recipe.views)},
        **calibrated,
        "thresholds": [],
        "abstention": [],
        "explain": {"method": "Grad-CAM, closed form", "layer": _feature_layer(weights), "logits_layer": "logits"},
        "tables": {},
        "human": json.loads(HUMAN_PART.read_text(encoding="utf-8")),
    }  # fmt: skip


def _built(recipe: Recipe, record: dict, manifest: pd.DataFrame) -> dict:
    copied = ("git_commit", "manifest_sha256", "libraries", "minutes", "epochs", "pretrained_sha256")
    train = manifest[manifest.split == TRAIN]
    sizes = {name: (len(rows), rows.lesion_id.nunique()) for name, rows in train.groupby("dataset")}
    for stage in (*record["stages"], record):  # a member, or a GPU, may have seen sets that the split table lacks
        sizes = stage.get("train_sizes", {}) | sizes
    return {
        "recipe": _without_folder(record["recipe"]),
        "stages": [stage | {"recipe": _without_folder(stage["recipe"])} for stage in record["stages"]],
        "pretrained_weights": Path(recipe.weights).name,
        **{name: record[name] for name in copied},
        "device": record.get("device", ""),
        **({"last_layer": record["last_layer"]} if "last_layer" in record else {}),
        "train_datasets": sorted(sizes),
        "train_images": sum(images for images, _ in sizes.values()),
        "train_lesions": sum(lesions for _, lesions in sizes.values()),
    }


def _without_folder(recipe: dict) -> dict:
    """Name the pretrained file only: where it lay on somebody's disk is nobody's business."""
    return recipe | {"weights": Path(recipe["weights"]).name}


def _network(weights: Path):
    import keras

    return keras.models.load_model(weights, compile=False)


def _parameters(weights: Path) -> int:
    return int(_network(weights).count_params())


def _feature_layer(weights: Path) -> str:
    """Return the layer that feeds the last pooling: the maps that pooling and one dense layer turn into logits."""
    pool = _network(weights).get_layer("pool")
    return pool.input._keras_history.operation.name


def save_halved(wide: Path, packed: Path) -> None:
    """Copy a Keras file with its large kernels in half precision, which Keras widens again when it loads them.

    About half the bytes, for a relative error of 2**-11 a weight in sums of so many that it averages out. Small
    kernels stay as they are: those of MobileNetV2 would move a probability by up to .01.
    """
    with zipfile.ZipFile(wide) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, _halved(content) if entry.filename.endswith(".h5") else content)


def _halved(content: bytes) -> bytes:
    wide, narrow = io.BytesIO(content), io.BytesIO()
    with h5py.File(wide, "r") as source, h5py.File(narrow, "w") as target:

        def copy(name: str, item) -> None:
            if isinstance(item, h5py.Group):
                made = target.require_group(name)
            else:
                made = target.create_dataset(name, data=item[()], dtype="f2" if item.size >= LARGE_KERNEL else None)
            made.attrs.update(item.attrs)

        source.visititems(copy)
        target.attrs.update(source.attrs)
    return narrow.getvalue()


def write_dataset_tables(manifest: pd.DataFrame, folder: Path) -> None:
    """Write how many images and lesions each class has, and which image is in which split."""
    folder.mkdir(parents=True, exist_ok=True)
    grouped = manifest.groupby(["dataset", "split", "label"])
    counts = grouped.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique")).reset_index()
    counts.to_csv(folder / "class_counts.csv", index=False)
    columns = ["image_id", "lesion_id", "group", "dataset", "label", "split"]
    manifest[columns].sort_values(["dataset", "image_id"]).to_csv(folder / "splits.csv", index=False)


def write_golden(bundle: Path) -> None:
    """Render a synthetic photo and store the answer that this bundle gives it."""
    from PIL import Image

    from model.pipeline import Analyser
    from training.synthetic.lesions import render_lesion

    folder = bundle / "golden"
    folder.mkdir(exist_ok=True)
    photo = render_lesion("mel", np.random.default_rng(GOLDEN_SEED), 384)
    Image.fromarray(photo).save(folder / "photo.png")
    prediction = Analyser(bundle).analyse((folder / "photo.png").read_bytes()).prediction
    probabilities = dict(zip(CODES, map(float, prediction.probabilities), strict=True))
    write_json(folder / "expected.json", {"probabilities": probabilities, "tolerance": GOLDEN_TOLERANCE})


def stage_history(run: Path) -> pd.DataFrame:
    """Return the training log of a run and, above it, of every earlier stage in the same folder; ``stage`` names each.

    A stage whose folder is gone is left out: its settings, epochs and minutes are still in the card.
    """
    recipe, record, _ = load_run(run)
    names = [stage["recipe"]["name"] for stage in record["stages"]]
    folders = [(name, run.parent / name) for name in names] + [(recipe.name, run)]
    logs = [pd.read_csv(folder / "history.csv") for _, folder in folders if (folder / "history.csv").exists()]
    known = [name for name, folder in folders if (folder / "history.csv").exists()]
    if not logs:
        return pd.DataFrame(columns=["stage", "epoch"])
    return pd.concat([log.assign(stage=name) for name, log in zip(known, logs, strict=True)], ignore_index=True)


def pack(run: Path, bundle: Path, version: str) -> None:
    """Write a bundle from a calibrated run; tables of an earlier model are removed, they are not this one's.

    Its network is what was trained without what only training needs: see `fold_batch_norm` and `save_halved`.
    """
    from training.export.convert import export
    from training.networks.batch_norm import fold_batch_norm

    for folder in ("results", "golden", "dataset"):
        shutil.rmtree(bundle / folder, ignore_errors=True)
    (bundle / "results").mkdir(parents=True)
    fold_batch_norm(_network(run / "trained.keras")).save(run / "packed.keras")
    save_halved(run / "packed.keras", bundle / "weights.keras")
    stage_history(run).to_csv(bundle / "results" / "history.csv", index=False)
    write_dataset_tables(load_run(run)[2], bundle / "dataset")
    write_json(bundle / "card.json", make_card(run, bundle, version))
    export(bundle)
    write_golden(bundle)
    seal(bundle)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", help="of the model; a retrained one needs a new number")
    options = parse_run_and_bundle(parser, arguments, smoke=f"pack {SMOKE_RUN} into {SMOKE_BUNDLE}")
    run, bundle = options.run, options.bundle
    if not (options.version or options.smoke):
        parser.error("--version is missing: a retrained model needs a number of its own, such as 1.13.1")
    if not (run / "calibration.json").exists():
        parser.error(f"{run} is not calibrated; run training.calibrate first")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pack(run, bundle, options.version or SMOKE_VERSION)
    print(f"packed {bundle}; next: python -m training.evaluate {run} --bundle {bundle}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
