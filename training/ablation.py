"""What each choice of the shipped model gave, measured on validation alone.

    python -m training.ablation runs/RECIPE [--members runs/RECIPE ...] [--bundle model/bundle] [--beside BUNDLE ...]

Judges the trained network at several input sizes and with one, two or four views, each with its own temperature, its
members as they are served, and puts the stored validation predictions of whole bundles beside it. Writes
``results/ablation.csv`` into the bundle; the test split is not read.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from training.bundle import seal
from training.calibrate import load_run, read_record
from training.datasets import CODES
from training.recipe import Recipe
from training.splits import VALIDATION

SIZES = (192, 224, 256)
VIEWS = (
    ("identity",),
    ("identity", "flip_left_right"),
    ("identity", "flip_left_right", "flip_up_down", "rotate_180"),
)
FIGURES = {  # (metric, subject) of the summary -> what the table calls it
    ("balanced_accuracy", "all"): "balanced_accuracy",
    ("macro_auc", "all"): "macro_auc",
    ("auc", "mel"): "melanoma_auc",
    ("auc", "malignant"): "malignant_auc",
    ("log_loss", "all"): "log_loss",
    ("ece", "all"): "ece",
}
COLUMNS = ["tried", "setting", "metric", "value", "low", "high", "n", "n_lesions", "dataset", "split"]


def view_logits(
    network, canvas: np.ndarray, rows: np.ndarray, size: int, views: tuple[str, ...], batch: int = 64
) -> dict[str, np.ndarray]:
    """Return the logits of the named views of each image, view name -> (len(rows), classes)."""
    from training.data import plain_views
    from training.fit import predict_logits

    found = {view: [] for view in views}
    for start in range(0, len(rows), batch):
        images = plain_views(canvas, rows[start : start + batch], size)
        for view, parts in found.items():
            parts.append(predict_logits(network, images, (view,), batch))
    return {view: np.concatenate(parts) for view, parts in found.items()}


def network_of(run: Path, size: int):
    """Return the run's trained network up to its logits, at another input size."""
    import keras

    from training.architectures import ARCHITECTURES, logits_model

    recipe, _ = read_record(run)
    trained = keras.models.load_model(run / "trained.keras", compile=False)
    network = logits_model(ARCHITECTURES[recipe.architecture](size, len(CODES), "none", 0.0))
    network.set_weights(logits_model(trained).get_weights())
    return network


def calibrated(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return probabilities at the temperature that fits these cases best; (n, classes)."""
    from scipy.special import softmax

    from model.evaluation.temperature import fit_temperature

    return softmax(logits / fit_temperature(logits, labels).value, axis=1)


def settings(recipe: Recipe) -> list[tuple[int, tuple[str, ...]]]:
    """Return the (size, views) that are tried, the served ones first."""
    usual = recipe.served
    others = [size for size in dict.fromkeys((recipe.size, *SIZES)) if size != usual]
    return [(usual, views) for views in reversed(VIEWS)] + [(size, VIEWS[1]) for size in others]


def figures(scored: pd.DataFrame, labels: list, tried: str, size: int, views: int) -> pd.DataFrame:
    """Return the figures of one setting with 95 % intervals by lesion; ``scored`` as `summarise` takes it."""
    from model.evaluation.summary import summarise

    table = summarise(scored, labels, np.random.default_rng(2018), resamples=1000)
    names = [FIGURES.get(key) for key in zip(table.metric, table.subject, strict=True)]
    table = table.assign(metric=names, tried=tried, setting=f"{size} px, views: {views}", n=table.n_images)
    return table.dropna(subset="metric")[COLUMNS]


def judge(
    run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: list, only_served: bool = False
) -> list[pd.DataFrame]:
    """Return the figures of each (size, views) of a run, or of its own alone."""
    from training.data import label_indices

    recipe, _ = read_record(run)
    truth, tables, stored = label_indices(rows.label, CODES), [], {}
    tried = [(recipe.served, recipe.views)] if only_served else settings(recipe)
    for size, views in tried:  # at one size the first has the most views, and the others are among them
        if size not in stored:
            stored[size] = view_logits(network_of(run, size), canvas, rows.canvas_row.to_numpy(), size, views)
        logits = np.mean([stored[size][view] for view in views], axis=0)
        names = [f"p_{code}" for code in CODES]
        scored = rows.reset_index(drop=True).join(pd.DataFrame(calibrated(logits, truth), columns=names))
        tables.append(figures(scored, labels, run.name, size, len(views)))
    return tables


def stored_figures(bundle: Path, dataset: str) -> pd.DataFrame:
    """Return the figures of another bundle's own validation predictions."""
    from model.card import load_card
    from model.evaluation.tables import load_table

    card = load_card(bundle)
    stored = load_table(card, "results/predictions.csv")
    home = stored[(stored.split == VALIDATION) & (stored.dataset == dataset)]
    views = len(card.raw["inference"]["views"])
    return figures(home, card.labels, f"{card.model_id} {card.version}", card.raw["input"]["shape"][0], views)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the shipped model's training run")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--members", type=Path, nargs="+", default=[], help="runs of the networks that it joins")
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="bundles, split in the same way")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from model.card import load_card
    from training.data import open_canvas

    recipe, record, manifest = load_run(options.run)
    home = manifest[(manifest.split == VALIDATION) & (manifest.dataset == recipe.datasets[0])]
    canvas, labels = open_canvas(Path(record["work"])), load_card(options.bundle).labels
    tables = judge(options.run, home, canvas, labels)
    for member in options.members:
        tables += judge(member, home, canvas, labels, only_served=True)
    tables = [*(stored_figures(bundle, recipe.datasets[0]) for bundle in options.beside), *tables]
    table = pd.concat(tables, ignore_index=True)
    table.round(5).to_csv(options.bundle / "results" / "ablation.csv", index=False)
    seal(options.bundle)
    shown = table.pivot_table(index=["tried", "setting"], columns="metric", values="value", sort=False)
    print(shown.round(4).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
