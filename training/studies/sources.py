"""Measure which image sets, how many images and which labels are worth learning from: one dense layer per choice.

    python -m training.studies.sources --work runs/data --weights WEIGHTS [--bundle model/bundle]

A dense layer learns from the features of a MobileNetV2 that has seen ImageNet alone, so that a set that is left out
has not been seen at all. Leaves out each set in turn, learns from a share of the lesions, or from validation too, fold
by fold, and counts labels less that nothing has confirmed. A probe says how well the set is told from a photo's
features, and melanoma from the set alone. The manifest needs the five sets of docs/accelerator.md. Judged on
validation; test splits are not read. Writes ``results/sources.csv`` into the bundle.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from model.card import Label, load_card
from model.evaluation.cases import MALIGNANT, Cases, ask, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc, balanced_accuracy, weighted_mean
from training.command import TrainingError, one_sentence
from training.data.balancing import power
from training.data.batches import label_indices
from training.data.label_sets import CODES, UNCONFIRMED
from training.data.provenance import file_sha256, read_manifest, read_table
from training.data.splits import HOME, TRAIN, VALIDATION, learnt_and_validated
from training.fitting.kept_arrays import kept_array
from training.judging.sealing import write_tables
from training.studies.frozen_features import (
    HEAD_STRENGTH,
    SIZE,
    embed,
    fingerprint,
    fit_head,
    frozen_study_parser,
    parse_frozen_study,
)

READ = ("image_id", "lesion_id", "group", "dataset", "label", "confirmation", "canvas_row")  # of the manifest
TABLE = "results/sources.csv"
EVERYTHING = "everything"  # the choice that all others are set against
FOLDS = 5  # of the validation images
SHARES = (0.125, 0.25, 0.5)  # of the lesions, drawn at random, each share part of the next
UNCONFIRMED_WEIGHTS = {"unconfirmed_half": 0.5, "unconfirmed_out": 0.0}
FEATURES = f"features of a MobileNetV2 that has seen ImageNet alone, {SIZE} px"
METRICS = ("balanced_accuracy", "melanoma_auc", "malignant_auc")


@dataclass(frozen=True)
class Choice:
    """What a dense layer learns from.

    Parameters
    ----------
    study : str
        "sets", "images" or "labels".
    learnt : str
        `EVERYTHING`, "without", "alone", "share" or a key of `UNCONFIRMED_WEIGHTS`.
    of : str
        The image set or the share; empty otherwise.
    weights : ndarray, float, shape (n,), range [0, 1]
        Factor on how often each training image is drawn; 0 leaves it out.
    """

    study: str
    learnt: str
    of: str
    weights: np.ndarray


def choices(train: pd.DataFrame) -> list[Choice]:
    """Return all choices, the first with every training image.

    Parameters
    ----------
    train : DataFrame
        dataset, lesion_id, confirmation of the n training images.
    """
    found = [Choice("sets", EVERYTHING, "", np.ones(len(train)))]
    for name in sorted(train.dataset.unique()):
        its = (train.dataset == name).to_numpy(float)
        found.append(Choice("sets", "without", name, 1 - its))
        if name == HOME:
            found.append(Choice("sets", "alone", name, its))
    lesions = np.random.default_rng(0).permutation(train.lesion_id.unique())
    for share in SHARES:
        kept = train.lesion_id.isin(lesions[: round(share * len(lesions))])
        found.append(Choice("images", "share", f"{100 * share:g} %", kept.to_numpy(float)))
    unconfirmed = train.confirmation.isin(UNCONFIRMED)  # images of sets that do not say stay as they are
    for name, weight in UNCONFIRMED_WEIGHTS.items():
        found.append(Choice("labels", name, "", np.where(unconfirmed, weight, 1.0)))
    return found


def fit_choice(features: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a dense layer and return what gives the classes' probabilities, shape (k, classes), to other features.

    Scaling is of the used images, so that nothing is known of others. A class is drawn as often whatever the weights
    are within it. The regularisation is that of all n images, or fewer images would also mean a smaller layer.

    Parameters
    ----------
    features : ndarray, float32, shape (n, channels)
    labels : ndarray of int, shape (n,)
    weights : ndarray, shape (n,), range [0, 1]
    """
    used = weights > 0
    mean, deviation = features[used].mean(axis=0), features[used].std(axis=0) + 1e-6
    balance, known = power(labels[used], len(CODES)), labels[used]
    draws = balance.draws * weights[used]
    lost = np.bincount(known, balance.draws, len(CODES)) / np.maximum(np.bincount(known, draws, len(CODES)), 1e-9)
    balance = replace(balance, draws=draws * lost[known])
    head = fit_head((features[used] - mean) / deviation, known, balance, len(labels))

    def answer(asked: np.ndarray) -> np.ndarray:
        given = np.zeros((len(asked), len(CODES)))
        given[:, head.classes_] = head.predict_proba((asked - mean) / deviation)  # some choices lack a class
        return given

    return answer


