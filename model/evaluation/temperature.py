"""Temperature scaling: one number that makes confidence match how often the network is right."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

COLDEST, HOTTEST = 0.05, 20.0  # beyond these the logits are unusable, whatever the temperature


@dataclass(frozen=True)
class Temperature:
    """A fitted temperature and the mean log loss without and with it, in nats."""

    value: float
    loss_before: float
    loss_after: float


def mean_log_loss(logits: np.ndarray, targets: np.ndarray, temperature: float = 1.0) -> float:
    """Return the mean negative log-likelihood of the true classes, in nats.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes)
    targets : ndarray of int, shape (n,)
        Index of the true class.
    temperature : float
        What the logits are divided by, greater than 0.
    """
    log_probabilities = log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
    return float(-log_probabilities[np.arange(len(targets)), targets].mean())


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> Temperature:
    """Find the temperature with the least log loss (Guo et al., ICML 2017).

    The loss is convex in 1 / temperature, so the one minimum between `COLDEST` and `HOTTEST` is found; where
    the loss keeps falling (no case is wrong), the value stops near that end.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes)
        Of the validation images, views already averaged.
    targets : ndarray of int, shape (n,)
    """
    fitted = minimize_scalar(
        lambda inverse: mean_log_loss(logits, targets, 1 / inverse),
        bounds=(1 / HOTTEST, 1 / COLDEST),
        method="bounded",
        options={"xatol": 1e-7},
    )
    value = float(1 / fitted.x)
    return Temperature(value, mean_log_loss(logits, targets), mean_log_loss(logits, targets, value))


def undo_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities as they were before a temperature was applied.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n, classes)
        Calibrated; rows sum to 1.
    temperature : float
        The one they were made with.
    """
    raised = np.asarray(probabilities, dtype=np.float64) ** temperature
    return raised / raised.sum(axis=1, keepdims=True)
