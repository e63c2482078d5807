import numpy as np
import pandas as pd
import pytest
from dcurves import dca

from model.evaluation.cases import Question
from model.evaluation.decisions.decision_curve import THRESHOLDS, decision_curve, net_benefit


def test_net_benefit_is_that_of_dcurves(make_question):
    question = make_question(500, decimals=3)
    table = pd.DataFrame({"truth": question.truth.astype(int), "score": question.score})
    expected = dca(table, "truth", ["score"], THRESHOLDS).set_index("model").net_benefit
    found = decision_curve(question, np.random.default_rng(0), resamples=20)
    np.testing.assert_allclose(found["value"], expected["score"], atol=1e-12)
    np.testing.assert_allclose(found["treat_all"], expected["all"], atol=1e-12)
    np.testing.assert_allclose(found["treat_none"], expected["none"], atol=1e-12)


def test_net_benefit_by_hand():
    """Of five, two ill; at 25 %: both called, one false alarm: (2 - 1 * .25 / .75) / 5."""
    truth = np.array([True, True, False, False, False])
    question = Question("mel", np.arange(5), truth, np.array([0.9, 0.25, 0.6, 0.2, 0.1]), np.arange(5))
    assert net_benefit(question, np.array([0.25])).item() == pytest.approx((2 - 1 / 3) / 5)


def test_weighting_cases_equals_repeating_them(make_question):
    question = make_question(60)
    counts = np.random.default_rng(0).integers(0, 3, 60)
    parts = (np.repeat(part, counts) for part in (question.rows, question.truth, question.score, question.lesions))
    np.testing.assert_allclose(
        net_benefit(question, weights=counts.astype(float)), net_benefit(Question("malignant", *parts))
    )


def test_the_band_is_as_wide_as_theory_says(make_question):
    """At threshold one half net benefit is a mean of +1, -1 and 0, whose standard error is known."""
    question = make_question(800)
    gains = (question.score >= 0.5) * np.where(question.truth, 1, -1)
    curve = decision_curve(question, np.random.default_rng(0), thresholds=np.array([0.5]), resamples=4000).iloc[0]
    assert curve.value == pytest.approx(gains.mean())
    assert curve.high - curve.low == pytest.approx(2 * 1.96 * gains.std() / np.sqrt(800), rel=0.05)
