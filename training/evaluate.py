"""Fourth command: judge the packed bundle through the very code that answers in the browser.

    python -m training.evaluate runs/RECIPE [--bundle model/bundle]
    python -m training.evaluate --tables [--bundle model/bundle]
    python -m training.evaluate --smoke

Validation is scored first, by last layers that have not learnt from the image, and fixes the operating points; then
the internal test and every external set are scored, once per released model: the card records when, and a second
opening must be asked for with --reopen.
With --tables no photo is read: thresholds, decision rule, sets and tables are made again from the stored predictions.
"""

import argparse
import datetime
import io
import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from model.answer.decision import offsets
from model.card import Card, load_card
from model.errors import PhotoError
from model.evaluation.cases import MALIGNANT
from model.evaluation.confusion import confusion_table
from model.evaluation.decisions.abstention import measure_abstention
from model.evaluation.decisions.decision_rules import BALANCED_RULE, measure_rules
from model.evaluation.decisions.evidence import measure_answers
from model.evaluation.decisions.operating_points import OperatingPoint
from model.evaluation.decisions.prediction_sets import measure_sets
from model.evaluation.stored import stored_curves, stored_reliability, stored_subgroups
from model.evaluation.summary import summarise
from model.evaluation.tables import load_table
from model.photo.image import read_file, read_photo
from model.pipeline import Analyser
from model.preprocess import to_tensor
from training.bundle import HUMAN_PART
from training.command import TrainingError, one_sentence
from training.data.provenance import git_commit, read_manifest
from training.data.splits import EXTERNAL, INTERNAL_TEST, TRAIN, VALIDATION
from training.fitting.last_layer import Folds, read_folds
from training.judging.comparison_rows import named_by_rule
from training.judging.decisions import fit_decision, measure_operating_points, training_shares
from training.judging.patients_measured import informed_tables
from training.judging.sealing import SMOKE_BUNDLE, write_json, write_tables
from training.judging.trained_run import learnt_sets, load_run, parse_run_and_bundle

CONSISTENCY_PHOTOS = 200  # of each set
SUBGROUP_POINTS = ("melanoma, high sensitivity", "malignant, balanced")  # one a subject: six would be read by nobody
METADATA = ["age", "sex", "site", "confirmation", "skin_tone"]


def judged_images(run: Path) -> pd.DataFrame:
    """Return the images to judge: validation, internal test, and every set that the model was not trained on.

    Of an outside set, images that share a near-duplicate group with training or validation are left out.
    """
    _, record, used = load_run(run)
    work = Path(record["work"])
    every = read_manifest(work)
    learnt = set(used.dataset).union(*(learnt_sets(stage) for stage in (*record["stages"], record)))
    outside = every[~every.dataset.isin(learnt) & every.label.isin(used.label.unique())]
    seen = used.group[used.split.isin([TRAIN, VALIDATION])]
    outside = outside[~outside.group.isin(seen)].assign(split=EXTERNAL)
    return pd.concat([used[used.split.isin([VALIDATION, INTERNAL_TEST])], outside], ignore_index=True)


def predict(analyser: Analyser, images: pd.DataFrame, folds: Folds | None = None) -> pd.DataFrame:
    """Return one row an image: identity, label, metadata and the calibrated probabilities the product gives.

    With ``folds``, those that it would give with a last layer that has not learnt from the image.
    """
    found = product_answers(analyser, images) if folds is None else unseen_answers(analyser, images, folds)
    answers = list(tqdm(found, total=len(images), desc="scoring", unit=" photos"))
    kept = [place for place, answer in enumerate(answers) if answer is not None]
    if len(kept) < len(answers):
        print(f"{len(answers) - len(kept):,} of {len(answers):,} images could not be assessed", file=sys.stderr)
    columns = ["image_id", "lesion_id", "dataset", "split", "label", *METADATA]
    identity = images.iloc[kept].reindex(columns=columns).reset_index(drop=True)
    names = [f"p_{code}" for code in analyser.card.codes]
    probabilities = pd.DataFrame([answers[place] for place in kept], columns=names).round(6)
    return pd.concat([identity, probabilities], axis=1)


def product_answers(analyser: Analyser, images: pd.DataFrame) -> Iterator[np.ndarray | None]:
    """Yield the probabilities of each image, None for one that cannot be assessed."""
    for scored in analyser.score(images.path):
        yield scored.prediction.probabilities if scored.prediction else None


def unseen_answers(analyser: Analyser, images: pd.DataFrame, folds: Folds) -> Iterator[np.ndarray | None]:
    """Yield what `product_answers` would, with the layers of ``folds`` in the place of the network's last."""
    for image_id, path in zip(images.image_id, images.path, strict=True):
        try:
            tensor = to_tensor(read_photo(read_file(Path(path))).pixels, analyser.card.size)
        except PhotoError:
            yield None
            continue
        pooled = analyser.classifier.run(tensor, features=False).pooled
        [prediction] = analyser.classifier.predictions(folds.logits(pooled, [image_id]))
        yield prediction.probabilities


def half_size_difference(analyser: Analyser, images: pd.DataFrame) -> dict:
    """Return how far the answer moves when a photo is saved at half its size.

    Returns
    -------
    dict
        compared, split, and sets: of each set n_images, mean_difference (over photos, of the absolute difference of
        each class's probability) and the largest of these.
    """
    return {
        "compared": "each photo and the same photo at half its size",
        "split": INTERNAL_TEST,
        "sets": {str(name): _moved(analyser, list(part.path)) for name, part in images.groupby("dataset")},
    }


