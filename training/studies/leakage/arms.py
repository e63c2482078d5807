"""The arms of the study: how images are split, where SMOTE comes in, and what each arm leaks."""

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.data.balancing import BALANCING
from training.studies.leakage.sample import EIGHT, FOLDS, Sample

NEAREST = "nearest neighbour"
LEAKS = {  # option -> how the table names it
    "lesions": "lesions across splits",
    "synthetic": "synthetic before split",
    "training_images": "judged on training images",
}


@dataclass(frozen=True)
class Arm:
    """One way to split and to judge. By default nothing leaks.

    Parameters
    ----------
    leaks : frozenset of str
        Mistakes to make, from `LEAKS`.
    synthetic : bool
        Whether SMOTE fills up the classes: from the training folds alone unless "synthetic" leaks.
    """

    leaks: frozenset[str] = field(default_factory=frozenset)
    synthetic: bool = False

    @property
    def name(self) -> str:
        return " + ".join(words for leak, words in LEAKS.items() if leak in self.leaks) or "none"


@dataclass(frozen=True)
class Pool:
    """What is split: n real images and then m synthetic ones; ``parents`` (n + m, 2) are rows of real images."""

    features: np.ndarray
    targets: np.ndarray
    parents: np.ndarray


def classifiers(seed: int) -> dict[str, ClassifierMixin]:
    """Return the heads that are put on the features, by the name that the table shows."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300)),
        "neural network": make_pipeline(StandardScaler(), MLPClassifier(64, max_iter=40, random_state=seed)),
        NEAREST: make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
    }


def with_synthetic(sample: Sample, rows: np.ndarray, per_class: int, seed: int) -> Pool:
    """Return the named rows of a sample and the images that SMOTE mixes from them, up to ``per_class`` of a class."""
    targets = sample.targets[rows]
    space = sample.features if sample.pixels is None else sample.pixels
    balance = BALANCING["smote_pixels"](
        targets, len(EIGHT), features=lambda: space[rows], per_class=per_class, seed=seed
    )
    pairs = rows[balance.pairs]
    return Pool(
        np.concatenate([sample.features[rows], sample.blend(pairs, balance.shares)]),
        balance.labels_with_synthetic(targets),
        np.concatenate([np.stack([rows, rows], axis=1), pairs]),
    )


def without_synthetic(sample: Sample, rows: np.ndarray) -> Pool:
    """Return the named rows of a sample alone."""
    return Pool(sample.features[rows], sample.targets[rows], np.stack([rows, rows], axis=1))


def folds(arm: Arm, pool: Pool, groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield training and test rows of a pool; every row is tested once."""
    if "training_images" in arm.leaks:
        every = np.arange(len(pool.targets))
        yield every, every
    elif "lesions" in arm.leaks:
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(pool.targets, pool.targets)
    else:
        # A synthetic image is no lesion's: it falls on either side, wherever its parents are. That is the leak.
        alone = np.arange(len(groups), len(pool.targets)).astype(str)
        names = np.concatenate([groups.astype(str), np.char.add("synthetic ", alone)])
        yield from StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(pool.targets, pool.targets, names)


def judge(sample: Sample, arm: Arm, per_class: int, seed: int) -> tuple[dict[str, pd.DataFrame], dict]:
    """Train and judge every classifier in one arm.

    Parameters
    ----------
    sample : Sample
    arm : Arm
    per_class : int
        Images that SMOTE fills a class up to.
    seed : int
        Of folds, SMOTE and the neural network.

    Returns
    -------
    predictions : dict
        Of each classifier: one row a test image with image_id, lesion_id, label, p_<code>.
    counts : dict
        n_train (mean over folds), n_test, n_test_sharing_lesion (real test images), n_test_synthetic_parent
        (synthetic test images with a parent in training), n_test_is_parent (real test images mixed into training).
    """
    every = np.arange(len(sample.table))
    leaking = "synthetic" in arm.leaks
    pool = with_synthetic(sample, every, per_class, seed) if leaking else without_synthetic(sample, every)
    lesions = sample.table.lesion_id.to_numpy()
    made = sample.classifiers or classifiers
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in made(seed)}
    tally = []
    for train, test in itertools.islice(folds(arm, pool, sample.table.group.to_numpy(), seed), sample.folds):
        fitted = Pool(pool.features[train], pool.targets[train], pool.parents[train])
        if arm.synthetic and not leaking:
            fitted = with_synthetic(sample, train, per_class, seed)
        tally.append(_count(fitted.parents, pool.parents[test], test < len(every), lesions))
        for name, model in made(seed).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a fixed number of epochs is meant
                model.fit(fitted.features, fitted.targets)
            table = _predictions(model.predict_proba(pool.features[test]), pool.targets[test])
            found[name].append(table.assign(image_id=test, lesion_id=lesions[pool.parents[test, 0]]))
    counts = pd.DataFrame(tally)
    totals = counts.sum().to_dict() | {"n_train": round(counts.n_train.mean())}
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}, totals


def _count(seen: np.ndarray, tested: np.ndarray, real: np.ndarray, lesions: np.ndarray) -> dict[str, int]:
    """Count what a fold's test images have in common with its training images; see `judge`."""
    originals = seen[seen[:, 0] == seen[:, 1], 0]
    return {
        "n_train": len(seen),
        "n_test": len(tested),
        "n_test_sharing_lesion": int(np.isin(lesions[tested[real, 0]], lesions[originals]).sum()),
        "n_test_synthetic_parent": int(np.isin(tested[~real], originals).any(axis=1).sum()),
        "n_test_is_parent": int(np.isin(tested[real, 0], seen[seen[:, 0] != seen[:, 1]]).sum()),
    }


def _predictions(probabilities: np.ndarray, targets: np.ndarray) -> pd.DataFrame:
    codes = [label.code for label in EIGHT]
    table = pd.DataFrame(probabilities, columns=[f"p_{code}" for code in codes])
    return table.assign(label=np.array(codes)[targets])
