"""Fourth command: judge the packed bundle through the very code that answers in the browser.

    python -m training.evaluate runs/RECIPE [--bundle model/bundle]
    python -m training.evaluate --tables [--bundle model/bundle]
    python -m training.evaluate --smoke

Validation is scored first and fixes the operating points; then the internal test and every external set are
scored, once per released model: the card records when, and a second opening must be asked for with --reopen.
With --tables no photo is read: the tables are made again from the stored predictions and the card's thresholds.
"""

import argparse
import datetime
import io
import json
import os
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from model.card import Card, load_card
from model.evaluation.cases import MALIGNANT, ask, read_cases
from model.evaluation.confusion import confusion_table
from model.evaluation.intervals import rate_interval
from model.evaluation.operating_points import (
    OperatingPoint,
    balanced_threshold,
    threshold_for_sensitivity,
    threshold_for_specificity,
)
from model.evaluation.stored import stored_curves, stored_reliability, stored_subgroups
from model.evaluation.summary import summarise, two_way_rates
from model.evaluation.tables import load_table
from model.pipeline import Analyser
from training.bundle import SMOKE_BUNDLE, seal, write_json
from training.calibrate import SMOKE_RUN, load_run
from training.command import one_sentence
from training.informed import informed_tables
from training.splits import EXTERNAL, INTERNAL_TEST, TRAIN, VALIDATION
from training.train import git_commit

CONSISTENCY_PHOTOS = 50
METADATA = ["age", "sex", "site", "confirmation", "skin_tone"]


def judged_images(run: Path) -> pd.DataFrame:
    """Return the images to judge: validation, internal test, and every set that the model was not trained on.

    Of an outside set, images that share a near-duplicate group with training or validation are left out.
    """
    _, record, used = load_run(run)
    work = Path(record["work"])
    every = pd.read_csv(work / "manifest.csv")
    outside = every[~every.dataset.isin(used.dataset.unique()) & every.label.isin(used.label.unique())]
    seen = used.group[used.split.isin([TRAIN, VALIDATION])]
    outside = outside[~outside.group.isin(seen)].assign(split=EXTERNAL)
    return pd.concat([used[used.split.isin([VALIDATION, INTERNAL_TEST])], outside], ignore_index=True)


def predict(analyser: Analyser, images: pd.DataFrame) -> pd.DataFrame:
    """Return one row an image: identity, label, metadata and the calibrated probabilities the product gives."""
    scored = tqdm(analyser.score(images.path), total=len(images), desc="scoring", unit=" photos")
    answers = [answer.prediction.probabilities if answer.prediction else None for answer in scored]
    kept = [place for place, answer in enumerate(answers) if answer is not None]
    if len(kept) < len(answers):
        print(f"{len(answers) - len(kept):,} of {len(answers):,} images could not be assessed", file=sys.stderr)
    columns = ["image_id", "lesion_id", "dataset", "split", "label", *METADATA]
    identity = images.iloc[kept].reindex(columns=columns).reset_index(drop=True)
    names = [f"p_{code}" for code in analyser.card.codes]
    probabilities = pd.DataFrame([answers[place] for place in kept], columns=names).round(6)
    return pd.concat([identity, probabilities], axis=1)


def choose_operating_points(validation: pd.DataFrame, card: Card) -> list[OperatingPoint]:
    """Return the named thresholds, chosen on validation predictions alone."""
    cases = read_cases(validation, card.labels)
    melanoma, malignant = ask(cases, "mel"), ask(cases, MALIGNANT)
    return [
        OperatingPoint(
            "melanoma, 95 % sensitivity",
            "mel",
            threshold_for_sensitivity(melanoma.truth, melanoma.score, 0.95),
            "the highest threshold that finds 95 % of validation melanomas",
        ),
        OperatingPoint(
            "malignant, balanced",
            MALIGNANT,
            balanced_threshold(malignant.truth, malignant.score),
            "the highest sum of sensitivity and specificity on validation",
        ),
        OperatingPoint(
            "malignant, confirm",
            MALIGNANT,
            threshold_for_specificity(malignant.truth, malignant.score, 0.95),
            "the lowest threshold that spares 95 % of benign validation images",
        ),
    ]


