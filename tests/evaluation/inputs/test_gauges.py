"""What gauges find, and how often they are right, against counts by hand."""

import numpy as np
import pandas as pd
import pytest

from model.evaluation.inputs.gauges import correlation, gauges_table


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Forty photos with hair of which thirty are told, and sixty without of which six are."""
    true = np.arange(100) < 40
    told = np.r_[np.arange(40) < 30, np.arange(60) < 6]
    rows = pd.DataFrame({"gauge": "hair", "dataset": "milk10k", "split": "internal_test", "true": true})
    rows["lesion_id"] = [f"lesion_{number // 2}" for number in range(100)]
    rows["beyond"] = np.where(told, 1.0, -1.0)
    scored = rows.assign(score=2 * rows.beyond + 3)
    few = rows.head(45)  # five without it are too few to say anything of
    return gauges_table(rows, {"copies": rows, "scores": scored, "few": few})


def value(table: pd.DataFrame, subject: str, metric: str) -> pd.Series:
    [row] = [row for _, row in table[(table.subject == subject) & (table.metric == metric)].iterrows()]
    return row


@pytest.mark.parametrize(
    ("subject", "metric", "expected", "images"),
    [("all", "told", 0.36, 100), ("scores", "found", 0.75, 40), ("scores", "right", 30 / 36, 36),
     ("copies", "auroc", 1 - (0.25 * 0.9 * 0.5 + 0.75 * 0.1 * 0.5 + 0.25 * 0.1), 100),
     ("scores", "correlation", 1.0, 100)],
)  # fmt: skip
def test_figures_are_those_counted_by_hand(table, subject, metric, expected, images):
    row = value(table, subject, metric)
    assert row.value == pytest.approx(expected)
    assert row.n_images == images
    assert row.low <= row.value + 1e-12 and row.value <= row.high + 1e-12
    assert row.n_lesions == images // 2


def test_copies_made_on_purpose_do_not_say_how_often_a_gauge_is_right(table):
    assert set(table.metric[table.subject == "copies"]) == {"found", "auroc"}


def test_too_few_photos_give_no_figure(table):
    assert table[table.subject == "few"].empty


def test_correlation_is_pearsons_for_every_weighting():
    random = np.random.default_rng(0)
    first, second = random.normal(size=50), random.normal(size=50)
    weights = np.stack([np.ones(50), np.r_[np.ones(20), np.zeros(30)]])
    expected = [np.corrcoef(first, second)[0, 1], np.corrcoef(first[:20], second[:20])[0, 1]]
    assert correlation(first, second, weights) == pytest.approx(expected)
    assert correlation(first, second) == pytest.approx(expected[:1])
