"""A set with melanomas and naevi alone is held against the same two classes of every other set."""

import pandas as pd
import pytest

from model.evaluation.inputs.external import side_by_side


def both(by_hand):
    """The hand-made set twice: as an outside set and as the internal test, with a third split that chose things."""
    inside = by_hand.assign(dataset="home", split="internal_test")
    return pd.concat([by_hand, inside, by_hand.assign(split="validation")], ignore_index=True)


def test_rates_are_counted_on_melanomas_and_naevi_alone(by_hand, labels):
    none = pd.DataFrame(columns=["dataset", "split", "metric", "subject", "value"])
    rows = side_by_side(both(by_hand), none, labels, 0.5)
    assert list(rows["split"].unique()) == ["internal_test", "external"]
    for _, part in rows.groupby("dataset"):
        found = part.set_index("metric")
        assert found.loc["sensitivity", ["value", "n_images", "n_lesions"]].tolist() == [0.5, 2, 1]
        assert found.loc["specificity", ["value", "n_images", "n_lesions"]].tolist() == [0.5, 2, 2]
        assert found.loc["accuracy", ["value", "n_images", "n_lesions"]].tolist() == [0.5, 4, 3]
        assert (found["low"] < found["value"]).all() and (found["value"] < found["high"]).all()
    assert side_by_side(both(by_hand), none, labels, 0.15).set_index("metric").loc["sensitivity", "value"].tolist() == [
        1.0, 1.0
    ]  # fmt: skip


def test_the_area_is_the_stored_one(by_hand, labels):
    stored = {"dataset": "hand", "split": "external", "metric": "auc", "value": 0.75, "low": 0.5, "high": 0.9}
    metrics = pd.DataFrame(
        [stored | {"subject": "mel_vs_nv", "n_images": 4, "n_lesions": 3}, stored | {"subject": "mel", "value": 0.1}]
    )
    rows = side_by_side(both(by_hand), metrics, labels, 0.5)
    assert rows[rows["metric"] == "auc"]["value"].tolist() == [0.75]


def test_a_set_of_one_class_has_no_melanoma_rates(by_hand, labels):
    naevi = by_hand[by_hand["label"] == "nv"]
    none = pd.DataFrame(columns=["dataset", "split", "metric", "subject", "value"])
    assert side_by_side(naevi, none, labels, 0.5)["metric"].tolist() == ["accuracy"]
    assert pytest.approx(0.5) == side_by_side(naevi, none, labels, 0.5)["value"].item()
