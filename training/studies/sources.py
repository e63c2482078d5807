"""Measure which image sets, how many images and which labels are worth learning from: one dense layer per choice.

    python -m training.studies.sources --work runs/data --weights WEIGHTS [--bundle model/bundle]

A dense layer learns from the features of a MobileNetV2 that has seen ImageNet alone, so that a set that is left out
has not been seen at all. Leaves out each set in turn, learns from parts of the images, and weights labels by how they
were confirmed. A probe says how well the set can be told from a photo's features, and how well melanoma from the set.
Judged on validation; test splits are not read. Writes ``results/sources.csv`` into the bundle.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from model.card import Label, load_card
from model.evaluation.cases import Cases, ask, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc, balanced_accuracy
from training.accelerator.pack import packed_images
from training.command import one_sentence
from training.data.balancing import BALANCING
from training.data.batches import label_indices, weighted_draws
from training.data.label_sets import CODES
from training.data.provenance import file_sha256
from training.data.splits import HOME, TRAIN, VALIDATION
from training.fitting.kept_arrays import kept_array
from training.judging.sealing import write_tables
from training.studies.baseline import SIZE, STRENGTH, embed, fingerprint, fit_head

TABLE = "results/sources.csv"
ALL, ALONE, WITHOUT, PART = "all sets", "{} alone", "without {}", "{:.1%} of the lesions"
PARTS = (0.125, 0.25, 0.5)  # of the lesions, drawn at random, each part of the next
# Weight of an image that histology, confocal microscopy or follow-up have not confirmed.
WEAKER = {"histology counted twice": 0.5, "histology alone": 0.0}
CONFIRMED = ("histo", "histopathology")
FEATURES = f"features of a MobileNetV2 that has seen ImageNet alone, {SIZE} px"


@dataclass(frozen=True)
class Choice:
    """What a dense layer learns from: ``weights`` say how often each training image is drawn, shape (n,)."""

    study: str
    learnt: str
    weights: np.ndarray


def choices(train: pd.DataFrame) -> list[Choice]:
    """Return all choices, the first with every training image.

    Parameters
    ----------
    train : DataFrame
        dataset, lesion_id, confirmation of the n training images.
    """
    found = [Choice("sets", ALL, np.ones(len(train)))]
    for name in sorted(train.dataset.unique()):
        its = (train.dataset == name).to_numpy(float)
        found.append(Choice("sets", WITHOUT.format(name), 1 - its))
        if name == HOME:
            found.append(Choice("sets", ALONE.format(name), its))
    lesions = np.random.default_rng(0).permutation(train.lesion_id.unique())
    for part in PARTS:
        kept = train.lesion_id.isin(lesions[: max(1, round(part * len(lesions)))])
        found.append(Choice("images", PART.format(part), kept.to_numpy(float)))
    unconfirmed = train.confirmation.notna() & ~train.confirmation.isin(CONFIRMED)  # sets that do not say stay
    for name, weight in WEAKER.items():
        found.append(Choice("labels", name, np.where(unconfirmed, weight, 1.0)))
    return found


def figures(cases: Cases, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return each figure of the study for every weighting, shape (r,)."""
    taken = np.ones((1, len(cases.targets))) if weights is None else weights
    found = {"balanced_accuracy": balanced_accuracy(cases, taken)}
    for code in ("mel", "malignant"):
        question = ask(cases, code)
        found["melanoma_auc" if code == "mel" else "malignant_auc"] = auc(question.truth, question.score, taken)
    return found


