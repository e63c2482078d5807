"""Rows of the comparison: what a recipe, the bundled model or an earlier release is, costs and gives."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from model.answer.decision import named_codes
from model.card import Card, load_card
from model.evaluation.cases import ALL, MALIGNANT
from model.evaluation.comparison import RELEASED, paired_differences
from model.evaluation.intervals import RESAMPLES
from model.evaluation.summary import summarise
from training.data.provenance import read_table
from training.data.splits import HOME, INTERNAL_TEST, TRAIN
from training.judging.label_map import MAPPINGS, Mapped, map_labels, to_two
from training.judging.trained_run import RunError, TrainedRun, check_unseen, milliseconds

SEED = 2018
ROUNDED = 2e-6  # tables have six decimals
METRICS = {  # column -> metric and subject in model.evaluation.summary
    "accuracy": ("accuracy", ALL),
    "balanced_accuracy": ("balanced_accuracy", ALL),
    "macro_auc": ("macro_auc", ALL),
    "melanoma_auc": ("auc", "mel"),
    "melanoma_sensitivity": ("sensitivity", "mel"),
    "malignant_auc": ("auc", MALIGNANT),
    "melanoma_nevus_auc": ("auc", "mel_vs_nv"),
    "carcinoma_keratosis_auc": ("auc", "akiec_bcc_vs_bkl"),
    "two_way_accuracy": ("two_way_accuracy", MALIGNANT),
    "ece": ("ece", ALL),
}
TWO_WAY = ("malignant_auc", "two_way_accuracy")  # all that benign against malignant can answer
DIFFERENCES = ("balanced_accuracy", "melanoma_auc", "malignant_auc")
ABOUT = [
    "recipe", "family", "ancestor", "data", "weights", "balancing", "parameters", "size", "epochs", "minutes", "device",
    "milliseconds", "split", "n_images", "n_lesions",
]  # fmt: skip
UNCALIBRATED = "ECE of the uncalibrated softmax"
CURVES = ["recipe", "phase", "epoch", "loss"]


def _with_interval(names: Sequence[str]) -> list[str]:
    return [f"{name}{end}" for name in names for end in ("", "_low", "_high")]


BY_CLASS = ["recipe", "metric", "subject", "value", "low", "high", "n_images", "n_lesions"]
COLUMNS = [
    *ABOUT, *_with_interval(list(METRICS)), *_with_interval([f"{name}_difference" for name in DIFFERENCES]),
    "claimed", "mapping", "note",
]  # fmt: skip


def figures(judged: Mapped, resamples: int = RESAMPLES, card: Card | None = None) -> dict[str, float]:
    """Return every metric that the label set can answer, with low and high: Wilson or bootstrap, both by lesion.

    With the ``card`` of a bundle whose answers these are, figures that it publishes have the interval given there.
    """
    found = _summary(judged, resamples, card).set_index(["metric", "subject"])
    wanted = METRICS if len(judged.labels) > 2 else {name: METRICS[name] for name in TWO_WAY}
    return _cells({name: found.loc[key] for name, key in wanted.items() if key in found.index}, "value")


def by_class(name: str, judged: Mapped, resamples: int = RESAMPLES, card: Card | None = None) -> pd.DataFrame:
    """Return AUC and sensitivity of each of the seven classes; no row for a system with two answers.

    ``n_images`` is that of all images for an AUC, and of the class's for a sensitivity.
    """
    rows = _summary(judged, resamples, card).assign(recipe=name)
    seven = [label.code for label in judged.labels] if len(judged.labels) > 2 else []
    return rows[rows.metric.isin(["auc", "sensitivity"]) & rows.subject.isin(seven)][BY_CLASS]


def _summary(judged: Mapped, resamples: int, card: Card | None = None) -> pd.DataFrame:
    table = judged.table.assign(set="test")
    found = summarise(table, judged.labels, np.random.default_rng(SEED), resamples, ["set"])
    return found if card is None else _as_published(found, card)


def _as_published(found: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Return the figures with the bundle's own intervals where it publishes the same value: one on all pages."""
    keys, ends = ["metric", "subject"], ["value", "low", "high"]
    rows = read_table(card.bundle_dir / "results" / "metrics.csv")
    missing = {"dataset", "split", *keys, *ends} - set(rows)
    if missing:
        raise RunError(f"results/metrics.csv lacks {', '.join(sorted(missing))}; run training.evaluate again.")
    rows = rows[(rows.dataset == HOME) & (rows.split == INTERNAL_TEST)].drop_duplicates(keys).set_index(keys)[ends]
    there = (
        rows.apply(pd.to_numeric, errors="coerce")
        .astype(float)
        .reindex(pd.MultiIndex.from_frame(found[keys]))
        .reset_index()
    )
    same = np.isclose(there["value"], found["value"].astype(float), rtol=0, atol=ROUNDED)
    same &= np.isfinite(there[ends]).all(axis=1) & (there["low"] <= there["high"])
    return found.assign(**{end: np.where(same, there[end], found[end]) for end in ("low", "high")})


def differences(judged: Mapped, reference: Mapped, resamples: int = RESAMPLES) -> dict[str, float]:
    """Return how far a recipe is ahead of the bundled model (below 0: behind) on the same resampled lesions."""
    if len(judged.labels) == 2:
        reference = to_two(reference)
    table = paired_differences(
        judged.table, reference.table, judged.labels, np.random.default_rng(SEED), resamples
    ).set_index(["metric", "subject"])
    wanted = DIFFERENCES if len(judged.labels) > 2 else ("malignant_auc",)
    return _cells({f"{name}_difference": table.loc[METRICS[name]] for name in wanted}, "difference")


