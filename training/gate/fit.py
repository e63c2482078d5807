"""After the four commands: teach the bundle which photos to refuse, and measure what that refuses and misses.

    python -m training.gate --data DATA [--work runs/data] [--bundle model/bundle]

The pictures are those of `training.gate.pictures`: dermoscopic photos of every set, some of them degraded, against
ordinary close-ups, photographs, drawn pictures and impossible changes of real photos. Four gates on the network's own
features are compared; the one that refuses most on validation is packed, and its limit is fitted there too. Each kind
of picture is also left out of training once and measured as something never seen. Writes ``gate.npz``, the card's
entry "gate" and ``results/gate.csv``. Needs MILK10k's close-ups and a folder ``not_skin`` of photographs in DATA.
"""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from model.answer.decision import BENIGN, MALIGNANT
from model.answer.gate import Gate
from model.evaluation.inputs.gate import gate_table
from model.pipeline import Analyser
from training.command import one_sentence
from training.data.label_sets import LABELS
from training.data.provenance import file_sha256, read_manifest, read_table
from training.data.splits import EXTERNAL, EXTERNAL_DATASETS, TRAIN, VALIDATION, extend_split_table
from training.gate.pictures import AS_TAKEN, CLOSE_UP, PHOTOGRAPH, all_pictures, features_of
from training.judging.sealing import write_json, write_tables

LOGISTIC, MAHALANOBIS, NEIGHBOURS, ENERGY = "logistic", "mahalanobis", "nearest_neighbours", "energy"
STRENGTHS = (1e-2, 3e-2, 1e-1)
REFUSED_AT_MOST = 0.015  # of the dermoscopic validation photos of each set; the aim for any set is 2 %
HARDEST = {
    CLOSE_UP: 3.0,
    PHOTOGRAPH: 3.0,
    "milk10k": 3.0,
}  # weights: what people send, and the set the close-ups are of
REAL = "dermoscopic"
GROUPS = {  # kinds that are learnt together; any other kind is a group of its own
    "text": "drawn", "screen": "drawn", "chart": "drawn", "pattern": "drawn", "drawing": "drawn", "shapes": "drawn",
    "plain": "surface", "gradient": "surface", "noise": "surface", "skin": "surface",
    "inverted": "changed", "recoloured": "changed", "shuffled": "changed", "posterised": "changed", "mosaic": "changed",
}  # fmt: skip
NEIGHBOUR_COUNT = 16
SHRINKAGE = 0.1  # of the covariance towards its diagonal
DESCRIPTIONS = {
    LOGISTIC: "multinomial logistic regression on pooled features, taught with groups of pictures to refuse",
    MAHALANOBIS: "Mahalanobis distance to the nearest class mean (Lee et al., NeurIPS 2018)",
    NEIGHBOURS: f"cosine distance to the {NEIGHBOUR_COUNT}th nearest training photo (Sun et al., ICML 2022)",
    ENERGY: "energy of the logits (Liu et al., NeurIPS 2020)",
}


@dataclass(frozen=True, eq=False)
class Study:
    """Pictures (rows) and the pooled features of each, float32, shape (n, channels)."""

    rows: pd.DataFrame
    pooled: np.ndarray

    def of(self, chosen: np.ndarray) -> "Study":
        """Return a part of the pictures."""
        return Study(self.rows[chosen].reset_index(drop=True), self.pooled[chosen])

    @property
    def real(self) -> np.ndarray:
        """Return which pictures are dermoscopic photos."""
        return self.rows.real.to_numpy(bool)

    def split(self, name: str) -> np.ndarray:
        """Return which pictures are of a split."""
        return (self.rows.split == name).to_numpy()


Score = Callable[[np.ndarray], np.ndarray]


def picture_weights(rows: pd.DataFrame) -> np.ndarray:
    """Return a weight a picture: both sides weigh the same, and so does every kind of a side but `HARDEST`."""
    kinds = rows.groupby(["real", "kind"]).name.transform("size")
    weights = rows.kind.map(HARDEST).fillna(1.0).to_numpy() / kinds.to_numpy(float)
    for side in (True, False):
        those = (rows.real == side).to_numpy()
        weights[those] *= len(rows) / 2 / weights[those].sum()
    return weights


