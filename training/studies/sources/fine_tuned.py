"""Whole networks in place of one layer: each arm trains from ImageNet weights on its own sets, with as many steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.card import Label
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from training.data.splits import HOME, VALIDATION
from training.recipe import Recipe
from training.studies import short_training
from training.studies.paired import BySet, in_order
from training.studies.sources import EVERYTHING, FIRST, FOLDS, METRICS, WITHOUT, right_by_set

PLAIN, EVEN, ADVERSARIAL = "", "even", "adversarial"
STRENGTH = 0.1  # of the reversed gradient, against the loss of the diagnosis


@dataclass(frozen=True)
class Arm:
    """What a network learns from, and what keeps the image set from telling the diagnosis.

    Parameters
    ----------
    left_out : str
        The image set that it never sees; empty for none.
    method : str
        `PLAIN`, `EVEN`: the sets of a class are drawn as often, or `ADVERSARIAL`: that, and features must not tell
        the set (Ganin et al., JMLR 2016).
    """

    left_out: str = ""
    method: str = PLAIN

    @property
    def learnt(self) -> str:
        """How the table names it."""
        return "_".join(filter(None, (WITHOUT if self.left_out else EVERYTHING, self.method)))


def arms(train: pd.DataFrame, judged: pd.DataFrame) -> list[Arm]:
    """Return all arms, the first with every training image; methods are tried without the largest set away from home.

    A set of one class alone is not left out: that changes the mix of classes more than the sets.
    """
    away = judged.dataset[judged.dataset != HOME].mode()[0]
    classes = train.groupby("dataset").label.nunique()
    return [
        Arm(),
        *(Arm(name) for name in sorted(classes.index[classes > 1])),
        *(Arm(away, method) for method in (EVEN, ADVERSARIAL)),
    ]


def even_draws(draws: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Return draws that share each class's sum equally among the sets that have it, shape (n,).

    Parameters
    ----------
    draws : ndarray, float, shape (n,)
        How often each image is drawn so far.
    labels, sources : ndarray of int, shape (n,)
        Class and set of each image.
    """
    evened = np.zeros(len(draws))
    for label in np.unique(labels):
        of_class = labels == label
        having = np.unique(sources[of_class])
        for source in having:
            its = of_class & (sources == source)
            evened[its] = draws[of_class].sum() / len(having) / its.sum()
    return evened


def trained(recipe: Recipe, canvas, train: pd.DataFrame, method: str, seen: np.ndarray) -> np.ndarray:
    """Train a network by a method, see `Arm`, and return what it says to images, as `short_training.trained`."""
    from training.studies.sources.adversary import SourceBatches, both_losses, with_source_head

    sources, names = pd.factorize(train.dataset)

    def change(network, batches, loss):
        draws = even_draws(batches.balance.draws, batches.labels, sources)
        batches.balance = replace(batches.balance, draws=draws)
        if method == EVEN:
            return network, batches, loss
        learner = with_source_head(network, len(names), STRENGTH)
        return learner, SourceBatches(batches, sources, len(names)), both_losses(loss, batches.classes)

    return short_training.trained(recipe, canvas, train, seen, None if method == PLAIN else change)


def source_told(features: np.ndarray, judged: pd.DataFrame) -> np.ndarray:
    """Return the set that a linear probe reads from each image's features, out of fold by group, shape (k,)."""
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300, class_weight="balanced"))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    return cross_val_predict(probe, features, judged.dataset, groups=judged.group, cv=folds)


def told_by_set(features: np.ndarray, judged: pd.DataFrame, resamples: int = RESAMPLES) -> dict:
    """Return the balanced accuracy of `source_told`, with its interval by lesion, as columns of a row."""
    sets = judged.dataset.to_numpy()
    right, lesions = source_told(features, judged) == sets, pd.factorize(judged.lesion_id)[0]

    def measured(weights: np.ndarray) -> np.ndarray:
        return right_by_set(right, sets, weights)[:, None]

    low, high = percentile_interval(bootstrap(measured, lesions, np.random.default_rng(0), resamples))
    value = measured(np.ones((1, len(judged))))[0]
    return {
        "dataset": "+".join(np.unique(sets)), "metric": "balanced_accuracy", "value": value[0], "low": low[0],
        "high": high[0], "n_images": len(judged), "n_lesions": lesions.max() + 1, "interval": bootstrap_name(resamples),
    }  # fmt: skip


def study(
    recipe: Recipe, train: pd.DataFrame, judged: pd.DataFrame, classes: tuple[Label, ...],
    answers: Callable[[Recipe, pd.DataFrame, str], np.ndarray], resamples: int = RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Train every arm and judge it on every set's validation images.

    Parameters
    ----------
    recipe : Recipe
    train, judged : DataFrame
        image_id, lesion_id, group, dataset, label, split, canvas_row of these images.
    classes : tuple of Label
    answers : callable
        (recipe, training images, method) -> what `trained` returns for the judged images.
    resamples : int

    Returns
    -------
    DataFrame
        study, learnt, of, dataset, split, train_images, learner and the columns of `judge`; rows of the study "probe"
        say how well the set is told from the features of each network.
    """
    by_set, tables = BySet(judged, classes, METRICS, resamples), []
    for arm in arms(train, judged):
        own = train[train.dataset != arm.left_out].reset_index(drop=True)
        print(f"{arm.learnt} {arm.left_out}: {len(own):,} images", flush=True)
        given = answers(recipe, own, arm.method)
        logits, features = np.split(given, [len(classes)], axis=1)
        about = {"learnt": arm.learnt, "of": arm.left_out, "train_images": len(own)}
        tables += by_set.tables(softmax(logits, axis=1), about | {"study": "sets"})
        told = told_by_set(features, judged, resamples)
        tables.append(pd.DataFrame([told | about | {"study": "probe"}]).round(6))
    table = pd.concat(tables, ignore_index=True)
    return in_order(table.assign(split=VALIDATION, learner=short_training.described(recipe)), FIRST)
