"""Second command: make confidence match how often the network is right, and learn what age, sex and site add.

    python -m training.calibrate runs/RECIPE [--views identity flip_left_right]
    python -m training.calibrate --smoke

Writes ``calibration.json`` into the run folder: the temperature, fitted on the validation split alone (Guo et al.,
ICML 2017), out of fold where the last layer has learnt from that split, and, where the training split records patients,
the factors of `model.answer.patient`. The test split is not read.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

from model.card import VIEWS
from model.tables.output import write_file
from training.command import one_sentence
from training.judging.trained_run import SMOKE_RUN, load_run
from training.recipe import RecipeError


def validation_logits(run: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Return logits of the validation images of the recipe's first set, shape (n, classes), and their rows.

    Other sets would shift the class balance that the model is calibrated for. Where the last layer has learnt from
    validation, the logits are out of fold.
    """
    import keras

    from training.data.batches import open_canvas, plain_views
    from training.data.splits import VALIDATION
    from training.fitting.last_layer import read_folds, trunk_of
    from training.fitting.validation import predict_logits
    from training.networks.architectures import logits_model

    recipe, record, manifest = load_run(run)
    if recipe.label_set != "seven" or recipe.masks:
        raise RecipeError(f"{recipe.name} answers in other classes or sees a mask; it cannot be packed.")
    home = manifest.dataset == recipe.datasets[0]
    rows = manifest[(manifest.split == VALIDATION) & home].reset_index(drop=True)
    views = plain_views(open_canvas(Path(record["work"])), rows.canvas_row.to_numpy(), recipe.served)
    network = logits_model(keras.models.load_model(run / "trained.keras", compile=False))
    if isinstance(network.input, dict):
        raise RecipeError(f"{recipe.name} takes more than a photo; it cannot be packed.")
    folds = read_folds(run, record)
    if folds is None:
        return predict_logits(network, views, recipe.views), rows
    return folds.logits(predict_logits(trunk_of(network), views, recipe.views), rows.image_id), rows


def serve_with(run: Path, views: list[str]) -> None:
    """Put the views to serve with into the run's record; the weights do not depend on them."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["recipe"]["views"] = views
    write_file(run / "run.json", (json.dumps(record, indent=1) + "\n").encode())


def patient_factors(manifest: pd.DataFrame, probabilities: np.ndarray, rows: pd.DataFrame) -> dict | None:
    """Return the card's entry "patient", or None where training recorded neither age, sex nor site of enough images.

    Parameters
    ----------
    manifest : DataFrame
        With splits; the training split gives the factors.
    probabilities : ndarray, shape (n, classes)
        Calibrated, of the validation images ``rows``, which give the power.
    """
    from training.data.batches import label_indices
    from training.data.label_sets import CODES
    from training.data.splits import TRAIN
    from training.judging.patients import fit_effects, fit_power, patients_of

    train, patients = manifest[manifest.split == TRAIN], patients_of(rows)
    if not (any(patient.known for patient in patients) and train.age.notna().any()):
        return None
    entry = fit_effects(train, CODES)
    power = fit_power(entry, probabilities, patients, label_indices(rows.label, CODES))
    return {"power": round(power, 4), **entry, "power_fitted_on": "validation", "n_validation": len(rows)}


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="folder of a finished training run")
    parser.add_argument("--views", nargs="+", choices=list(VIEWS), help="serve with these views, not the recipe's")
    parser.add_argument("--smoke", action="store_true", help=f"use {SMOKE_RUN}, made by training.train --smoke")
    options = parser.parse_args(arguments)
    if not (options.run or options.smoke):
        parser.error("name the folder of a training run, or give --smoke")
    run = options.run or SMOKE_RUN
    if not (run / "trained.keras").exists():
        parser.error(f"{run} holds no trained network; run training.train first")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from scipy.special import softmax

    from model.evaluation.calibration import fit_temperature
    from training.data.batches import label_indices
    from training.data.label_sets import CODES

    if options.views:
        serve_with(run, options.views)
    logits, rows = validation_logits(run)
    labels = label_indices(rows.label, CODES)
    fitted = fit_temperature(logits, labels)
    calibration = {
        "method": "temperature",
        "temperature": fitted.value,
        "fitted_on": "validation",
        "dataset": rows.dataset.iloc[0],
        "n_images": len(rows),
        "n_lesions": int(rows.lesion_id.nunique()),
        "log_loss_before": fitted.loss_before,
        "log_loss_after": fitted.loss_after,
    }
    patient = patient_factors(load_run(run)[2], softmax(logits / fitted.value, axis=1), rows)
    written = {"calibration": calibration, "patient": patient}
    write_file(run / "calibration.json", (json.dumps(written, indent=1) + "\n").encode())
    print(f"temperature {fitted.value:.3f}: log loss {fitted.loss_before:.4f} -> {fitted.loss_after:.4f} on "
          f"{len(rows):,} validation images; next: python -m training.bundle "
          f"{'--smoke' if options.smoke else f'{run} --bundle runs/bundle --version NUMBER'}")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
