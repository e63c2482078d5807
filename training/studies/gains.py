"""Measure what more images, more draws and teachers give to a network of the same size.

    KERAS_BACKEND=torch python -m training.studies.gains runs/RECIPE --work runs/data --weights WEIGHTS

A MobileNetV2 learns from a share of the lesions, for fewer or more draws, from labels alone or also from the answers
of the shipped network (Hinton 2015) or of its last trunk. Teachers answer the plain photo once; their layer has not
learnt from validation. A second seed shows the variation by chance. About six minutes for each network with 32,000
draws on two processor cores, an hour and a half in all with the teachers' answers.

The manifest needs the five sets of docs/accelerator.md. RUN is that of the model in the bundle. Judged on
validation; test splits are not read. Writes ``results/gains.csv`` into the bundle.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from tqdm import tqdm

from model.card import Label, load_card
from model.evaluation.intervals import RESAMPLES
from model.network.engines import OnnxEngine
from training.command import TrainingError, one_sentence
from training.data.provenance import file_sha256
from training.data.splits import VALIDATION, draw
from training.fitting.kept_arrays import kept_array
from training.fitting.last_layer import Layer
from training.judging.sealing import write_tables
from training.recipe import Recipe
from training.studies import short_training
from training.studies.frozen_features import frozen_study_parser, parse_frozen_study
from training.studies.images import images_of
from training.studies.paired import BySet, in_order

TABLE = "results/gains.csv"
METRICS = ("balanced_accuracy", "melanoma_auc", "malignant_auc")
FIRST = ("share", "draws", "teachers", "seed", "train_images", "dataset", "split")  # columns that say what a row is
DISTIL = 0.7  # share of the teachers' answer in the target, as in the recipe `lite2_distilled`
ALL = "all"  # of the trunks
BATCH = 32


@dataclass(frozen=True)
class Arm:
    """What a network learns from.

    Parameters
    ----------
    share : float
        Of the lesions; those of a smaller share are in every larger one.
    epochs : int
    teachers : str
        Empty for labels alone, "one" for the last trunk of the shipped network, or `ALL`.
    seed : int
    """

    share: float = 1.0
    epochs: int = short_training.SHORT["epochs"]
    teachers: str = ""
    seed: int = 2018


START, LONG = Arm(), 2 * short_training.SHORT["epochs"]
ARMS = (
    START, Arm(share=0.25, epochs=5), Arm(share=0.5),  # shorter epochs, as a quarter is fewer than `epoch_images`
    Arm(epochs=1), Arm(epochs=2), Arm(seed=2019), Arm(epochs=LONG),
    Arm(teachers="one"), Arm(teachers=ALL), Arm(epochs=LONG, teachers=ALL),
)  # fmt: skip


def share_of(train: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the images of about this share of the lesions, chosen by a hash of their names."""
    drawn = train.lesion_id.map({lesion: draw("gains", lesion) for lesion in train.lesion_id.unique()})
    return train[drawn < share].reset_index(drop=True)


def taught(answers: np.ndarray) -> short_training.Change:
    """Return a change by which targets are in part the teachers' answers.

    Parameters
    ----------
    answers : ndarray, float, shape (n, classes)
        Probabilities of the training images, in their order.
    """
    import keras

    class Taught(keras.utils.PyDataset):
        def __init__(self, batches):
            super().__init__(workers=batches.workers, max_queue_size=batches.max_queue_size)
            self.batches = batches

        def __len__(self) -> int:
            return len(self.batches)

        def __getitem__(self, index: int):
            photos, targets, weights = self.batches[index]
            given = answers[self.batches.chosen(index)].astype(np.float32)
            return photos, DISTIL * given + (1 - DISTIL) * targets, weights

    def change(network, batches, loss):
        if batches.mixup or len(batches.balance.pairs):
            raise TrainingError(
                "Teachers have answered plain photos; a recipe that mixes photos cannot learn from them."
            )
        return network, Taught(batches), loss

    return change


def pooled_features(bundle: Path, canvas, rows: np.ndarray) -> np.ndarray:
    """Return what the shipped network's last layer reads of plain photos, float32, shape (len(rows), channels).

    ONNX Runtime computes it: Keras on PyTorch needs fifteen times as long.
    """
    from training.data.batches import plain_views

    card = load_card(bundle)
    engine, found = OnnxEngine(card), []
    for start in tqdm(range(0, len(rows), BATCH), desc="teachers", unit=" batches", mininterval=30):
        views = plain_views(canvas, rows[start : start + BATCH], card.size)
        found.append(engine.run(views.astype(np.float32), False).pooled)
    return np.concatenate(found)


