import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from model.evaluation import intervals


@pytest.mark.parametrize(("successes", "trials"), [(0, 12), (1, 12), (7, 30), (95, 100), (40, 40), (1, 1)])
def test_wilson_is_that_of_statsmodels(successes, trials):
    expected = proportion_confint(successes, trials, method="wilson")
    np.testing.assert_allclose(intervals.wilson(successes, trials), expected, atol=1e-12)


def test_wilson_of_nothing_is_undefined():
    assert np.isnan(intervals.wilson(0, 0)).all()
    assert np.isnan(intervals.rate_interval(np.array([], dtype=bool), np.array([], dtype=int))).all()


def test_rate_of_single_images_is_plain_wilson():
    hits = np.arange(50) < 41
    expected = proportion_confint(41, 50, method="wilson")
    assert intervals.rate_interval(hits, np.arange(50)) == pytest.approx(expected)


def test_images_that_repeat_a_lesion_add_nothing():
    hits = np.random.default_rng(0).random(400) < 0.7
    thrice = intervals.effective_size(np.repeat(hits, 3), np.repeat(np.arange(400), 3))
    assert thrice == pytest.approx(400, rel=0.01)


def test_a_perfect_rate_counts_lesions_of_equal_size_once():
    assert intervals.effective_size(np.ones(12, dtype=bool), np.repeat(np.arange(4), 3)) == pytest.approx(4)


def test_effective_size_is_never_more_than_the_images():
    alternating = np.tile([True, False], 50)  # within each lesion one hit, one miss: varies less than chance
    assert intervals.effective_size(alternating, np.repeat(np.arange(50), 2)) == 100


def test_rate_interval_covers_the_truth_where_images_share_lesions():
    """In 1,000 simulated sets with three alike images a lesion, about 950 intervals should hold the truth."""
    random = np.random.default_rng(0)
    lesions = np.repeat(np.arange(60), 3)
    covered = plain = 0
    for _ in range(1000):
        chance = random.beta(8 * 0.8, 8 * 0.2, 60)  # 0.8 on average, differing between lesions
        hits = random.random(180) < chance[lesions]
        low, high = intervals.rate_interval(hits, lesions)
        covered += low <= 0.8 <= high
        low, high = intervals.wilson(hits.sum(), 180)
        plain += low <= 0.8 <= high
    assert 935 <= covered <= 975
    assert plain < covered


def test_images_of_a_lesion_are_drawn_together():
    lesions = np.array([5, 2, 5, 9, 2, 5])
    weights = intervals.lesion_weights(lesions, 400, np.random.default_rng(0))
    assert weights.shape == (400, 6)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 4])
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()  # three lesions are drawn out of three
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.15)


def test_bootstrap_of_a_mean_has_its_known_standard_error():
    random = np.random.default_rng(0)
    values = random.normal(size=500)
    replicates = intervals.bootstrap(
        lambda weights: weights @ values / weights.sum(axis=1), np.arange(500), random, 4000
    )
    assert replicates.std() == pytest.approx(values.std() / np.sqrt(500), rel=0.05)


def test_pieces_of_a_bootstrap_are_put_together(monkeypatch):
    monkeypatch.setattr(intervals, "CHUNK_WEIGHTS", 70)
    sizes = []

    def statistic(weights):
        sizes.append(len(weights))
        return weights.sum(axis=1)

    assert intervals.bootstrap(statistic, np.arange(10), np.random.default_rng(0), 25).shape == (25,)
    assert sizes == [7, 7, 7, 4]


def test_percentiles_leave_out_undefined_resamples_unless_many():
    replicates = np.column_stack([np.linspace(0, 1, 1001)] * 2)
    replicates[:30, 0] = np.nan
    replicates[:60, 1] = np.nan
    low, high = intervals.percentile_interval(replicates)
    assert (low[0], high[0]) == pytest.approx(np.quantile(np.linspace(0.03, 1, 971), [0.025, 0.975]))
    assert np.isnan([low[1], high[1]]).all()
