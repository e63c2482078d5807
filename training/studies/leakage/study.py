"""Demonstration: how far a figure rises when images of one lesion, or copies, lie on both sides of a split.

    python -m training.studies.leakage --data DATA --weights WEIGHTS [--leaks all] [--work runs/data]
    python -m training.studies.leakage --data DATA --weights WEIGHTS --recipe resnet50_smote --leaks lesions synthetic

Without ``--leaks`` only the honest figures are computed. Each named leak is a mistake that is made on purpose, with
the same images, features and classifiers, to show how much of a published figure it can explain (Kapoor and
Narayanan, Patterns 4:100804, 2023). With ``--recipe`` the recipe's network takes the place of the classifiers: its
head and its last block learn in each arm, and one of the five folds is judged. Nothing here is a result of the
product. Writes ``results/leakage.csv``; rows of the other kind of study stay in it.
"""

import argparse
import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd

from model.evaluation import metrics
from model.evaluation.cases import Cases, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, percentile_interval, rate_interval
from model.tables.output import write_file
from training.command import at_least, one_sentence
from training.data.provenance import read_manifest
from training.data.sets.layouts import DatasetError
from training.data.splits import INTERNAL_TEST, make_splits
from training.judging.sealing import write_tables
from training.recipe import Recipe, RecipeError, load_recipe, trunk_in
from training.studies.frozen_features import frozen_trunk
from training.studies.leakage.arms import LEAKS, NEAREST, Arm, judge
from training.studies.leakage.sample import (
    EIGHT,
    FOLDS,
    Extractor,
    Sample,
    eight_class_table,
    open_sample,
    read_truth,
    sharing_under_random_split,
)

PER_CLASS = 300
SIZE = 160  # pixels: a frozen MobileNetV2 sees four photos of this size in the time of two at 224
LAST_BLOCK = {"resnet50v2_conv4": "conv4_block5_out"}  # architecture -> the layer before it
SEEDS = range(20)
COLUMNS = [
    "demonstration", "leak", "method", "n_train", "n_test", "n_test_sharing_lesion", "n_test_synthetic_parent",
    "metric", "value", "low", "high", "honest_value", "honest_low", "honest_high", "note",
]  # fmt: skip
DEMONSTRATION = "demonstration, not a result: {n} images of eight ISIC 2019 classes, {network}"


