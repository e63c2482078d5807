"""Measure which image sets, how many images and which labels are worth learning from.

    python -m training.studies.sources --work runs/data --weights WEIGHTS [--bundle model/bundle] [--fine-tune]

Leaves out each set in turn, learns from a share of the lesions, or from validation too, fold by fold, and counts
labels less that nothing has confirmed. What learns is one dense layer on the features of a MobileNetV2 that has seen
ImageNet alone, so that a set that is left out has not been seen at all. A probe says how well the set is told from a
photo's features, and melanoma from the set alone.

With --fine-tune a whole network learns in each arm: about six minutes each on two processor cores with
KERAS_BACKEND=torch. Sets are left out in turn, and it is tried whether it helps a set that was never seen to draw the
others evenly, or to keep features from telling the set.

The manifest needs the five sets of docs/accelerator.md. Judged on validation; test splits are not read. Writes
``results/sources.csv`` or, with --fine-tune, ``results/sources_fine_tuned.csv`` into the bundle.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from model.card import Label, load_card
from model.evaluation.intervals import RESAMPLES
from training.command import TrainingError, one_sentence
from training.data.provenance import file_sha256, read_manifest
from training.data.splits import TRAIN, VALIDATION, learnt_and_validated, read_split_table
from training.fitting.kept_arrays import kept_array
from training.judging.sealing import write_tables
from training.studies.frozen_features import SIZE, embed, fingerprint, frozen_study_parser, parse_frozen_study
from training.studies.sources import fine_tuned, frozen

READ = ("image_id", "lesion_id", "group", "dataset", "label", "confirmation", "canvas_row")  # of the manifest
TABLE, FINE_TUNED = "results/sources.csv", "results/sources_fine_tuned.csv"


def images_of(work: Path, bundle: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the validation images, split as the bundle says.

    Raises
    ------
    TrainingError
        If the manifest has images of one set alone, an image twice, or lacks a column.
    """
    manifest = read_manifest(work)
    missing = [name for name in READ if name not in manifest]
    if missing:
        raise TrainingError(f"{work / 'manifest.csv'} lacks {', '.join(missing)}; run training.data.manifest again.")
    images = learnt_and_validated(
        manifest, read_split_table(bundle / "dataset" / "splits.csv", ("image_id", "split", "dataset"))
    )
    if images.image_id.duplicated().any():
        raise TrainingError(f"{work / 'manifest.csv'} has an image more than once; run training.data.manifest again.")
    images = images.assign(lesion_id=images.lesion_id.fillna(images.image_id))
    train, judged = (images[images.split == name].reset_index(drop=True) for name in (TRAIN, VALIDATION))
    if min(train.dataset.nunique(), judged.dataset.nunique()) < 2:
        raise TrainingError(
            f"{work} has training or validation images of one set alone; read several with training.data.manifest."
        )
    return train, judged


def study_frozen(
    work: Path, weights: str, train: pd.DataFrame, judged: pd.DataFrame, classes: tuple[Label, ...], cache: Path,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Embed training and validation images, keep the features, and study every choice."""
    origin = ("mobilenetv2", fingerprint(weights), file_sha256(work / "manifest.csv"), SIZE)

    def features(rows: np.ndarray) -> np.ndarray:
        return kept_array(cache, (*origin, rows), lambda: embed(work, rows, weights, SIZE))

    return frozen.study(
        features(train.canvas_row.to_numpy()), train, features(judged.canvas_row.to_numpy()), judged, classes, resamples
    )


def study_fine_tuned(
    work: Path, weights: str, train: pd.DataFrame, judged: pd.DataFrame, classes: tuple[Label, ...], cache: Path,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Train a network for every arm, keep its answers, so that an interrupted command goes on, and judge them."""
    from training.data.batches import open_canvas

    seen, canvas = judged.canvas_row.to_numpy(), open_canvas(work)
    origin = (fingerprint(weights), file_sha256(work / "manifest.csv"), seen)

    def answers(recipe, own: pd.DataFrame, method: str) -> np.ndarray:
        options = sorted((dataclasses.asdict(recipe) | {"weights": ""}).items())
        strength = (fine_tuned.STRENGTH,) if method == fine_tuned.ADVERSARIAL else ()
        return kept_array(
            cache, (*origin, options, method, own.canvas_row.to_numpy(), *strength),
            lambda: fine_tuned.trained(recipe, canvas, own, method, seen),
        )  # fmt: skip

    return fine_tuned.study(fine_tuned.short_recipe(weights), train, judged, classes, answers, resamples)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = frozen_study_parser(__doc__)
    parser.add_argument("--fine-tune", action="store_true", help="train a whole network for each choice of sets")
    options = parse_frozen_study(parser, arguments)
    way, name = (study_fine_tuned, FINE_TUNED) if options.fine_tune else (study_frozen, TABLE)
    train, judged = images_of(options.work, options.bundle)
    classes = load_card(options.bundle).labels
    table = way(options.work, options.weights, train, judged, classes, options.cache, options.resamples)
    write_tables(options.bundle, {name: table})
    print(f"wrote {len(table)} rows to {options.bundle / name}")
    return 0
