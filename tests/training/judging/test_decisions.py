"""Thresholds are fitted so that their promise holds for the next case, not only for those they were fitted on."""

import numpy as np
import pytest

from model.evaluation.decisions.operating_points import threshold_for_sensitivity
from training.judging.decisions import for_a_further_case


@pytest.mark.parametrize(("cases", "found"), [(19, 19), (39, 38), (168, 161)])
def test_a_further_case_counts_as_one_that_may_be_missed(cases, found):
    truth = np.repeat([True, False], cases)
    score = np.concatenate([np.arange(cases) + 1.0, np.zeros(cases)])
    threshold = threshold_for_sensitivity(truth, score, for_a_further_case(0.95, cases))
    assert (score[truth] >= threshold).sum() == found


def test_a_further_case_is_found_as_often_as_promised():
    random, reached = np.random.default_rng(0), []
    for _ in range(2000):
        truth, score = np.repeat([True, False], 40), random.normal(size=80)
        threshold = threshold_for_sensitivity(truth, score, for_a_further_case(0.95, 40))
        reached.append(random.normal() >= threshold)
    assert np.mean(reached) > 0.94
