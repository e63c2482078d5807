"""Losses against numbers worked out by hand."""

import numpy as np
import pytest

from training.fitting.losses import LOSSES

LOGITS = np.log(np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]], np.float32))
TARGETS = np.eye(3, dtype=np.float32)[[0, 1]]


def value(name: str, logits=LOGITS, targets=TARGETS, **options) -> float:
    return float(LOSSES[name](**options)(targets, logits))


def test_cross_entropy():
    assert value("cross_entropy") == pytest.approx(-(np.log(0.7) + np.log(0.25)) / 2, rel=1e-5)


def test_focal_loss_quiets_sure_answers():
    expected = -(0.3**2 * np.log(0.7) + 0.75**2 * np.log(0.25)) / 2
    assert value("focal", gamma=2.0) == pytest.approx(expected, rel=1e-4)
    assert value("focal", gamma=0.0) == pytest.approx(value("cross_entropy"), rel=1e-4)
    assert value("focal", gamma=5.0) < value("focal", gamma=1.0)


def test_focal_loss_with_label_smoothing():
    smooth = np.array([0.8, 0.1, 0.1])  # 0.7 of the label and 0.3 shared among three
    p = np.array([0.7, 0.2, 0.1])
    expected = -(smooth * (1 - p) ** 2 * np.log(p)).sum()
    assert value("focal", LOGITS[:1], TARGETS[:1], gamma=2.0, label_smoothing=0.3) == pytest.approx(expected, rel=1e-4)
