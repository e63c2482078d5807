"""One dense layer per choice, on features of a MobileNetV2 that has seen ImageNet alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from model.card import Label
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import auc
from training.data.balancing import power
from training.data.batches import label_indices
from training.data.label_sets import CODES, UNCONFIRMED
from training.data.splits import HOME, VALIDATION
from training.studies.frozen_features import HEAD_STRENGTH, SIZE, fit_head
from training.studies.paired import BySet, in_order
from training.studies.sources import EVERYTHING, FIRST, FOLDS, METRICS, WITHOUT, right_by_set

SHARES = (0.125, 0.25, 0.5)  # of the lesions, drawn at random, each share part of the next
UNCONFIRMED_WEIGHTS = {"unconfirmed_half": 0.5, "unconfirmed_out": 0.0}
LEARNER = f"one dense layer on features of a MobileNetV2 that has seen ImageNet alone, {SIZE} px"


@dataclass(frozen=True)
class Choice:
    """What a dense layer learns from.

    Parameters
    ----------
    study : str
        "sets", "images" or "labels".
    learnt : str
        `EVERYTHING`, `WITHOUT`, "alone", "share" or a key of `UNCONFIRMED_WEIGHTS`.
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
        found.append(Choice("sets", WITHOUT, name, 1 - its))
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
        study, learnt, of, dataset, split, train_images, learner and the columns of `judge`; two rows are probes.
    """
    labels = label_indices(train.label, CODES)
    tables: list[pd.DataFrame] = []
    by_set = BySet(judged, classes, METRICS, resamples)
    for choice in choices(train):
        if len(np.unique(labels[choice.weights > 0])) < 2:
            print(f"{choice.learnt} {choice.of}: fewer than two classes, left out", flush=True)
            continue
        given = fit_choice(features, labels, choice.weights)(held_out)
        used = int((choice.weights > 0).sum())
        about = {"study": choice.study, "learnt": choice.learnt, "of": choice.of, "train_images": used}
        tables += by_set.tables(given, about)
        print(f"{choice.learnt} {choice.of}: {used:,} images", flush=True)
    answers = out_of_fold(features, labels, held_out, judged)
    seen = round(len(train) + len(judged) * (1 - 1 / FOLDS))
    tables += by_set.tables(answers, {"study": "images", "learnt": "every", "of": f"{FOLDS}", "train_images": seen})
    tables.append(probes(features, train, held_out, judged, resamples))
    return in_order(pd.concat(tables, ignore_index=True).assign(split=VALIDATION, learner=LEARNER), FIRST)


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
    lesions = pd.factorize(judged.lesion_id)[0]
    share = (learnt.label == "mel").groupby(learnt.dataset).mean()
    melanoma, score = (judged.label == "mel").to_numpy(), judged.dataset.map(share).to_numpy()

    def measured(weights: np.ndarray) -> np.ndarray:
        return np.stack([right_by_set(right, sets, weights), auc(melanoma, score, weights)], axis=1)

    low, high = percentile_interval(bootstrap(measured, lesions, np.random.default_rng(0), resamples))
    return pd.DataFrame(
        {
            "study": "probe", "learnt": ["set", "melanoma"], "of": "", "dataset": "+".join(np.unique(sets)),
            "metric": ["balanced_accuracy", "melanoma_auc"], "value": measured(np.ones((1, len(judged))))[0],
            "low": low, "high": high, "n_images": len(judged), "n_lesions": len(np.unique(lesions)),
            "train_images": int(known.sum()), "interval": bootstrap_name(resamples),
        }
    ).round(6)  # fmt: skip
