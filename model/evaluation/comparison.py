"""Compare two sets of predictions of the same images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from model.card import Label
from model.errors import ContractError
from model.evaluation.cases import Cases, read_cases
from model.evaluation.intervals import RESAMPLES, bootstrap, bootstrap_name, percentile_interval
from model.evaluation.metrics import weighted_mean
from model.evaluation.summary import Key, rates, scores

RELEASED = "released before"  # in the place of an earlier system's name: the row of an earlier release


def paired_differences(
    first: pd.DataFrame,
    second: pd.DataFrame,
    labels: Sequence[Label],
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return how much two models differ, evaluated on the same resampled lesions.

    Drawing the same lesions for both keeps what they share (easy and hard cases), so that the interval of the
    difference is far narrower than the two intervals suggest.

    Parameters
    ----------
    first, second : DataFrame
        Predictions of the same images of one dataset and split, in any order; columns as for `read_cases`.
    labels : sequence of Label
    random : Generator
    resamples : int

    Returns
    -------
    DataFrame
        metric, subject, first, second, difference (first minus second), low, high, n_images, n_lesions,
        interval.

    Raises
    ------
    ContractError
        If the two do not contain the same images with the same labels, each once.
    """
    ordered = [table.sort_values("image_id", ignore_index=True) for table in (first, second)]
    if any(table["image_id"].duplicated().any() for table in ordered) or not _same_images(*ordered):
        raise ContractError(
            "predictions_unpaired", "Both predictions must contain the same images and labels, once each."
        )
    one, other = (read_cases(table, labels) for table in ordered)
    values = [_figures(cases) for cases in (one, other)]
    keys = [key for key in values[0] if key in values[1]]

    def differences(weights: np.ndarray) -> np.ndarray:
        mine, theirs = _figures(one, weights), _figures(other, weights)
        return np.stack([mine[key] - theirs[key] for key in keys], axis=1)

    low, high = percentile_interval(bootstrap(differences, one.lesions, random, resamples))
    table = pd.DataFrame(keys, columns=["metric", "subject"])
    table["first"] = [values[0][key].item() for key in keys]
    table["second"] = [values[1][key].item() for key in keys]
    table["difference"] = table["first"] - table["second"]
    return table.assign(
        low=low,
        high=high,
        n_images=len(one.targets),
        n_lesions=len(np.unique(one.lesions)),
        interval=bootstrap_name(resamples),
    )


def _same_images(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    columns = ["image_id", "label"]
    return len(first) == len(second) and bool((first[columns] == second[columns]).all(axis=None))


def _figures(cases: Cases, weights: np.ndarray | None = None) -> dict[Key, np.ndarray]:
    found = scores(cases, weights)
    for key, rate in rates(cases).items():
        found[key] = weighted_mean(rate.hits, None if weights is None else weights[:, rate.rows])
    return found