def figures(cases: Cases, weights: np.ndarray | None = None) -> np.ndarray:
    """Return `METRICS` for every weighting, shape (r, metrics)."""
    melanoma, malignant = ask(cases, "mel"), ask(cases, MALIGNANT)
    areas = [auc(question.truth, question.score, weights) for question in (melanoma, malignant)]
    return np.stack([balanced_accuracy(cases, weights), *areas], axis=1)


def judge(cases: Cases, reference: Cases, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return metric, value, difference to the reference on the same images, their intervals by lesion, and n."""

    def measured(weights: np.ndarray | None = None) -> np.ndarray:
        own, other = figures(cases, weights), figures(reference, weights)
        return np.stack([own, own - other], axis=2)

    value, difference = measured()[0].T
    bounds = percentile_interval(bootstrap(measured, cases.lesions, np.random.default_rng(0), resamples))
    (low, difference_low), (high, difference_high) = (bound.T for bound in bounds)
    return pd.DataFrame(
        {
            "metric": METRICS, "value": value, "low": low, "high": high, "difference": difference,
            "difference_low": difference_low, "difference_high": difference_high, "n_images": len(cases.targets),
            "n_lesions": len(np.unique(cases.lesions)), "interval": bootstrap_name(resamples),
        }
    ).round(6)  # fmt: skip


def study(
    features: np.ndarray, train: pd.DataFrame, held_out: np.ndarray, judged: pd.DataFrame,
    classes: tuple[Label, ...], resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Fit a dense layer for every choice and judge it on every set's validation images.

    Parameters
    ----------
    features, held_out : ndarray, float32, shape (n, channels) and (k, channels)
        Of the training images and of those that judge.
    train, judged : DataFrame
        image_id, lesion_id, group, dataset, label of these images; ``train`` also confirmation.
    classes : tuple of Label
    resamples : int

    Returns
    -------
    DataFrame
        study, learnt, of, dataset, split, train_images, features and the columns of `judge`; two rows are probes.
    """
    labels = label_indices(train.label, CODES)
    tables: list[pd.DataFrame] = []
    reference: dict[str, Cases] = {}
    for choice in choices(train):
        if len(np.unique(labels[choice.weights > 0])) < 2:
            print(f"{choice.learnt} {choice.of}: fewer than two classes, left out", flush=True)
            continue
        given = fit_choice(features, labels, choice.weights)(held_out)
        used = int((choice.weights > 0).sum())
        about = {"study": choice.study, "learnt": choice.learnt, "of": choice.of, "train_images": used}
        tables += _judged(given, judged, classes, reference, resamples, about)
        print(f"{choice.learnt} {choice.of}: {used:,} images", flush=True)
    answers = out_of_fold(features, labels, held_out, judged)
    tables += _judged(answers, judged, classes, reference, resamples, {
        "study": "images", "learnt": "every", "of": f"{FOLDS}",
        "train_images": round(len(train) + len(judged) * (1 - 1 / FOLDS)),
    })  # fmt: skip
    tables.append(probes(features, train, held_out, judged, resamples))
    table = pd.concat(tables, ignore_index=True).assign(split=VALIDATION, features=FEATURES)
    first = ["study", "learnt", "of", "dataset", "split"]
    return table[first + [name for name in table if name not in first]]


def _judged(
    given: np.ndarray, judged: pd.DataFrame, classes: tuple[Label, ...], reference: dict[str, Cases], resamples: int,
    about: dict,
) -> list[pd.DataFrame]:  # fmt: skip
    """Return a table a set; the first answers of a set become its reference."""
    columns = pd.DataFrame(given, columns=[f"p_{label.code}" for label in classes], index=judged.index)
    tables = []
    for name, part in pd.concat([judged, columns], axis=1).groupby("dataset"):
        cases = read_cases(part, classes)
        found = judge(cases, reference.setdefault(str(name), cases), resamples)
        tables.append(found.assign(**about, dataset=name))
    return tables


def out_of_fold(features: np.ndarray, labels: np.ndarray, held_out: np.ndarray, judged: pd.DataFrame) -> np.ndarray:
    """Return probabilities of layers that also learn from the other folds' validation images, shape (k, classes).

    What training on every image would bring: no layer sees a lesion or near-duplicate of the images that it answers.
    """
    own, answers = label_indices(judged.label, CODES), np.zeros((len(judged), len(CODES)))
    for learnt, asked in GroupKFold(FOLDS, shuffle=True, random_state=0).split(held_out, groups=judged.group):
        seen = np.concatenate([features, held_out[learnt]])
        answer = fit_choice(seen, np.concatenate([labels, own[learnt]]), np.ones(len(seen)))
        answers[asked] = answer(held_out[asked])
    return answers


def probes(
    features: np.ndarray, train: pd.DataFrame, held_out: np.ndarray, judged: pd.DataFrame, resamples: int
) -> pd.DataFrame:
    """Return how well the set is told from a photo's features, and melanoma from the set alone, a row each.

    Of the sets that validation has, because the others have no image to judge on. Parameters as `study`.
    """
    known = train.dataset.isin(judged.dataset.unique()).to_numpy()
    learnt, sets = train[known], judged.dataset.to_numpy()
    scaler = StandardScaler().fit(features[known])
    head = LogisticRegression(C=HEAD_STRENGTH, max_iter=200, tol=1e-3, class_weight="balanced")
    head.fit(scaler.transform(features[known]), learnt.dataset)
    right = head.predict(scaler.transform(held_out)) == sets
    names, lesions = np.unique(sets), pd.factorize(judged.lesion_id)[0]
    share = (learnt.label == "mel").groupby(learnt.dataset).mean()
    melanoma, score = (judged.label == "mel").to_numpy(), judged.dataset.map(share).to_numpy()

    def measured(weights: np.ndarray) -> np.ndarray:
        told = [weighted_mean(right[sets == name], weights[:, sets == name]) for name in names]
        return np.stack([np.mean(told, axis=0), auc(melanoma, score, weights)], axis=1)

    low, high = percentile_interval(bootstrap(measured, lesions, np.random.default_rng(0), resamples))
    return pd.DataFrame(
        {
            "study": "probe", "learnt": ["set", "melanoma"], "of": "", "dataset": "+".join(names),
            "metric": ["balanced_accuracy", "melanoma_auc"], "value": measured(np.ones((1, len(judged))))[0],
            "low": low, "high": high, "n_images": len(judged), "n_lesions": len(np.unique(lesions)),
            "train_images": int(known.sum()), "interval": bootstrap_name(resamples),
        }
    ).round(6)  # fmt: skip


def run(work: Path, weights: str, bundle: Path, cache: Path, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Embed training and validation images, study every choice, write the table and seal the bundle.

    Raises
    ------
    TrainingError
        If the manifest has images of one set alone, an image twice, or lacks a column.
    """
    manifest = read_manifest(work)
    missing = [name for name in READ if name not in manifest]
    if missing:
        raise TrainingError(f"{work / 'manifest.csv'} lacks {', '.join(missing)}; run training.data.manifest again.")
    images = learnt_and_validated(manifest, read_table(bundle / "dataset" / "splits.csv"))
    if images.image_id.duplicated().any():
        raise TrainingError(f"{work / 'manifest.csv'} has an image more than once; run training.data.manifest again.")
    images = images.assign(lesion_id=images.lesion_id.fillna(images.image_id))
    train, judged = (images[images.split == name].reset_index(drop=True) for name in (TRAIN, VALIDATION))
    if min(train.dataset.nunique(), judged.dataset.nunique()) < 2:
        raise TrainingError(
            f"{work} has training or validation images of one set alone; read several with training.data.manifest."
        )
    origin = ("mobilenetv2", fingerprint(weights), file_sha256(work / "manifest.csv"), SIZE)

    def features(rows: np.ndarray) -> np.ndarray:
        return kept_array(cache, (*origin, rows), lambda: embed(work, rows, weights, SIZE))

    table = study(
        features(train.canvas_row.to_numpy()), train, features(judged.canvas_row.to_numpy()), judged,
        load_card(bundle).labels, resamples,
    )  # fmt: skip
    write_tables(bundle, {TABLE: table})
    return table


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    options = parse_frozen_study(frozen_study_parser(__doc__), arguments)
    table = run(options.work, options.weights, options.bundle, options.cache, options.resamples)
    print(f"wrote {len(table)} rows to {options.bundle / TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