def fit_logistic(train: Study, strength: float) -> Gate:
    """Return a gate that tells groups of pictures from dermoscopic photos; its limit is still to be fitted."""
    mean, deviation = train.pooled.mean(axis=0), train.pooled.std(axis=0) + 1e-6
    groups = train.rows.kind.map(GROUPS).fillna(train.rows.kind).mask(train.real, REAL)
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    model.fit((train.pooled - mean) / deviation, groups, sample_weight=picture_weights(train.rows))
    evidence = np.column_stack([model.coef_, model.intercept_])
    if len(model.classes_) == 2:  # the one row is then for the second class, against the first
        evidence = np.vstack([np.zeros_like(evidence), evidence])
    place = list(model.classes_).index(REAL)
    evidence = np.delete(evidence - evidence[place], place, axis=0)
    against = evidence[:, :-1].T / deviation[:, None]
    bias = evidence[:, -1] - mean @ against
    return Gate(against.astype(np.float32), bias.astype(np.float32), 0.5)


def mahalanobis(train: Study) -> Score:
    """Return the distance to the nearest class mean, with one covariance for all classes."""
    mine = train.of(train.real & train.rows.label.notna().to_numpy())
    labels = mine.rows.label.to_numpy()
    means = {label: mine.pooled[labels == label].mean(axis=0, dtype=np.float64) for label in np.unique(labels)}
    centred = mine.pooled - np.stack([means[label] for label in labels])
    covariance = centred.T @ centred / len(centred)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance) + 1e-6)
    inverse = np.linalg.inv(covariance)

    def score(pooled: np.ndarray) -> np.ndarray:
        return np.min([_squared_length(pooled - mean, inverse) for mean in means.values()], axis=0)

    return score


def _squared_length(gaps: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", gaps @ inverse, gaps)


def neighbours(train: Study) -> Score:
    """Return the cosine distance to the k-th nearest dermoscopic training photo."""
    known = _unit(train.pooled[train.real])
    return lambda pooled: 1 - np.partition(_unit(pooled) @ known.T, -NEIGHBOUR_COUNT, axis=1)[:, -NEIGHBOUR_COUNT]


def _unit(pooled: np.ndarray) -> np.ndarray:
    return pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)


def energy(kernel: np.ndarray, bias: np.ndarray, temperature: float) -> Score:
    """Return how little the logits say in all."""
    return lambda pooled: -logsumexp((pooled @ kernel + bias) / temperature, axis=1)


def fit_limit(scores: np.ndarray, rows: pd.DataFrame) -> float:
    """Return the limit above which at most `REFUSED_AT_MOST` of the validation photos of every set lie."""
    taken = rows.real & (rows.split == VALIDATION) & (rows.corruption == AS_TAKEN)
    return max(
        float(np.quantile(scores[(taken & (rows.kind == kind)).to_numpy()], 1 - REFUSED_AT_MOST, method="higher"))
        for kind in rows.kind[taken].unique()
    )


def refused_on_validation(scores: np.ndarray, limit: float, rows: pd.DataFrame) -> float:
    """Return the share of pictures to refuse that is refused, mean over their kinds."""
    those = (~rows.real & (rows.split == VALIDATION)).to_numpy()
    return float(pd.Series(scores[those] > limit).groupby(rows.kind[those].to_numpy()).mean().mean())


def best_logistic(study: Study) -> tuple[Gate, float]:
    """Return the logistic gate of the strength that refuses most on validation, with its limit, and that strength."""
    train, tried = study.of(study.split(TRAIN)), []
    for strength in STRENGTHS:
        gate = fit_logistic(train, strength)
        scores = gate.score(study.pooled)
        limit = fit_limit(scores, study.rows)
        tried.append((refused_on_validation(scores, limit, study.rows), strength, gate, limit))
    _, strength, gate, limit = max(tried, key=lambda entry: entry[0])
    return Gate(gate.kernel, gate.bias, min(limit, 1 - 1e-6)), strength


