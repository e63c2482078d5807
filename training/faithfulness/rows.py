"""From figures of single photos to the table: means over photos with intervals that resample lesions."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from model.evaluation.intervals import RESAMPLES, resampled_figure
from model.evaluation.metrics import weighted_mean
from model.maps.methods import GRADCAM, METHODS
from training.data.splits import VALIDATION
from training.faithfulness.figures import ENERGY, NET, POINTING

ALL = "all"
BY_CLASS = (POINTING, ENERGY)
GAIN = f"{NET}, gain over {GRADCAM}"
RULE = (
    "Grad-CAM keeps the default unless, on validation, another map that needs at most one further pass has a higher "
    "insertion less deletion, with a 95 % interval of the paired difference above 0; then the highest."
)


def with_gains(found: pd.DataFrame) -> pd.DataFrame:
    """Add each map's gain over Grad-CAM, photo by photo, to figures as for `faithfulness_table`."""
    net = found[found.metric == NET]
    default = net[net.method == GRADCAM].set_index(["split", "image_id"]).value
    others = net[net.method != GRADCAM]
    before = default.reindex(pd.MultiIndex.from_frame(others[["split", "image_id"]])).to_numpy()
    gains = others.assign(metric=GAIN, value=others.value - before)
    return pd.concat([found, gains], ignore_index=True)


def faithfulness_table(
    found: pd.DataFrame, codes: Sequence[str], random: np.random.Generator, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Return the rows of ``results/faithfulness.csv``.

    Parameters
    ----------
    found : DataFrame
        One row per photo, method and figure: dataset, split, image_id, lesion_id, label, method, metric, value.
    codes : sequence of str
        Class codes, in card order.

    Returns
    -------
    DataFrame
        dataset, split, method, subject ("all" or a class), metric, value (mean over photos), low, high, n_images,
        n_lesions, interval. Every class has the same number of photos, if it has so many; "all" is their plain mean.
    """
    rows = []
    known = found.dropna(subset="value")
    for identity, part in known.groupby(["dataset", "split", "method", "metric"], sort=False):
        named = dict(zip(("dataset", "split", "method", "metric"), identity, strict=True))
        classes = [code for code in codes if code in set(part.label)] if named["metric"] in BY_CLASS else []
        for subject in (ALL, *classes):
            mine = part if subject == ALL else part[part.label == subject]
            values, lesions = mine.value.to_numpy(float), pd.factorize(mine.lesion_id)[0]
            figure = resampled_figure(partial(weighted_mean, values), lesions, random, resamples)
            rows.append(named | {"subject": subject} | figure)
    columns = ["dataset", "split", "method", "subject", "metric", "value", "low", "high", "n_images", "n_lesions"]
    return pd.DataFrame(rows)[[*columns, "interval"]]


def earned(table: pd.DataFrame, cheap: Sequence[str]) -> str:
    """Return the map that `RULE` makes the default, of maps that need at most one further pass."""
    gains = table[(table.split == VALIDATION) & (table.metric == GAIN) & table.method.isin(cheap) & (table.low > 0)]
    return GRADCAM if gains.empty else str(gains.loc[gains.value.idxmax(), "method"])


CHEAP = tuple(name for name, method in METHODS.items() if method.passes <= 1)
