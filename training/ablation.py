"""What each choice of the shipped model gave, measured on validation alone.

    python -m training.ablation runs/RECIPE [--bundle model/bundle]

Judges the trained network, and those of the stages before it, at several input sizes and with one, two or four views,
each with its own temperature. Writes ``results/ablation.csv`` into the bundle; the test split is not read.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from training.bundle import seal
from training.calibrate import load_run
from training.datasets import CODES
from training.splits import VALIDATION

SIZES = (192, 224, 256)
VIEWS = (
    ("identity",),
    ("identity", "flip_left_right"),
    ("identity", "flip_left_right", "flip_up_down", "rotate_180"),
)
FIGURES = (
    ("balanced_accuracy", "all"),
    ("macro_auc", "all"),
    ("auc", "mel"),
    ("auc", "malignant"),
    ("log_loss", "all"),
    ("ece", "all"),
)


def view_logits(network, canvas: np.ndarray, rows: np.ndarray, size: int, batch: int = 64) -> dict[str, np.ndarray]:
    """Return the logits of every view of each image, view name -> (len(rows), classes)."""
    from training.data import plain_views
    from training.fit import predict_logits

    found = {view: [] for view in VIEWS[-1]}
    for start in range(0, len(rows), batch):
        images = plain_views(canvas, rows[start : start + batch], size)
        for view, parts in found.items():
            parts.append(predict_logits(network, images, (view,), batch))
    return {view: np.concatenate(parts) for view, parts in found.items()}


def network_of(run: Path, size: int):
    """Return the run's trained network up to its logits, at another input size."""
    import keras

    from training.architectures import ARCHITECTURES, logits_model

    recipe, _, _ = load_run(run)
    trained = keras.models.load_model(run / "trained.keras", compile=False)
    network = logits_model(ARCHITECTURES[recipe.architecture](size, len(CODES), "none", 0.0))
    network.set_weights(logits_model(trained).get_weights())
    return network


def calibrated(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return probabilities at the temperature that fits these cases best; (n, classes)."""
    from scipy.special import softmax

    from model.evaluation.temperature import fit_temperature

    return softmax(logits / fit_temperature(logits, labels).value, axis=1)


def settings(recipe_size: int) -> list[tuple[int, tuple[str, ...]]]:
    """Return the (size, views) that are tried: every size with all views, and fewer views at the usual size."""
    sizes = dict.fromkeys((recipe_size, *SIZES))
    return [(size, VIEWS[-1]) for size in sizes] + [(224, views) for views in VIEWS[:-1]]


def judge(run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: list) -> pd.DataFrame:
    """Return one row for each setting and figure of one run, with 95 % intervals by lesion."""
    from model.evaluation.summary import summarise
    from training.data import label_indices

    recipe, _, _ = load_run(run)
    truth, tables, stored = label_indices(rows.label, CODES), [], {}
    for size, views in settings(recipe.size):
        if size not in stored:
            stored[size] = view_logits(network_of(run, size), canvas, rows.canvas_row.to_numpy(), size)
        logits = np.mean([stored[size][view] for view in views], axis=0)
        names = [f"p_{code}" for code in CODES]
        scored = rows.reset_index(drop=True).join(pd.DataFrame(calibrated(logits, truth), columns=names))
        figures = summarise(scored, labels, np.random.default_rng(2018), resamples=1000)
        wanted = pd.MultiIndex.from_frame(figures[["metric", "subject"]]).isin(FIGURES)
        tables.append(figures[wanted].assign(recipe=recipe.name, size=size, views=len(views)))
    columns = ["recipe", "size", "views", "dataset", "split", "metric", "subject", "value", "low", "high"]
    return pd.concat(tables, ignore_index=True)[[*columns, "n_images", "n_lesions"]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the shipped model's training run")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from model.card import load_card
    from training.data import open_canvas

    _, record, manifest = load_run(options.run)
    home = manifest[(manifest.split == VALIDATION) & (manifest.dataset == record["recipe"]["datasets"][0])]
    stages = [options.run.parent / stage["recipe"]["name"] for stage in record.get("stages", [])]
    runs = [run for run in (*stages, options.run) if (run / "trained.keras").exists()]
    canvas, labels = open_canvas(Path(record["work"])), load_card(options.bundle).labels
    table = pd.concat([judge(run, home, canvas, labels) for run in runs], ignore_index=True)
    table.round(5).to_csv(options.bundle / "results" / "ablation.csv", index=False)
    seal(options.bundle)
    shown = table.pivot_table(index=["recipe", "size", "views"], columns=["metric", "subject"], values="value")
    print(shown.round(4).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
