"""95 % intervals that take into account that several images may show one lesion."""

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
WILSON = "wilson by lesion"
CHUNK_WEIGHTS = 4_000_000  # weights in memory at once, 32 MB: large sets are resampled in pieces
FEWEST_DEFINED = 0.95  # share of resamples in which a figure must be defined for its interval to be given


def bootstrap_name(resamples: int) -> str:
    """Return how a bootstrap interval is named in a table."""
    return f"bootstrap by lesion, {resamples}"


def wilson(successes: np.ndarray | float, trials: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's score interval of a proportion (Wilson, JASA 22:209, 1927).

    Parameters
    ----------
    successes, trials : float or ndarray
        Counts; they need not be whole, so that an effective sample size can be given.

    Returns
    -------
    low, high : ndarray
        Within [0, 1]; NaN where there is no trial.
    """
    trials = np.asarray(trials, dtype=float)
    trials = np.where(trials > 0, trials, np.nan)
    share = np.asarray(successes, dtype=float) / trials
    middle = share + Z**2 / (2 * trials)
    half = Z * np.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    scale = 1 + Z**2 / trials
    return np.clip((middle - half) / scale, 0, 1), np.clip((middle + half) / scale, 0, 1)


def effective_size(hits: np.ndarray, lesions: np.ndarray) -> float:
    """Return how many independent images would give as much information about a rate as these do.

    Images of one lesion tend to be right or wrong together. The variance of the rate is taken between lesions
    (ratio estimator) and compared with that of independent images; the number of images is divided by that
    design effect, never by less than 1 (Korn and Graubard 1998; Dean and Pagano, J Surv Stat Methodol 3:484,
    2015, for its use in Wilson's interval). With one image per lesion this is the number of images. Where all
    or no images are hits, the images of a lesion are assumed to be identical (Kish's size).

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
    lesions : ndarray of int, shape (n,)
    """
    images = len(hits)
    _, numbers = np.unique(lesions, return_inverse=True)
    sizes = np.bincount(numbers)
    if images == 0 or len(sizes) == images:
        return float(images)
    share = hits.mean()
    if share in (0, 1) or len(sizes) == 1:
        return float(images**2 / (sizes**2).sum())
    residuals = np.bincount(numbers, weights=hits - share)
    between = len(sizes) / (len(sizes) - 1) * (residuals**2).sum() / images
    return images / max(1.0, between / (share * (1 - share)))


def rate_interval(hits: np.ndarray, lesions: np.ndarray) -> tuple[float, float]:
    """Return Wilson's 95 % interval of the share of hits, at the effective sample size by lesion.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
        One entry for every image in the denominator.
    lesions : ndarray of int, shape (n,)
    """
    if len(hits) == 0:
        return float("nan"), float("nan")
    size = effective_size(hits, lesions)
    low, high = wilson(hits.mean() * size, size)
    return float(low), float(high)


def rate_figure(hits: np.ndarray, lesions: np.ndarray) -> dict:
    """Return a share of images as the columns of a table: value, low, high, n_images, n_lesions, interval.

    Parameters as `rate_interval`; without an image there is no value.
    """
    low, high = rate_interval(hits, lesions)
    value = hits.mean() if len(hits) else float("nan")
    return {"value": value, "low": low, "high": high, **_counted(lesions), "interval": WILSON}


def resampled_figure(
    statistic: Callable[[np.ndarray | None], np.ndarray],
    lesions: np.ndarray,
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> dict:
    """Return any other figure in the same columns, its interval from resampling lesions.

    Parameters
    ----------
    statistic : callable
        Takes weights of shape (r, n), or None for every case once, and returns an array of shape (r,).
    lesions : ndarray of int, shape (n,)
    random : Generator
    resamples : int
    """
    drawn = bootstrap(lambda weights: statistic(weights)[:, None], lesions, random, resamples)
    low, high = (value.item() for value in percentile_interval(drawn))
    name = bootstrap_name(resamples)
    return {"value": statistic(None).item(), "low": low, "high": high, **_counted(lesions), "interval": name}


def _counted(lesions: np.ndarray) -> dict:
    return {"n_images": len(lesions), "n_lesions": len(np.unique(lesions))}


def lesion_weights(lesions: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    """Draw lesions with replacement and count how often every image comes up.

    Parameters
    ----------
    lesions : ndarray of int, shape (n,)
        Lesion numbers.
    resamples : int
    random : Generator

    Returns
    -------
    ndarray of float, shape (resamples, n)
        As many lesions are drawn as there are; the images of one lesion always share their weight.
    """
    found, numbers = np.unique(lesions, return_inverse=True)
    drawn = random.integers(0, len(found), size=(resamples, len(found)))
    drawn += np.arange(resamples)[:, None] * len(found)
    counts = np.bincount(drawn.ravel(), minlength=resamples * len(found))
    return counts.reshape(resamples, -1).astype(float)[:, numbers]


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray],
    lesions: np.ndarray,
    random: np.random.Generator,
    resamples: int = RESAMPLES,
) -> np.ndarray:
    """Compute a statistic on resampled lesions.

    Parameters
    ----------
    statistic : callable
        Takes weights of shape (r, n) and returns an array of shape (r, ...).
    lesions : ndarray of int, shape (n,)
    random : Generator
    resamples : int

    Returns
    -------
    ndarray, shape (resamples, ...)
    """
    step = max(1, CHUNK_WEIGHTS // len(lesions))
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    return np.concatenate([statistic(lesion_weights(lesions, size, random)) for size in sizes])


def percentile_interval(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 2.5 % and 97.5 % percentiles of bootstrap replicates (Efron and Tibshirani 1993).

    Parameters
    ----------
    replicates : ndarray, shape (resamples, ...)
        NaN where a resample leaves the figure undefined, for example without a case of a rare class.

    Returns
    -------
    low, high : ndarray, shape (...)
        Over the defined resamples; NaN where fewer than `FEWEST_DEFINED` of them are.
    """
    tail = (1 - LEVEL) / 2
    enough = np.isfinite(replicates).mean(axis=0) >= FEWEST_DEFINED
    usable = np.where(enough, replicates, 0.0)
    low, high = np.nanquantile(usable, [tail, 1 - tail], axis=0)
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)