def judge(cases: Cases, reference: Cases, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return metric, value, difference to the reference on the same images, their intervals by lesion, and n."""

    def measured(weights: np.ndarray | None = None) -> np.ndarray:
        own, other = (np.stack(list(figures(one, weights).values()), axis=1) for one in (cases, reference))
        return np.concatenate([own, own - other], axis=1)

    names = list(figures(cases))
    values = measured()[0]
    low, high = percentile_interval(bootstrap(measured, cases.lesions, np.random.default_rng(0), resamples))
    count = len(names)
    return pd.DataFrame(
        {
            "metric": names, "value": values[:count], "low": low[:count], "high": high[:count],
            "difference": values[count:], "difference_low": low[count:], "difference_high": high[count:],
            "n_images": len(cases.targets), "n_lesions": len(np.unique(cases.lesions)),
            "interval": bootstrap_name(resamples),
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
        image_id, lesion_id, dataset, label of these images; ``train`` also confirmation.
    """
    labels = label_indices(train.label, CODES)
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    seen, asked = (features - mean) / deviation, (held_out - mean) / deviation
    tables: list[pd.DataFrame] = []
    reference: dict[str, Cases] = {}
    for choice in choices(train):
        used = choice.weights > 0
        balance = BALANCING["power"](labels[used], len(CODES), seed=0)
        balance = weighted_draws(balance, choice.weights[used])
        head = fit_head(seen[used], labels[used], balance, int(used.sum()))
        given = np.zeros((len(asked), len(CODES)))
        given[:, head.classes_] = head.predict_proba(asked)  # a part of the images may lack a class
        columns = pd.DataFrame(given, columns=[f"p_{label.code}" for label in classes], index=judged.index)
        answers = pd.concat([judged, columns], axis=1)
        for name, part in answers.groupby("dataset"):
            cases = read_cases(part, classes)
            found = judge(cases, reference.setdefault(str(name), cases), resamples)
            found.insert(0, "study", choice.study)
            found.insert(1, "learnt", choice.learnt)
            tables.append(found.assign(dataset=name, train_images=int(used.sum())))
        print(f"{choice.learnt}: {used.sum():,} images", flush=True)
    tables += probes(seen, train, asked, judged, resamples)
    return pd.concat(tables, ignore_index=True).assign(split=VALIDATION, features=FEATURES)


def probes(
    seen: np.ndarray, train: pd.DataFrame, asked: np.ndarray, judged: pd.DataFrame, resamples: int
) -> list[pd.DataFrame]:
    """Return how well the set is told from standardised features, and melanoma from the set alone, each a row."""
    known = train.dataset.isin(judged.dataset.unique()).to_numpy()  # sets that validation has
    head = LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3, class_weight="balanced")
    right = head.fit(seen[known], train.dataset[known]).predict(asked) == judged.dataset
    sets, lesions = judged.dataset.to_numpy(), pd.factorize(judged.lesion_id)[0]
    names = np.unique(sets)

    def told(weights: np.ndarray) -> np.ndarray:
        return np.mean([(weights * (right & (sets == name)).to_numpy()).sum(1) / (weights * (sets == name)).sum(1)
                        for name in names], axis=0)  # fmt: skip

    share = (train.label == "mel").groupby(train.dataset).mean()
    melanoma, score = (judged.label == "mel").to_numpy(), judged.dataset.map(share).to_numpy()
    rows = []
    for learnt, metric, measured in (
        ("set told from the photo", "balanced_accuracy", told),
        ("melanoma told from the set alone", "melanoma_auc", lambda weights: auc(melanoma, score, weights)),
    ):
        value = measured(np.ones((1, len(judged))))[0]
        sampled = bootstrap(lambda w, f=measured: f(w)[:, None], lesions, np.random.default_rng(0), resamples)
        low, high = (bound[0] for bound in percentile_interval(sampled))
        row = {"study": "probe", "learnt": learnt, "metric": metric, "value": value, "low": low, "high": high,
               "n_images": len(judged), "n_lesions": len(np.unique(lesions)), "dataset": "+".join(names),
               "interval": bootstrap_name(resamples), "train_images": int(known.sum())}  # fmt: skip
        rows.append(pd.DataFrame([row]).round(6))
    return rows


def run(work: Path, weights: str, bundle: Path, cache: Path, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Embed training and validation images, study every choice, write the table and seal the bundle."""
    manifest = pd.read_csv(work / "manifest.csv", low_memory=False)
    images = packed_images(manifest, pd.read_csv(bundle / "dataset" / "splits.csv"))
    train, judged = (images[images.split == name].reset_index(drop=True) for name in (TRAIN, VALIDATION))
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder with manifest.csv and canvas.npy")
    parser.add_argument("--weights", default="imagenet", help="imagenet, or a file of MobileNetV2's trunk")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--resamples", type=int, default=RESAMPLES, help="of lesions, for the intervals")
    parser.add_argument("--cache", type=Path, help="folder that keeps the features (default: the one of --work)")
    options = parser.parse_args(arguments)
    if not (options.work / "canvas.npy").exists():
        parser.error(f"{options.work} holds no canvas.npy; run training.data.manifest first")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    table = run(options.work, options.weights, options.bundle, options.cache or options.work, options.resamples)
    print(f"wrote {len(table)} rows to {options.bundle / TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
