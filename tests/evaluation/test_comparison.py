import numpy as np
import pytest

from model.errors import ContractError
from model.evaluation.comparison import paired_differences


def compare(first, second, labels, resamples=500):
    table = paired_differences(first, second, labels, np.random.default_rng(0), resamples)
    return table.set_index(["metric", "subject"])


def test_a_model_does_not_differ_from_itself_in_any_order(make_predictions, labels):
    predictions = make_predictions(200)
    table = compare(predictions, predictions.sample(frac=1, random_state=0), labels)
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)
    assert {"accuracy", "balanced_accuracy", "auc", "macro_auc", "sensitivity"} <= set(table.reset_index().metric)


def test_a_better_model_is_told_from_a_worse_one(make_predictions, labels):
    better, worse = make_predictions(400, signal=2.5), make_predictions(400, signal=1)
    row = compare(better, worse, labels).loc[("macro_auc", "all")]
    assert 0 < row["low"] < row["difference"] < row["high"]
    assert row["difference"] == pytest.approx(row["first"] - row["second"])
    swapped = compare(worse, better, labels).loc[("macro_auc", "all")]
    assert swapped["difference"] == pytest.approx(-row["difference"])


def test_pairing_is_narrower_than_two_unpaired_intervals(make_predictions, labels):
    base = make_predictions(400)
    nudged = base.copy()
    columns = [f"p_{label.code}" for label in labels]
    nudged[columns] = 0.9 * base[columns] + 0.1 * make_predictions(400, seed=0, signal=1.6)[columns]
    row = compare(base, nudged, labels).loc[("auc", "malignant")]
    assert row["high"] - row["low"] < 0.02


def test_other_images_or_labels_are_refused(make_predictions, labels):
    predictions = make_predictions(50)
    other_label = predictions.assign(label=np.roll(predictions.label, 1))
    twice = predictions.assign(image_id=["ISIC_0", *predictions.image_id[:-1]])
    for changed in (predictions[:-1], predictions.assign(image_id=predictions.image_id + "x"), other_label, twice):
        with pytest.raises(ContractError) as refusal:
            compare(predictions, changed, labels)
        assert refusal.value.code == "predictions_unpaired"