def _moved(analyser: Analyser, paths: list[str]) -> dict:
    differences = []
    for path in paths:
        buffer = io.BytesIO()
        try:
            whole = analyser.analyse(read_file(Path(path)))
            Image.fromarray(whole.photo.pixels).reduce(2).save(buffer, "PNG")
            half = analyser.analyse(buffer.getvalue())
        except PhotoError:  # unreadable, or too small at half its size
            continue
        differences.append(np.abs(whole.prediction.probabilities - half.prediction.probabilities))
    if not differences:
        return {"n_images": 0, "mean_difference": {}, "largest": None}
    mean = np.mean(differences, axis=0)
    return {
        "n_images": len(differences),
        "mean_difference": {code: round(float(d), 4) for code, d in zip(analyser.card.codes, mean, strict=True)},
        "largest": round(float(mean.max()), 4),
    }


def _few_of_each_set(images: pd.DataFrame) -> pd.DataFrame:
    ordered = images.sort_values("image_id").sample(frac=1, random_state=2018)
    return ordered.groupby("dataset").head(CONSISTENCY_PHOTOS)


def _folds_of(run: Path, card: Card) -> Folds | None:
    """Return the run's folds; refuse a bundle that was packed from another run."""
    record = load_run(run)[1]
    if card.raw["built"].get("last_layer") != record.get("last_layer"):
        raise TrainingError(f"The bundle was not packed from {run}; run training.bundle again.")
    return read_folds(run, record)


def tables_of(predictions: pd.DataFrame, card: Card, fitted: dict) -> dict[str, pd.DataFrame]:
    """Return every results table that follows from the predictions, by file name without its ending."""
    random, labels, named = partial(np.random.default_rng, 2018), card.labels, fitted["thresholds"]
    points = [OperatingPoint(p["name"], p["subject"], p["value"], p["chosen_for"], p["role"]) for p in named]
    shown = [point for point in named if point["name"] in SUBGROUP_POINTS]
    metrics = summarise(predictions, labels, random())
    rules = with_published_intervals(measure_rules(predictions, card, offsets(card), random()), metrics)
    return {
        "metrics": metrics.round(6),
        "confusion": confusion_table(predictions, labels),
        "curves": stored_curves(predictions, labels, random()).round(5),
        "operating_points": measure_operating_points(predictions, card, points).round(6),
        "reliability": stored_reliability(predictions, labels, card.temperature, random()).round(6),
        "subgroups": stored_subgroups(predictions, labels, shown, random()).round(6),
        "decision_rules": rules.round(6),
        "prediction_sets": measure_sets(predictions, card, fitted["prediction_sets"]["levels"], random()).round(6),
        "abstention": measure_abstention(predictions, card, offsets(card), random()).round(6),
        "answers_like_this": measure_answers(predictions, card).round(6),
        **{name: table.round(6) for name, table in informed_tables(predictions, card, random()).items()},
    }


def with_published_intervals(rules: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rules' table with the intervals of ``metrics`` for what the balanced rule gives: one on all pages."""
    keys, ends = ["dataset", "split", "metric", "subject"], ["low", "high"]
    there = rules[keys].merge(metrics[[*keys, *ends]], "left", on=keys)[ends].set_axis(rules.index)
    same = (rules["rule"] == BALANCED_RULE) & there.notna().all(axis=1)
    return rules.assign(**{end: there[end].where(same, rules[end]) for end in ends})


def rewrite_tables(bundle: Path) -> pd.DataFrame:
    """Fit what the card keeps and make the tables again from a bundle's stored predictions; return the metrics."""
    return _write(bundle, load_table(load_card(bundle), "results/predictions.csv"), {})


def evaluate(run: Path, bundle: Path) -> pd.DataFrame:
    """Score, measure and write every results table of a bundle; return the metrics."""
    analyser, images = Analyser(bundle), judged_images(run)
    held_out = images.split == VALIDATION  # first: it fixes the operating points
    folds = _folds_of(run, analyser.card)
    parts = [predict(analyser, images[held_out], folds), predict(analyser, images[~held_out])]
    predictions = pd.concat(parts, ignore_index=True)
    test = _few_of_each_set(images[images.split == INTERNAL_TEST])
    raw = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    entries = {
        "input": raw["input"] | {"scale_consistency": half_size_difference(analyser, test)},
        "evaluation": {
            "internal_test_opened": raw.get("evaluation", {}).get("internal_test_opened", 0) + 1,
            "date": datetime.date.today().isoformat(),
            "git_commit": git_commit(),
        },
    }
    return _write(bundle, predictions, entries)


def _write(bundle: Path, predictions: pd.DataFrame, entries: dict) -> pd.DataFrame:
    """Fit on the validation rows, then write card and tables; return the metrics."""
    card, predictions = load_card(bundle), predictions.drop(columns="named", errors="ignore")  # by another rule
    fitted = fit_decision(predictions[predictions.split == VALIDATION], card, training_shares(card))
    raw = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    human = {"human": json.loads(HUMAN_PART.read_text(encoding="utf-8"))}
    write_json(bundle / "card.json", raw | fitted | entries | human)
    card = load_card(bundle)
    predictions = named_by_rule(predictions, card)
    tables = tables_of(predictions, card, fitted)
    tables |= {"predictions": predictions}
    write_tables(bundle, {f"results/{name}.csv": table for name, table in tables.items()})
    return tables["metrics"]


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reopen", action="store_true", help="judge a bundle again whose test was opened before")
    parser.add_argument(
        "--tables", action="store_true", help="read no photo, make the tables again from predictions.csv"
    )
    options = parse_run_and_bundle(parser, arguments, smoke=f"judge {SMOKE_BUNDLE}", without_run="tables")
    run, bundle = options.run, options.bundle
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
