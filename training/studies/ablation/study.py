"""What each choice of the shipped model gave, measured on validation alone.

    python -m training.studies.ablation runs/RECIPE [--bundle BUNDLE] [--beside BUNDLE ...] [--earlier ablation.csv]
    python -m training.studies.ablation runs/RECIPE --instead MEMBER=RUN ...

Judges the trained network at several input sizes and with one, two or four views, each with its own temperature. An
ensemble is also judged with other shares of its members (their runs are in the same folder), with more or less of the
class shares divided out, and with a blended member as it was before blending or at its first stage. Adds the stored
validation predictions of whole bundles, and rows of an earlier table. Writes ``results/ablation.csv`` into the bundle;
the test split is not read.

With ``--instead`` nothing is tried but other trained networks in the places of joined ones, each alone as well, such as
the same recipe trained again from another seed: their rows are added to the bundle's table.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from training.command import one_sentence
from training.data.splits import VALIDATION
from training.fitting.last_layer import read_folds, trunk_of
from training.judging.sealing import write_tables
from training.judging.trained_run import load_run, read_record
from training.recipe import Recipe, RecipeError
from training.studies.ablation.rows import (
    Joined,
    figures,
    figures_of,
    judge_instead,
    judge_joining,
    network_of,
    other_runs,
    view_logits,
)

SIZES = (192, 224, 256)
VIEWS: tuple[tuple[str, ...], ...] = (
    ("identity",),
    ("identity", "flip_left_right"),
    ("identity", "flip_left_right", "flip_up_down", "rotate_180"),
)


def settings(recipe: Recipe) -> list[tuple[int, tuple[str, ...]]]:
    """Return the (size, views) that are tried, the served ones first."""
    usual = recipe.served
    others = [size for size in dict.fromkeys((recipe.size, *SIZES)) if size != usual]
    return [(usual, views) for views in reversed(VIEWS)] + [(size, VIEWS[1]) for size in others]


def judge(run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: Sequence) -> list[pd.DataFrame]:
    """Return the figures of each (size, views) of a run, as it is served first."""
    recipe, record = read_record(run)
    folds = read_folds(run, record)
    tables: list[pd.DataFrame] = []
    stored: dict[int, dict] = {}
    for size, views in settings(recipe):  # at one size the first has the most views, and the others are among them
        if size not in stored:
            network = network_of(run, size)
            read = network if folds is None else trunk_of(network)
            stored[size] = view_logits(read, canvas, rows.canvas_row.to_numpy(), size, views)
        seen = np.mean([stored[size][view] for view in views], axis=0)
        logits = seen if folds is None else folds.logits(seen, rows.image_id)
        found = figures_of(logits, rows, labels, run.name, size, len(views))
        served = (size, views) == (recipe.served, recipe.views)
        tables = [found, *tables] if served else [*tables, found]
    return tables


def stored_figures(bundle: Path, dataset: str) -> pd.DataFrame:
    """Return the figures of another bundle's own validation predictions, by the most probable class as all trials."""
    from model.card import load_card
    from model.evaluation.tables import load_table

    card = load_card(bundle)
    stored = load_table(card, "results/predictions.csv")
    home = stored[(stored.split == VALIDATION) & (stored.dataset == dataset)].drop(columns="named", errors="ignore")
    views = len(card.raw["inference"]["views"])
    return figures(home, card.labels, card.release, card.raw["input"]["shape"][0], views)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the shipped model's training run")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="bundles, split in the same way")
    parser.add_argument("--earlier", type=Path, help="an earlier ablation.csv: keep its rows of what is not tried now")
    parser.add_argument("--instead", nargs="+", default=[], metavar="MEMBER=RUN", help="other networks to join")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from model.card import load_card
    from training.data.batches import open_canvas
    from training.train import training_shares

    recipe, record, manifest = load_run(options.run)
    home = manifest[(manifest.split == VALIDATION) & (manifest.dataset == recipe.datasets[0])]
    canvas, labels = open_canvas(Path(record["work"])), load_card(options.bundle).labels
    try:
        others = other_runs(options.instead, recipe.members)
    except RecipeError as error:
        parser.error(str(error))
    if others and "last_layer" in record:
        parser.error(f"{options.run} has learnt its last layer again; name a run that only joins its members.")
    tables = [] if others else judge(options.run, home, canvas, labels)
    if recipe.members and "last_layer" not in record:  # members' own layers are no single change from one learnt again
        joined = Joined(options.run, home, canvas, labels, training_shares(recipe, manifest))
        tables += judge_instead(joined, others) if others else judge_joining(joined)
    tables += [stored_figures(bundle, recipe.datasets[0]) for bundle in options.beside]
    table = pd.concat(tables, ignore_index=True)
    path = options.bundle / "results" / "ablation.csv"
    if options.earlier or (others and path.exists()):
        earlier = pd.read_csv(options.earlier or path)
        kept = earlier[~earlier.tried.isin(table.tried)]
        table = pd.concat([table, kept], ignore_index=True)
    names = (load_card(options.bundle).model_id, options.run.name)
    shipped = table.tried == next((name for name in names if (table.tried == name).any()), "")
    table = pd.concat([table[shipped], table[~shipped]], ignore_index=True)  # readers compare all others with it
    write_tables(options.bundle, {"results/ablation.csv": table.round(5)})
    shown = table.pivot_table(index=["tried", "setting"], columns="metric", values="value", sort=False)
    print(shown.round(4).to_string())
    return 0
