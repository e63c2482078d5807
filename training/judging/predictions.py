"""What a trained recipe says of the images it is judged on: one row an image, one column a class."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from scipy.special import softmax

from model.tables.output import write_file
from training.data.batches import plain_views
from training.data.label_sets import LABEL_SETS, labels_in
from training.data.masks import canvas_for
from training.data.metadata import metadata_columns
from training.data.splits import HOME, INTERNAL_TEST, VALIDATION
from training.fitting.validation import predict_logits
from training.judging.trained_run import is_trained, load_run
from training.networks.architectures import logits_model
from training.recipe import Recipe

BLOCK = 256  # images decoded at a time


def judged_rows(recipe: Recipe, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the validation and internal test images of HAM10000, or else of the recipe's first set.

    Validation is left out where the last layer has learnt from it.
    """
    home = HOME if HOME in recipe.datasets else recipe.datasets[0]  # the same for every recipe that learns from it
    splits = [INTERNAL_TEST] if recipe.last_layer_penalty else [VALIDATION, INTERNAL_TEST]
    return manifest[(manifest.dataset == home) & manifest.split.isin(splits)]


def predictions(recipe: Recipe, network: keras.Model, canvas, rows: pd.DataFrame) -> pd.DataFrame:
    """Return image_id, lesion_id, dataset, split, label, target and a probability for each class of the recipe.

    Parameters
    ----------
    recipe : Recipe
    network : Model
        Up to its logits, at serving size.
    canvas : array-like, uint8, shape (images, edge, edge, 3)
    rows : DataFrame
        Rows of the manifest. ``label`` stays the set's own; ``target`` is the class in the recipe's label set.
    """
    metadata = metadata_columns(rows) if isinstance(network.input, dict) else None
    logits = []
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        views = plain_views(canvas, rows.canvas_row.to_numpy()[part], recipe.served)
        known = None if metadata is None else metadata[part]
        logits.append(predict_logits(network, views, recipe.views, metadata=known))
    codes = LABEL_SETS[recipe.label_set].codes
    shares = pd.DataFrame(np.round(softmax(np.concatenate(logits), axis=1), 6), columns=[f"p_{code}" for code in codes])
    table = rows[["image_id", "lesion_id", "dataset", "split", "label"]].reset_index(drop=True)
    return table.assign(target=labels_in(rows, recipe.label_set).to_numpy()).join(shares)


def write_predictions(run: Path, recipe: Recipe, network: keras.Model, canvas, manifest: pd.DataFrame) -> None:
    """Write ``predictions.csv`` into a run folder."""
    answers = predictions(recipe, network, canvas, judged_rows(recipe, manifest))
    write_file(run / "predictions.csv", answers.to_csv(index=False).encode())


def write_missing_predictions(runs: Path, names: Sequence[str]) -> None:
    """Write the predictions of trained recipes that have none; training writes those of earlier systems alone."""
    for name in names:
        run = runs / name
        if is_trained(run) or not (run / "trained.keras").exists():
            continue
        recipe, record, manifest = load_run(run)
        network = logits_model(keras.models.load_model(run / "trained.keras", compile=False))
        write_predictions(run, recipe, network, canvas_for(recipe, Path(record["work"]), manifest), manifest)
