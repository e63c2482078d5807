"""Measure what the trunks and the pixels of the shipped network are worth, and what they cost.

    python -m training.studies.cost runs/RECIPE [--bundle model/bundle] [--releases BUNDLE ...]

Leaves out trunks of a network that joins several, and reads photos at other sizes. For each, the last layer learns
again from validation, fold by fold, as in the shipped network. The cost is the number of multiply-adds of one photo.
Earlier releases are judged by their stored answers. Judged on validation; the test split is not read. Writes
``results/cost.csv`` into the bundle. 35 minutes on two processor cores shared with other work.
"""

import argparse
import itertools
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import softmax

from model.card import load_card
from model.evaluation.calibration import fit_temperature
from model.evaluation.intervals import RESAMPLES
from training.command import TrainingError, at_least, one_sentence
from training.data.label_sets import CODES
from training.data.provenance import file_sha256
from training.data.splits import HOME, VALIDATION
from training.fitting.kept_arrays import kept_array
from training.fitting.last_layer import Layer, learn_in_folds
from training.judging.sealing import write_tables
from training.judging.trained_run import load_run
from training.recipe import Recipe
from training.studies.paired import BySet, in_order

if TYPE_CHECKING:
    import keras

TABLE = "results/cost.csv"
SIZES = (160, 192, 224, 256)
METRICS = ("log_loss", "melanoma_auc", "malignant_auc")
FIRST = ("kind", "tried", "size", "multiply_adds", "dataset", "split")  # columns that say what a row is


def multiply_adds(network: "keras.Model") -> int:
    """Return the multiplications of one photo by the kernels of convolutions and dense layers."""
    kernels = [layer for layer in network.layers if getattr(layer, "kernel", None) is not None]
    return sum(int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1])) for layer in kernels)


def at_size(network: "keras.Model", size: int) -> "keras.Model":
    """Return a copy of a network for photos of another size, a multiple of 32 pixels."""
    import keras

    config = network.get_config()
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_shape"] = (None, size, size, 3)
    copy = keras.Model.from_config(config)
    copy.set_weights(network.get_weights())
    return copy


def tried(
    recipe: Recipe, joined: "keras.Model", canvas: np.ndarray, rows: pd.DataFrame, cache: Path, name: str
) -> Iterator[tuple[dict, np.ndarray]]:
    """Yield what is tried and its logits, shape (len(rows), classes), out of fold, the served network first.

    Parameters
    ----------
    recipe : Recipe
        Of the joined network.
    joined : Model
        Its members put together; its last layer has not seen validation.
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    rows : DataFrame
        Validation images: image_id, group, label, canvas_row.
    cache : Path
        Folder that keeps features.
    name : str
        What identifies the network's weights there.
    """
    from training.data.batches import label_indices
    from training.networks.architectures import logits_model
    from training.networks.ensemble import trunks_of

    labels, places, members = label_indices(rows.label, CODES), rows.canvas_row.to_numpy(), recipe.members
    subsets = [some for n in range(len(members), 0, -1) for some in itertools.combinations(range(len(members)), n)]
    for size in dict.fromkeys((recipe.served, *SIZES)):
        network = at_size(logits_model(joined), size)
        trunks, (kernel, bias) = trunks_of(network), network.get_layer("logits").get_weights()
        costs = [multiply_adds(trunk) for trunk in trunks]
        ends = np.cumsum([trunk.output.shape[-1] for trunk in trunks])
        pooled = kept_array(cache, (name, size, places), partial(_pooled, network, canvas, places, size))
        channels = np.split(np.arange(pooled.shape[1]), ends[:-1])
        for kept in subsets:
            columns = np.concatenate([channels[place] for place in kept])
            start = Layer(kernel[columns] * len(members) / len(kept), bias)
            _, folds = learn_in_folds(start, pooled[:, columns], labels, rows, recipe.last_layer_penalty)
            about = {
                "kind": "trunks", "tried": " + ".join(members[place] for place in kept), "size": size,
                "multiply_adds": sum(costs[place] for place in kept),
            }  # fmt: skip
            yield about, folds.logits(pooled[:, columns], rows.image_id)