def _cells(rows: dict[str, pd.Series], value: str) -> dict[str, float]:
    return {
        f"{n}{end}": row[c] for n, row in rows.items() for end, c in (("", value), ("_low", "low"), ("_high", "high"))
    }


def bundle_row(card: Card, reference: Mapped, resamples: int) -> dict:
    """Return the bundled model's row; its differences to itself stay empty."""
    built, views = card.raw["built"], len(card.views)
    stages = [*built.get("stages", []), built]
    return {
        "recipe": card.model_id,
        "ancestor": "the bundled model",
        "data": _data(built.get("train_datasets", []), built.get("train_images")),
        "weights": built.get("pretrained_weights", ""),
        "balancing": _balancing(built["recipe"]) if isinstance(built["recipe"], dict) else "",
        "parameters": card.raw["weights"].get("parameters"),
        "size": card.size,
        "epochs": sum(stage.get("epochs", 0) for stage in stages),
        "minutes": round(sum(stage.get("minutes", 0) for stage in stages), 1),
        "device": built.get("device", ""),
        "milliseconds": milliseconds(card.bundle_dir / card.raw["weights"]["file"]),
        "mapping": MAPPINGS["seven"],
        "note": "calibrated" + (f"; the mean of {views} views of a photo, timed with one" if views > 1 else ""),
    } | _judged(reference, resamples, card)  # fmt: skip


def named_by_rule(predictions: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Return a bundle's predictions with the class that it names; without a decision rule that is the most probable."""
    return predictions.assign(named=named_codes(predictions[[f"p_{code}" for code in card.codes]].to_numpy(), card))


def earlier_row(bundle: Path, test: pd.DataFrame, reference: Mapped, resamples: int) -> dict:
    """Return the row of an earlier release, set against the bundled model image by image."""
    card, predictions = load_card(bundle), read_table(bundle / "results" / "predictions.csv")
    check_unseen(TrainedRun(bundle, {}, read_table(bundle / "dataset" / "splits.csv"), predictions), test)
    judged = map_labels(named_by_rule(predictions, card), test, "seven", card.labels)
    about = {"recipe": card.release, "ancestor": RELEASED}
    return bundle_row(card, judged, resamples) | about | differences(judged, reference, resamples)


def run_row(name: str, run: TrainedRun, judged: Mapped, reference: Mapped, resamples: int) -> dict:
    """Return a recipe's row."""
    record, recipe, train = run.record, run.recipe, run.splits[run.splits.split == TRAIN]
    stages = [*record.get("stages", []), record]
    sizes = record.get("train_sizes")  # of a GPU, which learns from images that the split table lacks
    learnt = sum(images for images, _ in sizes.values()) if sizes else len(train)
    notes = [UNCALIBRATED] if judged.labels == reference.labels else []
    if judged.unknown:
        notes.append(f"unknown was the most probable answer to {judged.unknown:,} of {len(judged.table):,} images")
    notes += [recipe["note"]] if recipe.get("note") else []
    return {
        "recipe": name,
        "ancestor": recipe.get("ancestor", ""),
        "data": _data(list(sizes or recipe.get("datasets", [])), learnt),
        "weights": record.get("pretrained") or Path(str(recipe.get("weights", ""))).name,
        "balancing": _balancing(recipe),
        "parameters": record.get("parameters"),
        "size": recipe.get("serve_size") or recipe.get("size"),
        "epochs": sum(stage.get("epochs", 0) for stage in stages),
        # Frozen features take longer than the epochs that learn from them.
        "minutes": round(sum(stage.get("wall_minutes", stage.get("minutes", 0)) for stage in stages), 1),
        "device": record.get("device", ""),
        "milliseconds": milliseconds(run.folder / "trained.keras"),
        "claimed": recipe.get("claimed", ""),
        "mapping": MAPPINGS[run.label_set],
        "note": "; ".join(notes),
    } | _judged(judged, resamples) | differences(judged, reference, resamples)  # fmt: skip


def _judged(judged: Mapped, resamples: int, card: Card | None = None) -> dict:
    counts = {"n_images": len(judged.table), "n_lesions": judged.table.lesion_id.nunique()}
    return counts | {"split": INTERNAL_TEST} | figures(judged, resamples, card)


def _data(datasets: Sequence[str], images: int | None) -> str:
    return f"{', '.join(datasets)}: {images:,} training images" if images else ", ".join(datasets)


def _balancing(recipe: dict) -> str:
    options = ", ".join(f"{name} {value}" for name, value in recipe.get("balancing_options", {}).items())
    return f"{recipe.get('balancing', '')} ({options})" if options else recipe.get("balancing", "")


def history_of(name: str, path: Path) -> pd.DataFrame:
    """Return a run's training curve: recipe, phase, epoch, loss and every figure on validation."""
    if not path.exists():
        return pd.DataFrame(columns=CURVES)
    log = pd.read_csv(path)
    phase = log["phase"].fillna("") if "phase" in log else ""  # empty: one phase from the first epoch to the last
    log = log.assign(recipe=name, phase=phase)
    return log[[*CURVES, *(column for column in log if column.startswith("validation_"))]]