def figures(sample: Sample, arm: Arm, per_class: int, seed: int, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return a row for each classifier and metric of an arm: method, metric, value, low, high and the counts."""
    predictions, counts = judge(sample, arm, per_class, seed)
    rows = [
        {"method": method, "metric": metric, "value": value, "low": low, "high": high}
        for method, table in predictions.items()
        for metric, value, low, high in _measured(read_cases(table, EIGHT), np.random.default_rng(seed), resamples)
        # One neighbour says yes or no: an AUC of that is balanced accuracy under another name.
        if (method, metric) != (NEAREST, "macro_auc")
    ]
    return pd.DataFrame(rows).assign(**counts)


def _measured(cases: Cases, random: np.random.Generator, resamples: int) -> list[tuple[str, float, float, float]]:
    def statistic(weights: np.ndarray | None = None) -> np.ndarray:
        return np.stack([metrics.balanced_accuracy(cases, weights), metrics.macro_auc(cases, weights)], axis=1)

    low, high = percentile_interval(bootstrap(statistic, cases.lesions, random, resamples))
    accuracy = ("accuracy", cases.correct.mean(), *rate_interval(cases.correct, cases.lesions))
    return [accuracy, *zip(("balanced_accuracy", "macro_auc"), statistic()[0], low, high, strict=True)]


def demonstrate(
    sample: Sample, combinations: list[frozenset[str]], per_class: int, seed: int, network: str,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Return the rows of ``leakage.csv``: the honest figures, and next to them those of each combination of leaks.

    An arm with SMOTE is compared with SMOTE done rightly: from the training folds alone.
    """
    keys, tables, mix = ["method", "metric"], [], "features" if sample.pixels is None else "photos"
    for synthetic in (False, True):
        honest = figures(sample, Arm(synthetic=synthetic), per_class, seed, resamples)
        beside = honest[[*keys, "value", "low", "high"]].rename(
            columns={name: f"honest_{name}" for name in ("value", "low", "high")}
        )
        arms = [Arm(leaks, synthetic) for leaks in combinations if ("synthetic" in leaks) == synthetic]
        measured = [(Arm(synthetic=synthetic), honest)]
        measured += [(arm, figures(sample, arm, per_class, seed, resamples)) for arm in arms]
        for arm, table in measured:
            note = _note(arm, int(table.pop("n_test_is_parent").iloc[0]), mix, sample.folds)
            tables.append(table.merge(beside, on=keys).assign(leak=arm.name, note=note))
    rows = pd.concat(tables, ignore_index=True)
    return rows.assign(demonstration=DEMONSTRATION.format(n=f"{len(sample.table):,}", network=network))[COLUMNS]


def _note(arm: Arm, mixed: int, mix: str, judged: int) -> str:
    smote = {
        (False, False): "no synthetic images",
        (True, False): f"SMOTE on {mix} of the training folds alone",
        (True, True): f"SMOTE on {mix} of all images, before they are split",
    }[arm.synthetic, "synthetic" in arm.leaks]
    folds = "five folds" if judged == FOLDS else f"{judged} of five folds"
    split = f"{folds} by lesion"
    if "training_images" in arm.leaks:
        split = "judged on the images it was trained on"
    elif "lesions" in arm.leaks:
        split = f"{folds} of images at random"
    parents = f"; {mixed:,} real test images were mixed into training images" if mixed else ""
    return f"{split}; {smote}{parents}; interval by lesion"


def random_split_row(manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the row that says how many HAM10000 test images would share a lesion with training at random."""
    table = manifest[manifest.dataset == "ham10000"]
    counts, n_test = sharing_under_random_split(table, SEEDS)
    low, high = np.quantile(counts, [0.025, 0.975]) / n_test
    kept_apart = (make_splits(table, 2018) == INTERNAL_TEST).to_numpy()
    honest = table.lesion_id[kept_apart].isin(table.lesion_id[~kept_apart]).mean()
    return pd.DataFrame(
        [
            {
                "demonstration": f"demonstration, not a result: all {len(table):,} HAM10000 images, no classifier",
                "leak": LEAKS["lesions"], "method": "counting", "n_train": len(table) - n_test, "n_test": n_test,
                "n_test_sharing_lesion": round(counts.mean()), "n_test_synthetic_parent": 0,
                "metric": "share_of_test_images_with_their_lesion_in_training",
                "value": counts.mean() / n_test, "low": low, "high": high, "honest_value": honest,
                "note": f"images split at random, mean of {len(SEEDS)} seeds; low and high are the 2.5 and 97.5 % "
                "quantiles over seeds; honest: the seeded split by lesion",
            }
        ]
    )[[name for name in COLUMNS if name not in ("honest_low", "honest_high")]]  # fmt: skip


def combinations_of(names: list[str]) -> list[frozenset[str]]:
    """Return each named leak alone, then the first two together and so on; "all" stands for every one."""
    chosen = [leak for leak in LEAKS if leak in names or "all" in names]
    return [frozenset([leak]) for leak in chosen] + [frozenset(chosen[:n]) for n in range(2, len(chosen) + 1)]


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with isic2019/ and its table of labels")
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="manifest and decoded images")
    parser.add_argument("--cache", type=Path, default=Path("runs/leakage"), help="where computed features are kept")
    parser.add_argument(
        "--weights", default="imagenet", help="imagenet, none, a file of the trunk, or a folder of them"
    )
    parser.add_argument("--recipe", help="its network learns instead of classifiers on a frozen MobileNetV2")
    parser.add_argument("--leaks", nargs="+", default=[], choices=[*LEAKS, "all"], help="mistakes to make on purpose")
    parser.add_argument("--mix", choices=["photos", "features"], default="photos", help="what SMOTE mixes")
    parser.add_argument("--per-class", type=int, default=PER_CLASS, help="images of a class; SMOTE fills up to it")
    parser.add_argument("--resamples", type=at_least(1, int), default=RESAMPLES, help="of each bootstrap")
    parser.add_argument("--seed", type=int, default=2018)
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--output", type=Path, help="write this file and leave the bundle as it is")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    table = run(options)
    if options.output:
        write_file(options.output, table.to_csv(index=False).encode())
    else:
        write_tables(options.bundle, {"results/leakage.csv": beside_others(options.bundle, table)})
    shown = table[table.metric != "macro_auc"].drop(columns=["demonstration", "note"]).round(3)
    print(f"{table.demonstration.iloc[0]}\n{shown.to_string(index=False)}")
    return 0


def beside_others(bundle: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the bundle's rows of other networks in front of it."""
    path = bundle / "results" / "leakage.csv"
    kept = pd.read_csv(path) if path.exists() else table.head(0)
    return pd.concat([kept[~_network(kept).isin(_network(table))], table], ignore_index=True)


def _network(table: pd.DataFrame) -> pd.Series:
    return table.demonstration.map(lambda text: text.rpartition(", ")[2])


def frozen_mobilenet(weights: str) -> Extractor:
    """Return MobileNetV2 up to its pooling."""
    weights = trunk_in(weights, "mobilenetv2")
    return Extractor("frozen MobileNetV2", Path(weights).name, SIZE, lambda: frozen_trunk(SIZE, weights))


def recipe_trunk(recipe: Recipe) -> Extractor:
    """Return a recipe's network up to the block that learns.

    Raises
    ------
    RecipeError
        If it is not known where the last block of its architecture begins, or it is not one of eight classes that
        learns its head and then its last block.
    """
    if recipe.label_set != "eight" or len(recipe.phases) < 2:
        raise RecipeError(f"{recipe.name} has no eight classes, or does not learn its head and then its last block.")
    if recipe.architecture not in LAST_BLOCK:
        raise RecipeError(f"{recipe.name} has another network than {', '.join(LAST_BLOCK)}.")

    def make():
        from training.fitting.features import trunk_until
        from training.fitting.loop import build

        return trunk_until(build(recipe), LAST_BLOCK[recipe.architecture])

    key = f"{LAST_BLOCK[recipe.architecture]} {Path(recipe.weights).name}"
    name = f"{recipe.architecture} at {recipe.size} px whose head and last block learn"
    return Extractor(name, key, recipe.size, make, "float16")


def run(options: argparse.Namespace) -> pd.DataFrame:
    """Return the table that the options ask for, rounded."""
    if not (options.work / "manifest.csv").exists():
        raise DatasetError(
            f"{options.work} holds no manifest; run training.data.manifest for HAM10000 and ISIC 2019 first."
        )
    manifest = read_manifest(options.work)
    drawn = eight_class_table(manifest, read_truth(options.data), options.per_class, options.seed)
    # Not by training.data.batches: with all features cached, nothing here needs Keras, which takes seconds to import.
    canvas = np.load(options.work / "canvas.npy", mmap_mode="r")
    network, sample = _sample(options, drawn, canvas)
    leaks = combinations_of(options.leaks)
    tables = [demonstrate(sample, leaks, options.per_class, options.seed, network, options.resamples)]
    if not options.recipe and any("lesions" in each for each in leaks):
        tables.append(random_split_row(manifest))
    return pd.concat(tables, ignore_index=True).round(6)


def _sample(options: argparse.Namespace, drawn: pd.DataFrame, canvas: np.ndarray) -> tuple[str, Sample]:
    """Return how the table names the network, and the sample as it sees it."""
    if not options.recipe:
        extractor = frozen_mobilenet(options.weights)
        return extractor.name, open_sample(drawn, canvas, extractor, options.cache, options.mix)
    from training.studies.leakage.fine_tuned import FineTuned

    recipe = load_recipe(options.recipe)
    recipe = dataclasses.replace(recipe, weights=trunk_in(options.weights, recipe.architecture))
    extractor = recipe_trunk(recipe)
    learner = {f"{recipe.name}, head and last block": FineTuned(recipe, LAST_BLOCK[recipe.architecture])}
    sample = open_sample(drawn, canvas, extractor, options.cache, options.mix)
    return extractor.name, dataclasses.replace(sample, classifiers=lambda seed: learner, folds=1)
