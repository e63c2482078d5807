import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from model.evaluation.calibration import calibration_figures, error_by_chance, reliability_table, uncalibrated
from model.evaluation.cases import ask, read_cases
from model.evaluation.metrics import calibration_error, log_losses


def test_bins_are_those_of_scikit_learn(make_cases):
    cases = make_cases(500)
    question = ask(cases, "malignant")
    table = reliability_table(cases, "malignant")
    shares, means = calibration_curve(question.truth, question.score, n_bins=15)
    filled = table[table.n_images > 0]
    np.testing.assert_allclose(filled["share"], shares)
    np.testing.assert_allclose(filled["confidence"], means)
    assert table.n_images.sum() == 500


def test_bins_add_up_to_the_calibration_error(make_cases):
    cases = make_cases(300)
    table = reliability_table(cases).dropna()
    error = (table.n_images * (table.confidence - table["share"]).abs()).sum() / 300
    expected = calibration_error(cases.probabilities.max(axis=1), cases.correct)
    assert error == pytest.approx(expected.item())


def test_bins_by_hand(by_hand, labels):
    table = reliability_table(read_cases(by_hand, labels), bins=2)
    low, high = table.to_dict("records")
    assert low["n_images"] == 1  # 0.5 itself belongs to the lower bin
    assert (low["confidence"], low["share"]) == (0.5, 1)
    assert (high["n_images"], high["n_lesions"]) == (5, 4)
    assert high["share"] == pytest.approx(3 / 5)


def test_empty_bins_say_so_and_single_images_carry_wilson(by_hand, labels):
    table = reliability_table(read_cases(by_hand.drop(columns="lesion_id"), labels), bins=10)
    assert table.loc[0, "n_images"] == 0
    assert table.loc[0, ["confidence", "share", "low", "high"]].isna().all()
    expected = proportion_confint(1, 2, method="wilson")  # i2 (0.8, wrong) and i5 (0.8, right)
    assert table.loc[7, ["low", "high"]].tolist() == pytest.approx(expected)


def test_change_is_after_minus_before(make_cases):
    cases = make_cases(300)
    table = calibration_figures(cases, 1.6, np.random.default_rng(0), 200).set_index(["metric", "state"])
    before, after = (log_losses(state).mean() for state in (uncalibrated(cases, 1.6), cases))
    assert table.loc[("log_loss", "before"), "value"] == pytest.approx(before)
    assert table.loc[("log_loss", "change"), "value"] == pytest.approx(after - before)
    paired = table.loc[("log_loss", "change")]
    assert paired.low < paired["value"] < paired.high


def test_a_temperature_of_one_changes_nothing(make_cases):
    table = calibration_figures(make_cases(100), 1.0, np.random.default_rng(0), 50)
    changes = table[table.state == "change"]
    np.testing.assert_allclose(changes[["value", "low", "high"]], 0, atol=1e-12)


def test_chance_alone_gives_an_error_that_falls_with_the_number_of_cases():
    confidence = np.random.default_rng(1).uniform(0.5, 1, 4000)
    few, many = (error_by_chance(confidence[:n], np.random.default_rng(0), 300) for n in (100, 4000))
    assert 0 < many[1] < many[0] < many[2] < few[0] < few[2]
    assert few[0] / many[0] == pytest.approx(np.sqrt(4000 / 100), rel=0.25)  # as standard errors do
    assert error_by_chance(np.ones(50), np.random.default_rng(0), 20) == (0, 0, 0)  # what is certain does not vary


def test_one_draw_by_chance_has_the_calibration_error_of_its_outcomes():
    confidence = np.random.default_rng(1).uniform(0, 1, 500)
    hits = np.random.default_rng(2).random(500) < confidence
    expected = calibration_error(confidence, hits).item()
    assert error_by_chance(confidence, np.random.default_rng(2), 1) == pytest.approx((expected,) * 3)
