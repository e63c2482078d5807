"""Measure every way to meet class imbalance on the same features: a frozen trunk, one dense layer per method.

    python -m training.studies.balancing --work runs/data --weights WEIGHTS [--bundle model/bundle]

The trunk is Inception V3 to mixed8, as in the earlier systems that compare such methods; frozen, it spares hours.
Learns from HAM10000's training split and is judged on its validation split; the test split is not read. Every head is
fitted to its optimum with the same regularisation. Writes ``results/balancing_study.csv`` into the bundle.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from model.card import Label, load_card
from model.evaluation.cases import Cases, ask, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc, balanced_accuracy, macro_auc, weighted_mean
from training.command import one_sentence
from training.data.balancing import STUDIED, Balance, balanced, options_text
from training.data.batches import label_indices, open_canvas, plain_views
from training.data.label_sets import CODES
from training.data.provenance import file_sha256, read_manifest, read_table
from training.data.smote import pixel_features
from training.data.splits import HOME, TRAIN, VALIDATION
from training.fitting.kept_arrays import kept_array
from training.judging.sealing import write_tables
from training.studies.frozen_features import (
    embed,
    fingerprint,
    fit_head,
    frozen_study_parser,
    frozen_trunk,
    parse_frozen_study,
)

ARCHITECTURE, TRUNK = "inceptionv3", "Inception V3 to mixed8"
Features = Callable[[Balance], np.ndarray]


def embed_mixtures(work: Path, rows: np.ndarray, balance: Balance, weights: str, size: int) -> np.ndarray:
    """Return features of synthetic images that are mixed as pixels, shape (pairs, channels).

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Canvas rows of the training images, to which the balance's pairs point.
    """
    from tqdm import tqdm

    trunk, canvas, features = frozen_trunk(size, weights, ARCHITECTURE), open_canvas(work), []
    for start in tqdm(range(0, len(balance.pairs), 64), desc="embedding mixtures", unit=" batches"):
        chosen, share = balance.pairs[start : start + 64], balance.shares[start : start + 64, None, None, None]
        ends = [plain_views(canvas, rows[chosen[:, end]], size).astype(np.float32) for end in (0, 1)]
        features.append(np.asarray(trunk.predict_on_batch(((1 - share) * ends[0] + share * ends[1]).astype("f4"))))
    return np.concatenate(features)


def mix(features: np.ndarray, balance: Balance) -> np.ndarray:
    """Return synthetic rows between pairs of rows: float32, shape (pairs, channels)."""
    share = balance.shares[:, None].astype(np.float32)
    return (1 - share) * features[balance.pairs[:, 0]] + share * features[balance.pairs[:, 1]]


def figures(cases: Cases, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return each figure of the study for every weighting, shape (r,)."""
    melanoma = cases.targets == cases.codes.index("mel")
    called = cases.predicted == cases.codes.index("mel")
    taken = np.ones((1, len(melanoma))) if weights is None else weights
    question = ask(cases, "mel")
    return {
        "balanced_accuracy": balanced_accuracy(cases, taken),
        "accuracy": weighted_mean(cases.correct, taken),
        "macro_auc": macro_auc(cases, taken),
        "melanoma_auc": auc(question.truth, question.score, taken),
        "melanoma_sensitivity": weighted_mean(called[melanoma], taken[:, melanoma]),
        "melanoma_specificity": weighted_mean(~called[~melanoma], taken[:, ~melanoma]),
    }


