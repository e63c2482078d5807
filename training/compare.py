"""Compare every trained recipe with the bundled model: same test images, same measures, one row a recipe.

    python -m training.compare [--runs runs] [--bundle model/bundle]
    python -m training.compare --published OLD/comparison.csv       keep what it has of recipes that have no run here
    python -m training.compare --before BUNDLE ...                  earlier releases too: is this one better?

All are judged on the same images, the HAM10000 internal test of the bundle's split table; a run that has seen a
lesion of it, or does not answer all of it, is refused. Writes ``results/comparison.csv``, the training curves in
``comparison_history.csv``, in ``comparison_answers.csv`` every answer that the rows of recipes are made of, and in
``comparison_classes.csv`` AUC and sensitivity of each class. The
bundled model's row is made of its published predictions, calibrated, and so are those of earlier releases; all other
rows are uncalibrated softmax outputs. ``milliseconds`` is the median time of one photo, without decoding and without
further views, through each saved network: measured here and now, one after the other.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from model.card import Card, load_card
from model.evaluation.intervals import RESAMPLES
from training.command import at_least, one_sentence
from training.data.provenance import read_table
from training.data.splits import HOME, INTERNAL_TEST
from training.judging.comparison_rows import (
    COLUMNS,
    bundle_row,
    by_class,
    differences,
    earlier_row,
    figures,
    history_of,
    named_by_rule,
    run_row,
)
from training.judging.earlier_comparison import (
    ANSWERS,
    CLASSES,
    COMPARISON,
    HISTORY,
    answers_of,
    as_stored,
    stored_answers,
    with_published,
)
from training.judging.label_map import Mapped, map_labels
from training.judging.sealing import write_tables
from training.judging.trained_run import check_unseen, is_trained, read_run
from training.recipe import RecipeError, load_recipe, recipe_names


def bundled(bundle: Path) -> tuple[Card, pd.DataFrame, Mapped]:
    """Return the bundled model's card, the test images and its published answers to them."""
    card, splits = load_card(bundle), read_table(bundle / "dataset" / "splits.csv")
    test = splits[(splits.dataset == HOME) & (splits.split == INTERNAL_TEST)].reset_index(drop=True)
    published = read_table(bundle / "results" / "predictions.csv")
    published = published[(published.dataset == HOME) & (published.split == INTERNAL_TEST)]
    return card, test, map_labels(named_by_rule(published, card), test, "seven", card.labels)


def compare(
    runs: Path, bundle: Path, names: Sequence[str], resamples: int = RESAMPLES, before: Sequence[Path] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judge the bundled model, every trained recipe and the bundles released ``before``.

    Returns
    -------
    comparison, history, answers : DataFrame

    Raises
    ------
    RunError, LabelMapError
        If a run must not be or cannot be judged.
    """
    card, test, reference = bundled(bundle)
    read = {name: read_run(runs / name) for name in names}
    for run in read.values():  # all of them before any is judged: that takes minutes
        check_unseen(run, test)
    rows = [bundle_row(card, reference, resamples)]
    curves = [history_of(card.model_id, bundle / "results" / "history.csv")]
    answers = [pd.DataFrame(columns=["recipe", "image_id"])]
    for name, run in read.items():
        judged = as_stored(map_labels(run.predictions, test, run.label_set, card.labels))
        answers.append(answers_of(name, judged))
        rows.append(run_row(name, run, judged, reference, resamples))
        curves.append(history_of(name, runs / name / "history.csv"))
    rows += [earlier_row(earlier, test, reference, resamples) for earlier in before]
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table["milliseconds"] = table.milliseconds.astype(float).round(1)
    return table.round(6), pd.concat(curves, ignore_index=True), pd.concat(answers, ignore_index=True)


def classes_of(bundle: Path, answers: pd.DataFrame, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return AUC and sensitivity of each class: of the bundled model first, then of every recipe in ``answers``."""
    card, test, reference = bundled(bundle)
    tables = [by_class(card.model_id, reference, resamples, card)]
    for name in dict.fromkeys(answers.recipe):
        tables.append(by_class(name, stored_answers(answers, name, test, card.labels), resamples))
    return pd.concat(tables, ignore_index=True).round(6)


def _family(name: str) -> str:
    try:
        return load_recipe(name).family
    except RecipeError:  # a release, or a recipe that is no longer there
        return ""


def sort_out(runs: Path, names: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return which recipes can be compared, which are not trained, and which learn from other sets alone."""
    trained = [name for name in names if is_trained(runs / name)]
    elsewhere = [name for name in trained if HOME not in read_run(runs / name).recipe["datasets"]]
    return [name for name in trained if name not in elsewhere], sorted(set(names) - set(trained)), elsewhere


def own_recipes(built: dict) -> set[str]:
    """Return the recipes that the bundle itself was made by, one a stage, but not networks that it joins."""
    recipes = [stage["recipe"] for stage in (*built.get("stages", []), built)]
    names = {recipe["name"] if isinstance(recipe, dict) else recipe for recipe in recipes}
    return names - set(members_of(built))


def members_of(built: dict) -> tuple[str, ...]:
    """Return the recipes whose networks the bundle joins: their AUCs show what the ensemble gave, without its rule."""
    return tuple(built["recipe"].get("members", ())) if isinstance(built["recipe"], dict) else ()


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder with a run folder for each recipe")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--resamples", type=at_least(1, int), default=RESAMPLES, help="of each bootstrap")
    parser.add_argument(
        "--published", type=Path, help="an earlier comparison.csv: keep its rows of what has no run here"
    )
    parser.add_argument("--before", type=Path, nargs="+", default=[], help="bundles of earlier releases")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return _compare(options)


def _compare(options: argparse.Namespace) -> int:
    built = load_card(options.bundle).raw["built"]
    names = [name for name in recipe_names() if name not in own_recipes(built)]
    from training.judging.predictions import write_missing_predictions

    write_missing_predictions(options.runs, names)
    trained, missing, elsewhere = sort_out(options.runs, names)
    tables = compare(options.runs, options.bundle, trained, options.resamples, options.before)
    if options.published:
        card, test, reference = bundled(options.bundle)

        def judge(answers: pd.DataFrame, name: str) -> dict:
            judged = stored_answers(answers, name, test, card.labels)
            return figures(judged, options.resamples) | differences(judged, reference, options.resamples)

        tables = with_published(*tables, options.published, missing, judge)
        missing = sorted(set(missing) - set(tables[0].recipe))
    table = tables[0].assign(family=[_family(name) for name in tables[0].recipe])
    written = zip((COMPARISON, HISTORY, ANSWERS), (table, *tables[1:]), strict=True)
    classes = classes_of(options.bundle, tables[2], options.resamples)
    write_tables(options.bundle, {f"results/{name}": made for name, made in (*written, (CLASSES, classes))})
    print(table[["recipe", "balanced_accuracy", "melanoma_auc", "malignant_auc"]].round(3).to_string(index=False))
    if missing:
        print(f"not trained, so not in the table: {', '.join(missing)}")
    if elsewhere:
        print(f"trained and judged on other sets than {HOME}, so not in the table: {', '.join(elsewhere)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
