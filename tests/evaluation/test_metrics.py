"""Figures against hand-worked values and against scikit-learn on random data with ties and weights."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from model.evaluation import metrics
from model.evaluation.cases import ask, read_cases, subjects


def test_auc_by_hand_counts_a_tie_half():
    truth = np.array([True, True, False, False, False])
    score = np.array([0.9, 0.4, 0.4, 0.3, 0.6])
    # 0.9 beats all three; 0.4 beats one, ties with one, loses to one: (3 + 1.5) / 6
    assert metrics.auc(truth, score).item() == pytest.approx(0.75)


@pytest.mark.parametrize("seed", range(5))
def test_weighted_auc_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth = random.random(200) < 0.3
    score = (random.random(200) + 0.3 * truth).round(seed % 3 + 1)  # rounding makes ties
    weights = random.integers(0, 4, (20, 200)).astype(float)
    expected = [roc_auc_score(truth, score, sample_weight=row) for row in weights]
    np.testing.assert_allclose(metrics.auc(truth, score, weights), expected, rtol=1e-12)


def test_weighting_a_case_equals_repeating_it():
    random = np.random.default_rng(7)
    truth, score = random.random(60) < 0.4, random.random(60).round(1)
    counts = random.integers(0, 3, 60)
    repeated = metrics.auc(np.repeat(truth, counts), np.repeat(score, counts))
    assert metrics.auc(truth, score, counts).item() == pytest.approx(repeated.item())


def test_auc_without_one_of_the_answers_is_undefined():
    truth, score = np.array([True, False, False]), np.array([0.5, 0.2, 0.7])
    weights = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 0]])
    np.testing.assert_array_equal(metrics.auc(truth, score, weights), [np.nan, np.nan, 1.0])


@pytest.mark.parametrize("decimals", [None, 1])
def test_every_question_has_the_auc_of_scikit_learn(make_cases, decimals):
    cases = make_cases(400, decimals=decimals)
    assert len(subjects(cases)) == 10
    for subject in subjects(cases):
        question = ask(cases, subject)
        expected = roc_auc_score(question.truth, question.score)
        assert metrics.auc(question.truth, question.score).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_weighted_average_precision_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth = random.random(150) < 0.2
    score = (random.random(150) + 0.4 * truth).round(seed + 1)
    weights = random.integers(0, 4, (10, 150)).astype(float)
    expected = [average_precision_score(truth, score, sample_weight=row) for row in weights]
    np.testing.assert_allclose(metrics.average_precision(truth, score, weights), expected, rtol=1e-12)


def test_average_precision_by_hand():
    truth, score = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1])
    assert metrics.average_precision(truth, score).item() == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(metrics.average_precision(truth, score, np.array([0, 1, 0, 1])))


def test_macro_auc_is_that_of_scikit_learn(make_cases):
    cases = make_cases(400)
    expected = roc_auc_score(cases.targets, cases.probabilities, multi_class="ovr", average="macro")
    assert metrics.macro_auc(cases).item() == pytest.approx(expected)


def test_balanced_accuracy_is_that_of_scikit_learn(make_cases):
    cases = make_cases(300)
    weights = np.random.default_rng(1).integers(0, 3, (10, 300)).astype(float)
    expected = [balanced_accuracy_score(cases.targets, cases.predicted, sample_weight=row) for row in weights]
    np.testing.assert_allclose(metrics.balanced_accuracy(cases, weights), expected)


def test_balanced_accuracy_by_hand_is_over_the_classes_that_occur(by_hand, labels):
    cases = read_cases(by_hand, labels)
    np.testing.assert_allclose(metrics.recalls(cases), [[1, 1, 0.5, 0.5]])  # bcc, bkl, mel, nv
    assert metrics.balanced_accuracy(cases).item() == pytest.approx(0.75)


def test_losses_are_those_of_scikit_learn(make_cases):
    cases = make_cases(300)
    expected = log_loss(cases.targets, cases.probabilities, labels=range(7))
    assert metrics.log_losses(cases).mean() == pytest.approx(expected)
    expected = brier_score_loss(cases.targets, cases.probabilities, labels=range(7), scale_by_half=False)
    assert metrics.squared_errors(cases).mean() == pytest.approx(expected)


def test_log_loss_of_a_rounded_zero_is_finite(by_hand, labels):
    by_hand.loc[0, ["p_mel", "p_nv"]] = [0.0, 1.0]
    assert np.isfinite(metrics.log_losses(read_cases(by_hand, labels))).all()


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    hits = np.array([True, True, True, False, True, True])
    # bin of .95: |.95 - .75| = .20 over 4 of 6; bin of .55: |.55 - 1| = .45 over 2 of 6
    assert metrics.calibration_error(confidence, hits).item() == pytest.approx((4 * 0.20 + 2 * 0.45) / 6)


def test_calibration_error_has_the_bins_of_scikit_learn():
    random = np.random.default_rng(3)
    score = random.random(1000).round(2)  # many on bin edges
    truth = random.random(1000) < score**2
    shares, means = calibration_curve(truth, score, n_bins=15)
    filled = np.bincount(metrics.calibration_bins(score), minlength=15)
    expected = (np.abs(shares - means) * filled[filled > 0]).sum() / 1000
    assert metrics.calibration_error(score, truth).item() == pytest.approx(expected)


def test_weighted_calibration_error_equals_repeating_cases():
    random = np.random.default_rng(4)
    score, truth, counts = random.random(80), random.random(80) < 0.5, random.integers(0, 3, 80)
    repeated = metrics.calibration_error(np.repeat(score, counts), np.repeat(truth, counts))
    assert metrics.calibration_error(score, truth, counts).item() == pytest.approx(repeated.item())
