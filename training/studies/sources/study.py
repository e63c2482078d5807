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

from pathlib import Path

import numpy as np
import pandas as pd

from model.card import Label, load_card
from model.evaluation.intervals import RESAMPLES
from training.command import one_sentence
from training.data.provenance import file_sha256
from training.fitting.kept_arrays import kept_array
from training.judging.sealing import write_tables
from training.studies.frozen_features import SIZE, embed, fingerprint, frozen_study_parser, parse_frozen_study
from training.studies.images import images_of
from training.studies.short_training import KeptAnswers, short_recipe
from training.studies.sources import fine_tuned, frozen

TABLE, FINE_TUNED = "results/sources.csv", "results/sources_fine_tuned.csv"


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
    kept = KeptAnswers(work, weights, seen, cache)

    def answers(recipe, own: pd.DataFrame, method: str) -> np.ndarray:
        changed = (method, fine_tuned.STRENGTH) if method == fine_tuned.ADVERSARIAL else (method,)
        return kept.of(recipe, own, changed, lambda: fine_tuned.trained(recipe, canvas, own, method, seen))

    return fine_tuned.study(short_recipe(weights), train, judged, classes, answers, resamples)


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