def compared(study: Study, gate: Gate, analyser: Analyser) -> dict[str, np.ndarray]:
    """Return every picture's score by each of the four gates."""
    train, network = study.of(study.split(TRAIN)), analyser.classifier
    ways = {
        MAHALANOBIS: mahalanobis(train),
        NEIGHBOURS: neighbours(train),
        ENERGY: energy(network.kernel, network.bias, analyser.card.temperature),
    }
    return {LOGISTIC: gate.score(study.pooled)} | {name: score(study.pooled) for name, score in ways.items()}


def left_out(study: Study, strength: float) -> dict[str, tuple[np.ndarray, float]]:
    """Return scores and limit of a gate that never saw a kind, for each kind of picture to refuse."""
    found = {}
    for kind in study.rows.kind[~study.real].unique():
        others = study.of((study.rows.kind != kind).to_numpy())
        gate = fit_logistic(others.of(others.split(TRAIN)), strength)
        limit = fit_limit(gate.score(others.pooled), others.rows)
        mine = (study.rows.kind == kind).to_numpy()
        found[kind] = (np.where(mine, gate.score(study.pooled), np.nan), limit)
    return found


def pack_gate(bundle: Path, gate: Gate, rows: pd.DataFrame, strength: float) -> None:
    """Write the gate's file and its entry in the card."""
    path = bundle / "gate.npz"
    np.savez(path, kernel=gate.kernel, bias=gate.bias)
    card = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    learnt, judged = rows[rows.split == TRAIN], rows[rows.split == VALIDATION]
    card["gate"] = {
        "file": path.name, "sha256": file_sha256(path), "weights_sha256": card["weights"]["sha256"],
        "limit": gate.limit, "method": DESCRIPTIONS[LOGISTIC],
        "strength": strength, "limit_for": f"at most {REFUSED_AT_MOST:.1%} of each set's validation photos refused",
        "fitted_on": VALIDATION, "n_photos": int(learnt.real.sum()), "n_pictures_to_refuse": int((~learnt.real).sum()),
        "kinds_to_refuse": sorted(learnt.kind[~learnt.real].unique()), "n_validation": len(judged),
    }  # fmt: skip
    write_json(bundle / "card.json", card)


def run(images: pd.DataFrame, data: Path, bundle: Path, work: Path) -> pd.DataFrame:
    """Fit, pack and measure; return the rows of results/gate.csv."""
    analyser = Analyser(bundle)
    pictures = all_pictures(images, data)
    pooled = features_of(pictures, analyser, work / "features")
    study = Study(pd.DataFrame([picture.row for picture in pictures]), pooled)
    gate, strength = best_logistic(study)
    scores = compared(study, gate, analyser)
    limits = {name: fit_limit(values, study.rows) for name, values in scores.items()} | {LOGISTIC: gate.limit}
    table = gate_table(_sides(study.rows), scores, limits, left_out(study, strength))
    pack_gate(bundle, gate, study.rows, strength)
    write_tables(bundle, {"results/gate.csv": table.round(6)})
    return table


def _sides(rows: pd.DataFrame) -> pd.DataFrame:
    """Say of each dermoscopic photo whether its diagnosis is malignant."""
    sides = {code: MALIGNANT if bad else BENIGN for code, _, bad in LABELS}
    return rows.assign(side=rows.label.map(sides))


def split_images(work: Path, bundle: Path) -> pd.DataFrame:
    """Return the manifest's rows with the split that the bundle publishes; sets for evaluation alone are external."""
    manifest = read_manifest(work)
    published = read_table(bundle / "dataset" / "splits.csv")
    split = extend_split_table(manifest, published)
    return manifest.assign(split=split.mask(manifest.dataset.isin(EXTERNAL_DATASETS), EXTERNAL).to_numpy())


def folders(description: str, arguments: list[str] | None, data: bool = True) -> argparse.Namespace:
    """Return the options of a command that fits something to a packed network: data, if it reads that, work, bundle."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if data:
        parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the image sets")
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder of training.data.manifest")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return parser.parse_args(arguments)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    options = folders(__doc__, arguments)
    table = run(split_images(options.work, options.bundle), options.data, options.bundle, options.work)
    shown = table[(table.method == LOGISTIC) & (table.metric == "refused") & (table.subject == "all")]
    print(shown[["kind", "split", "left_out", "value", "low", "high", "n_images"]].round(3).to_string(index=False))
    return 0
