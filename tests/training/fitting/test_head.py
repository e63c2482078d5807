"""The last layer's refit: right for a case with a known answer, chosen by validation, fair to rare classes."""

import numpy as np
import pytest

from training.data.label_sets import CODES
from training.fitting.head import STRENGTHS, class_balanced_loss, fit_head


def clouds(counts: list[int], random: np.random.Generator, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(len(CODES)), counts)
    centres = 3 * np.eye(len(CODES), 12)
    return (centres[labels] + spread * random.normal(size=(len(labels), 12)) + 50).astype(np.float32), labels


def test_class_balanced_loss_of_a_worked_case():
    logits = np.log(np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.9, 0.1]]))
    assert class_balanced_loss(logits, np.array([0, 0, 0, 1])) == pytest.approx((np.log(2) + np.log(10)) / 2)


def test_the_head_separates_what_can_be_separated_and_finds_rare_classes():
    random = np.random.default_rng(0)
    train, labels = clouds([20, 30, 40, 8, 60, 400, 8], random)
    held_out, truth = clouds([30] * 7, random)
    head = fit_head(train, labels, held_out, truth)
    predicted = (held_out @ head.kernel + head.bias).argmax(axis=1)
    recalls = [(predicted[truth == label] == label).mean() for label in range(7)]
    assert min(recalls) > 0.7
    assert head.loss == pytest.approx(class_balanced_loss(held_out @ head.kernel + head.bias, truth), abs=1e-3)


def test_validation_chooses_the_strength():
    random = np.random.default_rng(1)
    train, held_out = random.normal(size=(2, 84, 300)).astype(np.float32)  # nothing to learn but the images themselves
    labels = np.tile(np.arange(7), 12)
    assert fit_head(train, labels, held_out, labels).strength == min(STRENGTHS)
    assert fit_head(train, labels, train, labels).strength == max(STRENGTHS)
