import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from model.card import COOLEST
from model.evaluation.calibration import fit_temperature, mean_log_loss, undo_temperature


def drawn(n=20_000, seed=0):
    """Logits of a network that is exactly calibrated: the labels are drawn from its probabilities."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(n, 7))
    shares = softmax(logits, axis=1).cumsum(axis=1)
    return logits, (random.random((n, 1)) > shares).sum(axis=1).clip(0, 6)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found_again(true_temperature):
    logits, targets = drawn()
    fitted = fit_temperature(logits * true_temperature, targets)
    assert fitted.value == pytest.approx(true_temperature, rel=0.03)
    assert fitted.loss_after <= fitted.loss_before


def test_loss_is_that_of_scikit_learn():
    logits, targets = drawn(500)
    expected = log_loss(targets, softmax(logits / 1.7, axis=1), labels=range(7))
    assert mean_log_loss(logits, targets, 1.7) == pytest.approx(expected)


def test_the_fit_is_a_minimum():
    logits, targets = drawn(800, seed=3)
    fitted = fit_temperature(3 * logits, targets)
    for nearby in (0.99, 1.01):
        assert mean_log_loss(3 * logits, targets, fitted.value * nearby) > fitted.loss_after


def test_a_network_that_is_never_wrong_stops_at_the_bound():
    logits = 0.5 * np.eye(7)
    assert COOLEST <= fit_temperature(logits, np.arange(7)).value < 2 * COOLEST  # the loss is as good as 0 there


def test_undoing_gives_the_uncalibrated_probabilities():
    logits, _ = drawn(50)
    served = np.exp(log_softmax(logits / 1.8, axis=1))
    np.testing.assert_allclose(undo_temperature(served, 1.8), softmax(logits, axis=1), rtol=1e-9)
