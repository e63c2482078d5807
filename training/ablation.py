"""What each choice of the shipped model gave, measured on validation alone.

    python -m training.ablation runs/RECIPE [--bundle model/bundle] [--beside BUNDLE ...] [--earlier ablation.csv]

Judges the trained network at several input sizes and with one, two or four views, each with its own temperature; where
it joins networks also at other shares of them, from the runs beside it, with more or less of the class shares
divided out, and with a blended one as it was before blending or as the stage that it started from. Puts the stored
validation predictions of whole bundles beside it, and rows of an earlier table. Writes ``results/ablation.csv`` into
the bundle; the test split is not read.
"""

import argparse
import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd

from training.bundle import seal
from training.calibrate import load_run, read_record
from training.checkpoints import CHECKPOINT, load_weights
from training.datasets import CODES
from training.recipe import Recipe
from training.splits import VALIDATION

SIZES = (192, 224, 256)
VIEWS = (
    ("identity",),
    ("identity", "flip_left_right"),
    ("identity", "flip_left_right", "flip_up_down", "rotate_180"),
)
EXPONENTS = (0.0, 0.1, 0.2, 0.3)  # of the class shares that the joined network divides out, beyond its members'
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

    from training.architectures import build_network, logits_model

    recipe, _ = read_record(run)
    trained = keras.models.load_model(run / "trained.keras", compile=False)
    plain = dataclasses.replace(recipe, size=size, weights="none", dropout=0.0)
    network = logits_model(build_network(plain, len(CODES)))
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


def figures_of(logits: np.ndarray, rows: pd.DataFrame, labels: list, tried: str, size: int, views: int) -> pd.DataFrame:
    """Return the figures of logits (len(rows), classes), calibrated on these same rows."""
    from training.data import label_indices

    probabilities = calibrated(logits, label_indices(rows.label, CODES))
    names = [f"p_{code}" for code in CODES]
    scored = rows.reset_index(drop=True).join(pd.DataFrame(probabilities, columns=names))
    return figures(scored, labels, tried, size, views)


def judge(run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: list) -> list[pd.DataFrame]:
    """Return the figures of each (size, views) of a run."""
    recipe, _ = read_record(run)
    tables, stored = [], {}
    for size, views in settings(recipe):  # at one size the first has the most views, and the others are among them
        if size not in stored:
            stored[size] = view_logits(network_of(run, size), canvas, rows.canvas_row.to_numpy(), size, views)
        logits = np.mean([stored[size][view] for view in views], axis=0)
        tables.append(figures_of(logits, rows, labels, run.name, size, len(views)))
    return tables


def unblended(run: Path, size: int, prior: np.ndarray) -> dict:
    """Return networks by what stands in for a blended run: its own weights alone, and the stage that it started from.

    Empty where nothing was blended, or where the checkpoint with its own weights has not been kept.
    """
    from training.fit import take_off_prior

    recipe, _ = read_record(run)
    if not recipe.start_from or recipe.blend == 1 or not (run / CHECKPOINT).is_file():
        return {}
    later = network_of(run, size)
    load_weights(run / CHECKPOINT, later)
    take_off_prior(later, prior, recipe.prior_exponent)  # a checkpoint is from before that
    sooner = network_of(run.parent / recipe.start_from, size)
    return {f"{run.name} not blended": later, f"{recipe.start_from} for {run.name}": sooner}


def mixtures(members: int, chosen: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Return the shares of joined networks that are tried: the chosen, equal ones, each half again, each alone or out.

    Each tuple has one share a member and adds up to 1.
    """
    equal = (1 / members,) * members
    found = [chosen or equal, equal]
    for one in range(members):
        rest = (0.5 / (members - 1),) * members
        found += [
            tuple(float(other == one) for other in range(members)),
            tuple(0.5 if other == one else share for other, share in enumerate(rest)),
            tuple(0.0 if other == one else 1 / (members - 1) for other in range(members)),
        ]
    return list(dict.fromkeys(found))


def share_names(names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    """Return shares in words, such as "40 % mobilenetv2 bundle, 60 % resnet50v2 224"; who has none is left out."""
    parts = zip(names, shares, strict=True)
    return ", ".join(f"{100 * share:.0f} % {name.replace('_', ' ')}" for name, share in parts if share)


def judge_joining(
    run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: list, prior: np.ndarray
) -> list[pd.DataFrame]:
    """Return the figures of a run that joins several, at other shares and exponents, and with other networks in them.

    ``prior`` holds the class shares in training, shape (classes,).
    """
    recipe, _ = read_record(run)
    size, views = recipe.served, recipe.views
    chosen = recipe.shares or (1 / len(recipe.members),) * len(recipe.members)

    def logits_of(network) -> np.ndarray:
        return np.mean(list(view_logits(network, canvas, rows.canvas_row.to_numpy(), size, views).values()), axis=0)

    members = [run.parent / name for name in recipe.members]
    own = [logits_of(network_of(member, size)) for member in members]

    def tried(said: str, shares=chosen, exponent=recipe.prior_exponent, parts=own) -> pd.DataFrame:
        logits = np.tensordot(shares, parts, 1) - exponent * np.log(prior)
        return figures_of(logits, rows, labels, f"{run.name}, {said}", size, len(views))

    shares = [tried(share_names(recipe.members, share), shares=share) for share in mixtures(len(members), chosen)]
    others = [power for power in EXPONENTS if power != recipe.prior_exponent]
    priors = [tried(f"{power} of the class shares divided out after joining", exponent=power) for power in others]
    blends = [
        tried(said, parts=[*own[:place], logits_of(network), *own[place + 1 :]])
        for place, member in enumerate(members)
        for said, network in unblended(member, size, prior).items()
    ]
    return shares + priors + blends


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
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="bundles, split in the same way")
    parser.add_argument("--earlier", type=Path, help="an earlier ablation.csv: keep its rows of what is not tried now")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from model.card import load_card
    from training.data import open_canvas
    from training.train import training_shares

    recipe, record, manifest = load_run(options.run)
    home = manifest[(manifest.split == VALIDATION) & (manifest.dataset == recipe.datasets[0])]
    canvas, labels = open_canvas(Path(record["work"])), load_card(options.bundle).labels
    tables = judge(options.run, home, canvas, labels)
    if recipe.members:
        tables += judge_joining(options.run, home, canvas, labels, training_shares(recipe, manifest))
    tables += [stored_figures(bundle, recipe.datasets[0]) for bundle in options.beside]
    table = pd.concat(tables, ignore_index=True)
    if options.earlier:
        earlier = pd.read_csv(options.earlier)
        table = pd.concat([table, earlier[~earlier.tried.isin(table.tried)]], ignore_index=True)
    table.round(5).to_csv(options.bundle / "results" / "ablation.csv", index=False)
    seal(options.bundle)
    shown = table.pivot_table(index=["tried", "setting"], columns="metric", values="value", sort=False)
    print(shown.round(4).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
