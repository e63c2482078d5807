"""What fine-tuning has to beat: a frozen ImageNet trunk with balanced logistic regression on its features.

    python -m training.studies.baseline RUN --weights WEIGHTS [--bundle model/bundle]

Uses the same images and splits as a training run; the strength of the regularisation is chosen on validation.
Writes ``results/baseline_metrics.csv`` into the bundle.
"""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.evaluation.intervals import RESAMPLES
from training.command import one_sentence
from training.data.balancing import Balance
from training.data.label_sets import CODES
from training.data.provenance import file_sha256
from training.data.splits import INTERNAL_TEST, TRAIN, VALIDATION
from training.judging.sealing import write_tables
from training.judging.trained_run import load_run

if TYPE_CHECKING:
    import keras

STRENGTHS = (0.0003, 0.003)
SIZE = 224
HEAD_STRENGTH = 0.001  # of the data against the regularisation in `fit_head`, set beforehand, the same for all


def frozen_trunk(size: int, weights: str, architecture: str = "mobilenetv2") -> "keras.Model":
    """Return a network up to its pooling, photo (size, size, 3) to its features; nothing in it learns."""
    from training.fitting.features import trunk_until
    from training.networks.architectures import ARCHITECTURES

    return trunk_until(ARCHITECTURES[architecture](size, len(CODES), weights), "pool")


def embed(
    work: Path, rows: np.ndarray, weights: str, size: int = SIZE, architecture: str = "mobilenetv2"
) -> np.ndarray:
    """Return pooled features of a frozen network, float32, shape (len(rows), channels)."""
    from training.data.batches import open_canvas
    from training.fitting.features import outputs

    return outputs(frozen_trunk(size, weights, architecture), open_canvas(work), rows)


def fit_head(features: np.ndarray, labels: np.ndarray, balance: Balance, real: int) -> LogisticRegression:
    """Fit one dense layer with softmax in which every image counts as often as it is drawn, times its class's weight.

    All methods have the same regularisation, because the weights of all images add up to the number of real ones.
    For such a layer, drawing an image twice and giving it twice the weight are the same.

    Parameters
    ----------
    features : ndarray, float32, shape (n + m, channels)
        Standardised; real images, then synthetic ones.
    labels : ndarray of int, shape (n + m,)
    balance : Balance
    real : int
        n, how many of the images are real.
    """
    weight = balance.draws * balance.class_weight[labels]
    used = weight > 0
    weight = weight[used] * real / weight.sum()
    model = LogisticRegression(C=HEAD_STRENGTH, max_iter=200, tol=1e-3)
    return model.fit(features[used], labels[used], sample_weight=weight)


def fingerprint(weights: str) -> str:
    """Return what identifies pretrained weights: the checksum of their file, or their name."""
    return file_sha256(weights) if Path(weights).is_file() else json.dumps(weights)


def fit_and_score(features: np.ndarray, labels: pd.Series, split: pd.Series) -> tuple[np.ndarray, float]:
    """Return probabilities of every row, columns in the order of `CODES`, and the chosen strength."""
    train, validation = (split == TRAIN).to_numpy(), (split == VALIDATION).to_numpy()
    targets = labels.map({code: index for index, code in enumerate(CODES)}).to_numpy()
    best: Any = None  # until the first strength, whose score is above -1
    chosen = (-1.0, 0.0)
    for strength in STRENGTHS:
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=200, tol=1e-3)
        ).fit(features[train], targets[train])
        score = balanced_accuracy_score(targets[validation], model.predict(features[validation]))
        if score > chosen[0]:
            best, chosen = model, (score, strength)
    return best.predict_proba(features), chosen[1]


def frozen_study_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every study on a frozen trunk's features has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder with manifest.csv and canvas.npy")
    parser.add_argument("--weights", default="imagenet", help="imagenet, or a file of the trunk, trained on ImageNet")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--resamples", type=int, default=RESAMPLES, help="of lesions, for the intervals")
    parser.add_argument("--cache", type=Path, help="folder that keeps the features (default: the one of --work)")
    return parser


def parse_frozen_study(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of `frozen_study_parser`, or end with what is missing."""
    options = parser.parse_args(arguments)
    if not (options.work / "canvas.npy").exists():
        parser.error(f"{options.work} holds no canvas.npy; run training.data.manifest first")
    if options.resamples < 1:
        parser.error(f"--resamples must be 1 or more, not {options.resamples}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options.cache = options.cache or options.work
    return options


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a training run, for its images and splits")
    parser.add_argument("--weights", default="imagenet", help="imagenet, or a file with MobileNetV2's weights")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from model.card import load_card
    from model.evaluation.summary import summarise

    _, record, manifest = load_run(options.run)
    manifest = manifest[manifest.dataset == "ham10000"].reset_index(drop=True)
    features = embed(Path(record["work"]), manifest.canvas_row.to_numpy(), options.weights)
    probabilities, strength = fit_and_score(features, manifest.label, manifest.split)
    table = pd.concat([manifest, pd.DataFrame(probabilities, columns=[f"p_{code}" for code in CODES])], axis=1)
    judged = table[table.split.isin([VALIDATION, INTERNAL_TEST])]
    metrics = summarise(judged, load_card(options.bundle).labels, np.random.default_rng(0))
    write_tables(options.bundle, {"results/baseline_metrics.csv": metrics})
    chosen = metrics[(metrics.split == INTERNAL_TEST) & metrics.metric.isin(["balanced_accuracy", "macro_auc"])]
    print(f"C = {strength} by validation\n{chosen[['metric', 'value', 'low', 'high']].to_string(index=False)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