def _pooled(network: "keras.Model", canvas: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    from training.data.batches import plain_views
    from training.fitting.last_layer import trunk_of
    from training.fitting.validation import predict_logits

    return predict_logits(trunk_of(network), plain_views(canvas, places, size), ("identity",))


def release(bundle: Path, rows: pd.DataFrame) -> tuple[dict, np.ndarray]:
    """Return what a release is and its stored probabilities of these images, shape (len(rows), classes).

    Raises
    ------
    TrainingError
        If it has no answer to one of them.
    """
    import keras

    card = load_card(bundle)
    stored = pd.read_csv(bundle / "results/predictions.csv", dtype={"image_id": str}).set_index("image_id")
    missing = rows.image_id[~rows.image_id.isin(stored.index)]
    if len(missing):
        raise TrainingError(f"{bundle} has no answer to {missing.iloc[0]} of validation; it was split otherwise.")
    given = stored.loc[rows.image_id, [f"p_{code}" for code in CODES]].to_numpy(float)
    network = keras.models.load_model(bundle / "weights.keras", compile=False)
    about = {
        "kind": "release", "tried": card.release, "size": card.size,
        "multiply_adds": multiply_adds(network) * len(card.raw["inference"]["views"]),
    }  # fmt: skip
    return about, given


def study(
    recipe: Recipe, joined: "keras.Model", canvas: np.ndarray, rows: pd.DataFrame, bundle: Path, releases: list[Path],
    cache: Path, name: str, resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Judge everything that is tried, then the releases; parameters as `tried`.

    Returns
    -------
    DataFrame
        kind, tried, size, multiply_adds, dataset, split and the columns of `paired.judge`; what is served comes first,
        and differences are to it. A temperature is fitted for each on HAM10000's images; releases have their own.
    """
    from training.data.batches import label_indices

    by_set, tables = BySet(rows, load_card(bundle).labels, METRICS, resamples), []
    home, labels = (rows.dataset == HOME).to_numpy(), label_indices(rows.label, CODES)
    for about, logits in tried(recipe, joined, canvas, rows, cache, name):
        print(f"{about['tried']}, {about['size']} px", flush=True)
        temperature = fit_temperature(logits[home], labels[home]).value
        tables += by_set.tables(softmax(logits / temperature, axis=1), about)
    for earlier in releases:
        about, given = release(earlier, rows)
        tables += by_set.tables(given / given.sum(axis=1, keepdims=True), about)
    return in_order(pd.concat(tables, ignore_index=True).assign(split=VALIDATION), FIRST)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the shipped model's training run")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--releases", type=Path, nargs="+", default=[], help="bundles of releases, split in this way")
    parser.add_argument("--cache", type=Path, help="folder that keeps the features (default: the run's)")
    parser.add_argument("--resamples", type=at_least(1, int), default=RESAMPLES, help="of lesions, for the intervals")
    options = parser.parse_args(arguments)
    for earlier in options.releases:
        load_card(earlier)  # before the minutes, not after them
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    recipe, record, manifest = load_run(options.run)
    from training.networks.ensemble import JOINED, load_joined

    joined = options.run / JOINED
    if "last_layer" not in record or not joined.exists():
        raise TrainingError(f"{options.run} holds no {JOINED} whose last layer learnt again; name such a run.")

    from training.data.batches import open_canvas

    rows = manifest[(manifest.split == VALIDATION) & manifest.dataset.isin(recipe.datasets)].reset_index(drop=True)
    table = study(
        recipe, load_joined(joined), open_canvas(Path(record["work"])), rows,
        options.bundle, options.releases, options.cache or options.run, file_sha256(joined), options.resamples,
    )  # fmt: skip
    write_tables(options.bundle, {TABLE: table})
    print(f"wrote {len(table)} rows to {options.bundle / TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
