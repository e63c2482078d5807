"""Figures of photos made worse, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from model.evaluation.inputs.robustness import robustness_table


def answers(by_hand) -> pd.DataFrame:
    """The hand-made set as taken, and with every melanoma probability swapped for that of a nevus."""
    taken = by_hand.assign(corruption="none", severity=0, setting="as taken", agreement=1.0)
    worse = by_hand.assign(corruption="blur", severity=1, setting="soft", agreement=[0.5, 0.7, 0.1, 0.3, np.nan, 0.4])
    return pd.concat([taken, worse.assign(p_mel=by_hand.p_nv, p_nv=by_hand.p_mel)], ignore_index=True)


@pytest.fixture
def table(by_hand, labels):
    return robustness_table(answers(by_hand), labels, 0.25, np.random.default_rng(0), 200)


def test_shares_are_those_counted_by_hand(table):
    found = table.set_index(["corruption", "metric"])["value"]
    assert found["none", "accuracy"] == pytest.approx(4 / 6)
    assert found["none", "melanoma_sensitivity"] == 0.5
    assert found["none", "melanoma_sensitivity_at_point"] == 0.5
    assert found["none", "melanoma_specificity_at_point"] == 0.75
    assert found["blur", "melanoma_sensitivity"] == 0.5
    assert found["blur", "melanoma_sensitivity_at_point"] == 1.0
    assert found["blur", "melanoma_specificity_at_point"] == 0.5


def test_agreement_is_a_mean_over_the_maps_that_there_are(table):
    agreement = table[table["metric"] == "map_agreement"].set_index("corruption")
    assert agreement.loc["blur", "value"] == pytest.approx(0.4)
    assert agreement.loc["blur", ["n_images", "n_lesions"]].tolist() == [5, 4]
    assert agreement.loc["none", ["value", "low", "high"]].tolist() == [1, 1, 1]
    assert agreement.loc["blur", "low"] < 0.4 < agreement.loc["blur", "high"]


def test_every_row_says_what_it_was_counted_on(table):
    assert not table.drop(columns=["setting"]).isna().any(axis=None)
    assert set(table["interval"]) == {"wilson by lesion", "bootstrap by lesion, 200"}
    sensitivity = table[table["metric"] == "melanoma_sensitivity"]
    assert sensitivity["n_images"].tolist() == [2, 2] and sensitivity["n_lesions"].tolist() == [1, 1]


def test_without_a_named_threshold_there_are_no_figures_at_it(by_hand, labels):
    table = robustness_table(answers(by_hand), labels, None, np.random.default_rng(0), 50)
    assert not table["metric"].str.endswith("at_point").any()
