import numpy as np
import pytest
from sklearn.metrics import roc_curve

from model.errors import ContractError
from model.evaluation.decisions.operating_points import (
    balanced_threshold,
    candidates,
    threshold_for_sensitivity,
    threshold_for_specificity,
)

TRUTH = np.array([True, True, True, True, False, False, False, False])
SCORE = np.array([0.9, 0.8, 0.5, 0.2, 0.6, 0.4, 0.3, 0.1])


def rates(truth, score, threshold):
    return (score[truth] >= threshold).mean(), (score[~truth] < threshold).mean()


def test_thresholds_by_hand():
    assert threshold_for_sensitivity(TRUTH, SCORE, 0.75) == pytest.approx(0.45)  # between 0.4 and 0.5
    assert threshold_for_sensitivity(TRUTH, SCORE, 1.0) == pytest.approx(0.15)
    assert threshold_for_specificity(TRUTH, SCORE, 0.75) == pytest.approx(0.45)
    assert threshold_for_specificity(TRUTH, SCORE, 1.0) == pytest.approx(0.7)
    assert balanced_threshold(TRUTH, SCORE) == pytest.approx(0.45)  # .75 and .75; elsewhere one of the two is .5


@pytest.mark.parametrize("seed", range(4))
def test_targets_are_met_and_no_better_threshold_exists(seed):
    random = np.random.default_rng(seed)
    truth = random.random(300) < 0.2
    score = (0.4 * truth + random.random(300)).round(2) / 1.5
    options = candidates(truth, score)[0]
    sensitive = threshold_for_sensitivity(truth, score, 0.95)
    assert rates(truth, score, sensitive)[0] >= 0.95
    assert all(rates(truth, score, option)[0] < 0.95 for option in options[options > sensitive])
    confirming = threshold_for_specificity(truth, score, 0.9)
    assert rates(truth, score, confirming)[1] >= 0.9
    assert all(rates(truth, score, option)[1] < 0.9 for option in options[options < confirming])


@pytest.mark.parametrize("seed", range(4))
def test_balanced_is_the_best_lesser_rate_on_the_curve_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth = random.random(300) < 0.3
    score = 0.5 * truth + random.random(300)
    false_positive, true_positive, _ = roc_curve(truth, score, drop_intermediate=False)
    lesser = min(rates(truth, score, balanced_threshold(truth, score)))
    assert lesser == pytest.approx(np.minimum(true_positive, 1 - false_positive).max())


@pytest.mark.parametrize("seed", range(4))
def test_balanced_lies_between_ruling_out_and_confirming_where_the_curve_is_flat(seed):
    random = np.random.default_rng(seed)
    truth = random.random(600) < 0.2
    score = np.where(truth, random.beta(1.2, 1.5, 600), random.beta(0.4, 4, 600))  # Youden's lies below ruling out
    rule_out = threshold_for_sensitivity(truth, score, 0.95)
    assert rule_out < balanced_threshold(truth, score) < threshold_for_specificity(truth, score, 0.95)


def test_a_threshold_lies_clear_of_observed_scores():
    assert not np.isin(candidates(TRUTH, SCORE)[0], SCORE).any()


@pytest.mark.parametrize("target", [0, -1, 1.1])
def test_impossible_targets_are_refused(target):
    with pytest.raises(ContractError):
        threshold_for_sensitivity(TRUTH, SCORE, target)


def test_cases_of_one_answer_are_refused():
    with pytest.raises(ContractError):
        balanced_threshold(np.ones(4, dtype=bool), SCORE[:4])
