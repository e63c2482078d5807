import dataclasses

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from model.evaluation import curves


@pytest.mark.parametrize("decimals", [8, 1])
def test_points_are_those_of_scikit_learn(make_question, decimals):
    question = make_question(decimals=decimals)
    points = curves.curve_points(question)
    expected = roc_curve(question.truth, question.score, drop_intermediate=False)
    np.testing.assert_allclose(points[["false_positive_rate", "sensitivity", "threshold"]].to_numpy().T, expected)
    precision, recall, _ = precision_recall_curve(question.truth, question.score)
    np.testing.assert_allclose(points.precision[1:], precision[-2::-1])
    np.testing.assert_allclose(points.sensitivity[1:], recall[-2::-1])


def test_weighted_walk_is_that_of_scikit_learn(make_question):
    question = make_question(decimals=1)
    weights = np.random.default_rng(0).integers(1, 4, (5, 400)).astype(float)
    path = curves.walk(question, weights)
    for row in range(5):
        expected = roc_curve(question.truth, question.score, sample_weight=weights[row], drop_intermediate=False)
        np.testing.assert_allclose(path.false_positive_rate[row], expected[0])
        np.testing.assert_allclose(path.sensitivity[row], expected[1])


def test_precision_by_hand():
    # 100 lesions, 20 with the condition: 18 found, 8 false alarms
    assert curves.precision_at(np.array([0.9]), np.array([0.1]), 0.2).item() == pytest.approx(18 / 26)
    assert np.isnan(curves.precision_at(np.array([0.0]), np.array([0.0]), 0.2)).all()


def test_precision_moves_to_another_prevalence_as_if_measured_there(make_question):
    question = make_question()
    here, there = (curves.curve_points(question, prevalence).precision[1:] for prevalence in (0.3, 0.02))
    np.testing.assert_allclose(curves.move_prevalence(here, 0.3, 0.02), there)


def test_moving_prevalence_there_and_back_changes_nothing():
    probability = np.array([0.0, 0.2, 0.9, 1.0])
    moved = curves.move_prevalence(probability, 0.2, 0.03)
    np.testing.assert_allclose(curves.move_prevalence(moved, 0.03, 0.2), probability)
    assert moved[1] == pytest.approx(0.03)  # a lesion no more suspect than the average one


def test_grid_values_by_hand():
    rates = {"sensitivity": [0, 0.5, 1, 1, 1], "false_positive_rate": [0, 0, 0, 0.5, 1]}
    path = curves.Walk(np.arange(5), **{name: np.array([values]) for name, values in rates.items()})
    np.testing.assert_allclose(curves.sensitivity_on_grid(path, np.array([0, 0.25, 1])), [[1, 1, 1]])
    rates = {"sensitivity": [0, 0.5, 0.5, 1], "false_positive_rate": [0, 0, 0.5, 0.5]}
    path = curves.Walk(np.arange(4), **{name: np.array([values]) for name, values in rates.items()})
    np.testing.assert_allclose(curves.sensitivity_on_grid(path, np.array([0, 0.25, 0.5])), [[0.5, 0.5, 1]])
    at = curves.precision_on_grid(path, 0.5, np.array([0, 0.5, 0.51, 1]))
    np.testing.assert_allclose(at, [[1, 1, 2 / 3, 2 / 3]])


def test_bands_hold_the_curve_and_narrow_with_more_lesions(make_question):
    few, many = (curves.curve_bands(make_question(n), np.random.default_rng(0), 300) for n in (200, 3200))
    for bands in (few, many):
        assert bands.notna().all(axis=None)
        inside = (bands.low - 1e-12 <= bands.value) & (bands.value <= bands.high + 1e-12)
        assert inside.mean() > 0.95
    widths = [(bands.high - bands.low)[bands.curve == "roc"].mean() for bands in (few, many)]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.3)


def test_copies_of_an_image_do_not_narrow_a_band(make_question):
    single = make_question(200)
    thrice = dataclasses.replace(
        single,
        **{name: np.repeat(getattr(single, name), 3) for name in ("rows", "truth", "score", "lesions")},
    )
    bands = [curves.curve_bands(question, np.random.default_rng(0), 300) for question in (single, thrice)]
    np.testing.assert_allclose(bands[0][["low", "high"]], bands[1][["low", "high"]], atol=1e-12)


def test_roc_band_covers_the_true_curve(make_question):
    """The score is uniform, shifted by lean where the answer is yes, so the true curve is a straight line."""
    lean, held = 0.3, []
    for seed in range(60):
        bands = curves.curve_bands(make_question(300, lean=lean, seed=seed), np.random.default_rng(seed), 200)
        roc = bands[(bands.curve == "roc") & bands.x.between(0.1, 0.6)]
        true = roc.x + lean
        held.append(((roc.low <= true) & (true <= roc.high)).mean())
    assert 0.90 <= np.mean(held) <= 0.98