def answers_of(trunks: int, channels: list[int], pooled: np.ndarray, layer: Layer) -> np.ndarray:
    """Return the probabilities that the last trunks of a joined network give, shape (n, classes).

    A trunk alone has its part of the joined layer, which is the mean of the members', and the joined bias.

    Parameters
    ----------
    trunks : int
        How many, from the last on.
    channels : list of int
        Of every trunk.
    pooled : ndarray, float, shape (n, sum of channels)
    layer : Layer
        Of the joined network, before it learnt from validation.
    """
    last = slice(sum(channels[: len(channels) - trunks]), None)
    kernel = layer.kernel[last] * (len(channels) / trunks)
    return softmax(Layer(kernel, layer.bias).logits(pooled[:, last]), axis=1)


def study(
    recipe: Recipe, train: pd.DataFrame, judged: pd.DataFrame, classes: tuple[Label, ...],
    answers: Callable[[Recipe, pd.DataFrame, str], np.ndarray], trunks: int, resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Train every arm and judge it on every set's validation images; differences are to `START`.

    Parameters
    ----------
    recipe : Recipe
    train, judged : DataFrame
        image_id, lesion_id, group, dataset, label, split, canvas_row of these images.
    classes : tuple of Label
    answers : callable
        (recipe, training images, teachers) -> logits of the judged images, shape (k, classes) or with more columns.
    trunks : int
        Of the shipped network.
    resamples : int

    Returns
    -------
    DataFrame
        share, draws, teachers (trunks that teach), seed, train_images, dataset, split, learner and the columns of
        `paired.judge`.
    """
    by_set, tables = BySet(judged, classes, METRICS, resamples), []
    for arm in ARMS:
        own = share_of(train, arm.share)
        print(f"{asdict(arm)}: {len(own):,} images", flush=True)
        logits = answers(replace(recipe, epochs=arm.epochs, seed=arm.seed), own, arm.teachers)[:, : len(classes)]
        about = {
            "share": arm.share, "draws": arm.epochs * min(recipe.epoch_images, len(own)), "seed": arm.seed,
            "teachers": {"": 0, "one": 1, ALL: trunks}[arm.teachers], "train_images": len(own),
        }  # fmt: skip
        tables += by_set.tables(softmax(logits, axis=1), about)
    learner = f"{short_training.STARTS}, at {recipe.size} px"
    return in_order(pd.concat(tables, ignore_index=True).assign(split=VALIDATION, learner=learner), FIRST)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = frozen_study_parser(__doc__)
    parser.add_argument("run", type=Path, help="folder of the shipped model's training run")
    options = parse_frozen_study(parser, arguments)

    from training.data.batches import open_canvas
    from training.networks.ensemble import JOINED, load_joined, trunks_of

    joined = options.run / JOINED
    if not joined.exists():
        raise TrainingError(f"{options.run} holds no {JOINED}; name the run of a network that joins several.")
    network = load_joined(joined)
    layer = Layer(*network.get_layer("logits").get_weights())
    channels = [trunk.output.shape[-1] for trunk in trunks_of(network)]
    train, judged = images_of(options.work, options.bundle)
    seen, canvas = judged.canvas_row.to_numpy(), open_canvas(options.work)
    kept = short_training.KeptAnswers(options.work, options.weights, seen, options.cache)

    def answers(recipe: Recipe, own: pd.DataFrame, teachers: str) -> np.ndarray:
        def compute() -> np.ndarray:
            if not teachers:
                return short_training.trained(recipe, canvas, own, seen)
            rows, trunks = own.canvas_row.to_numpy(), len(channels) if teachers == ALL else 1
            key = (file_sha256(options.bundle / "weights.keras"), kept.origin[1], rows)
            pooled = kept_array(options.cache, key, lambda: pooled_features(options.bundle, canvas, rows))
            given = answers_of(trunks, channels, pooled, layer)
            return short_training.trained(recipe, canvas, own, seen, taught(given))

        changed = (teachers, file_sha256(joined), DISTIL) if teachers else ("",)
        return kept.of(recipe, own, changed, compute)

    recipe, classes = short_training.short_recipe(options.weights), load_card(options.bundle).labels
    table = study(recipe, train, judged, classes, answers, len(channels), options.resamples)
    write_tables(options.bundle, {TABLE: table})
    print(f"wrote {len(table)} rows to {options.bundle / TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