def judge(cases: Cases, random: np.random.Generator, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return metric, value, low, high, n_images, n_lesions, interval; intervals resample lesions."""

    def measured(weights: np.ndarray | None = None) -> np.ndarray:
        return np.stack(list(figures(cases, weights).values()), axis=1)

    low, high = percentile_interval(bootstrap(measured, cases.lesions, random, resamples))
    melanoma = cases.targets == cases.codes.index("mel")
    counted = {"melanoma_sensitivity": melanoma, "melanoma_specificity": ~melanoma}
    names = list(figures(cases))
    asked = [counted.get(name, np.ones(len(melanoma), bool)) for name in names]
    return pd.DataFrame(
        {
            "metric": names,
            "value": measured()[0],
            "low": low,
            "high": high,
            "n_images": [int(rows.sum()) for rows in asked],
            "n_lesions": [len(np.unique(cases.lesions[rows])) for rows in asked],
            "interval": bootstrap_name(resamples),
        }
    ).round(6)


def study(
    train: np.ndarray, labels: np.ndarray, held_out: np.ndarray, judged: pd.DataFrame, classes: tuple[Label, ...],
    synthetic: dict[str, Features], neighbours: dict[str, Callable[[], np.ndarray]], resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Fit and judge a head for every studied method.

    Parameters
    ----------
    train, held_out : ndarray, float32, shape (n, channels) and (k, channels)
        Features of the training images and of those that judge.
    labels : ndarray of int, shape (n,)
    judged : DataFrame
        image_id, lesion_id, label of the k images.
    classes : tuple of Label
    synthetic : dict of str to callable
        For methods that make images: from a balance to the features of its images, shape (m, channels).
    neighbours : dict of str to callable
        For the same methods: what they look for neighbours in, shape (n, anything).
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-6
    tables = []
    for method, options in STUDIED:
        balance = balanced(method, labels, len(classes), options, features=neighbours.get(method))
        rows = np.concatenate([train, synthetic[method](balance)]) if len(balance.pairs) else train
        head = fit_head((rows - mean) / deviation, balance.labels_with_synthetic(labels), balance, len(labels))
        given = head.predict_proba((held_out - mean) / deviation).astype(np.float64)
        columns = pd.DataFrame(given, columns=[f"p_{label.code}" for label in classes], index=judged.index)
        cases = read_cases(pd.concat([judged, columns], axis=1), classes)
        found = judge(cases, np.random.default_rng(0), resamples)
        found.insert(0, "method", method)
        found.insert(1, "options", options_text(options))
        found.insert(2, "images_per_epoch", round(float(balance.draws.sum()), 1))
        tables.append(found.assign(dataset=HOME, split=VALIDATION))
        print(f"{method}: " + ", ".join(f"{row.metric} {row.value:.3f}" for row in found.itertuples()), flush=True)
    return pd.concat(tables, ignore_index=True)


def run(work: Path, weights: str, bundle: Path, cache: Path, size: int, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Embed the two splits at ``size`` pixels, study every method on them, write the table and seal the bundle."""
    splits = read_table(bundle / "dataset" / "splits.csv").set_index("image_id").split
    manifest = read_manifest(work)
    manifest = manifest[manifest.dataset == HOME].assign(split=lambda table: table.image_id.map(splits))
    train, judged = (manifest[manifest.split == name].reset_index(drop=True) for name in (TRAIN, VALIDATION))
    rows = train.canvas_row.to_numpy()
    origin = (ARCHITECTURE, fingerprint(weights), file_sha256(work / "manifest.csv"), size)

    def features(of: np.ndarray) -> np.ndarray:
        return kept_array(cache, (*origin, of), lambda: embed(work, of, weights, size, ARCHITECTURE))

    def mixtures(balance: Balance) -> np.ndarray:
        key = (*origin, rows, balance.pairs, balance.shares)
        return kept_array(cache, key, lambda: embed_mixtures(work, rows, balance, weights, size))

    known = features(rows)
    table = study(
        known, label_indices(train.label, CODES), features(judged.canvas_row.to_numpy()), judged,
        load_card(bundle).labels,
        {"smote_embedding": lambda balance: mix(known, balance), "smote_pixels": mixtures},
        {"smote_embedding": lambda: known, "smote_pixels": lambda: pixel_features(open_canvas(work), rows)}, resamples,
    )  # fmt: skip
    table = table.assign(features=f"frozen {TRUNK}, {size} px")
    write_tables(bundle, {"results/balancing_study.csv": table})
    return table


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = frozen_study_parser(__doc__)
    parser.add_argument("--size", type=int, default=224, help="edge in pixels at which photos are embedded")
    options = parse_frozen_study(parser, arguments)
    table = run(options.work, options.weights, options.bundle, options.cache, options.size, options.resamples)
    print(f"wrote {len(table)} rows to {options.bundle / 'results' / 'balancing_study.csv'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