def measure_operating_points(predictions: pd.DataFrame, card: Card, points: list[OperatingPoint]) -> pd.DataFrame:
    """Return sensitivity, specificity and predictive values of each point in each set, with intervals."""
    rows = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, card.labels)
        for point in points:
            question = ask(cases, point.subject)
            if not question.answerable:
                continue
            for metric, rate in two_way_rates(question.truth, question.score >= point.threshold).items():
                lesions = question.lesions[rate.rows]
                low, high = rate_interval(rate.hits, lesions)
                rows.append(
                    {
                        "dataset": dataset, "split": split, "point": point.name, "subject": point.subject,
                        "threshold": round(point.threshold, 6), "metric": metric, "value": rate.hits.mean(),
                        "low": low, "high": high, "n_images": len(rate.rows), "n_lesions": len(np.unique(lesions)),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def half_size_difference(analyser: Analyser, paths: list[str]) -> dict:
    """Return how far the answer moves when a photo is saved at half its size.

    The mean over photos of the absolute difference of each class's probability; the largest of the classes.
    """
    from PIL import Image

    differences = []
    for path in paths:
        with Image.open(path) as photo:
            small, buffer = photo.reduce(2), io.BytesIO()
        small.save(buffer, "PNG")
        answers = [analyser.analyse(data).prediction for data in (Path(path).read_bytes(), buffer.getvalue())]
        differences.append(np.abs(answers[0].probabilities - answers[1].probabilities))
    mean = np.mean(differences, axis=0)
    return {
        "compared": "each photo and the same photo at half its size",
        "split": INTERNAL_TEST,
        "n_images": len(paths),
        "mean_difference": {code: round(float(d), 4) for code, d in zip(analyser.card.codes, mean, strict=True)},
        "largest": round(float(mean.max()), 4),
    }


def tables_of(predictions: pd.DataFrame, card: Card, points: list[OperatingPoint]) -> dict[str, pd.DataFrame]:
    """Return every results table that follows from the predictions, by file name without its ending."""
    random, labels = partial(np.random.default_rng, 2018), card.labels
    named = [{"name": point.name, "subject": point.subject, "value": point.threshold} for point in points]
    return {
        "metrics": summarise(predictions, labels, random()).round(6),
        "confusion": confusion_table(predictions, labels),
        "curves": stored_curves(predictions, labels, random()).round(5),
        "operating_points": measure_operating_points(predictions, card, points).round(6),
        "reliability": stored_reliability(predictions, labels, card.temperature, random()).round(6),
        "subgroups": stored_subgroups(predictions, labels, named, random()).round(6),
        **{name: table.round(6) for name, table in informed_tables(predictions, card, random()).items()},
    }


def write_tables(tables: dict[str, pd.DataFrame], bundle: Path) -> None:
    """Write tables into a bundle's results."""
    for name, table in tables.items():
        table.to_csv(bundle / "results" / f"{name}.csv", index=False)


def rewrite_tables(bundle: Path) -> pd.DataFrame:
    """Make the tables again from the predictions that a bundle stores; return the metrics."""
    card = load_card(bundle)
    stored = card.raw["thresholds"]
    points = [OperatingPoint(point["name"], point["subject"], point["value"], point["chosen_for"]) for point in stored]
    tables = tables_of(load_table(card, "results/predictions.csv"), card, points)
    write_tables(tables, bundle)
    seal(bundle)
    return tables["metrics"]


def evaluate(run: Path, bundle: Path) -> pd.DataFrame:
    """Score, measure and write every results table of a bundle; return the metrics."""
    analyser, images = Analyser(bundle), judged_images(run)
    card = load_card(bundle)
    first = predict(analyser, images[images.split == VALIDATION])
    home = first[first.dataset == card.raw["calibration"]["dataset"]]
    points = choose_operating_points(home, card)
    predictions = pd.concat([first, predict(analyser, images[images.split != VALIDATION])], ignore_index=True)
    tables = tables_of(predictions, card, points)
    write_tables(tables | {"predictions": predictions}, bundle)
    test = images[images.split == INTERNAL_TEST].sort_values("image_id")
    raw = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    raw["thresholds"] = [
        {"name": point.name, "subject": point.subject, "value": point.threshold, "chosen_for": point.chosen_for,
         "fitted_on": VALIDATION} for point in points
    ]  # fmt: skip
    raw["input"]["scale_consistency"] = half_size_difference(analyser, list(test.path[:CONSISTENCY_PHOTOS]))
    raw["evaluation"] = {
        "internal_test_opened": raw.get("evaluation", {}).get("internal_test_opened", 0) + 1,
        "date": datetime.date.today().isoformat(),
        "git_commit": git_commit(),
    }
    write_json(bundle / "card.json", raw)
    seal(bundle)
    return tables["metrics"]


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="folder of the training run that the bundle was made from")
    parser.add_argument("--bundle", type=Path, help="the packed bundle (default model/bundle)")
    parser.add_argument("--reopen", action="store_true", help="judge a bundle again whose test was opened before")
    parser.add_argument(
        "--tables", action="store_true", help="read no photo, make the tables again from predictions.csv"
    )
    parser.add_argument("--smoke", action="store_true", help=f"judge {SMOKE_BUNDLE}")
    options = parser.parse_args(arguments)
    if not (options.run or options.smoke or options.tables):
        parser.error("name the folder of the training run, or give --smoke")
    run = options.run or SMOKE_RUN
    bundle = options.bundle or (SMOKE_BUNDLE if options.smoke else Path("model/bundle"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if load_card(bundle).raw.get("evaluation") and not (options.reopen or options.smoke or options.tables):
        parser.error("this model's test split was opened before; give --reopen if that is meant")
    metrics = rewrite_tables(bundle) if options.tables else evaluate(run, bundle)
    wanted = metrics.metric.isin(["balanced_accuracy", "macro_auc", "ece"]) | (
        (metrics.metric == "auc") & metrics.subject.isin(["mel", MALIGNANT])
    )
    columns = ["dataset", "split", "metric", "subject", "value", "low", "high", "n_images"]
    print(metrics.loc[wanted & (metrics.split != VALIDATION), columns].round(3).to_string(index=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
