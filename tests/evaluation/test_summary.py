import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from model.errors import ContractError
from model.evaluation.cases import ask, read_cases
from model.evaluation.summary import summarise, two_way_rates

COLUMNS = ["dataset", "split", "metric", "subject", "value", "low", "high"]
COLUMNS += ["n_images", "n_lesions", "n_positive", "interval"]


def summarised(predictions, labels, resamples=200):
    table = summarise(predictions, labels, np.random.default_rng(0), resamples)
    return table.set_index(["metric", "subject"])


def test_rows_by_hand(by_hand, labels):
    table = summarised(by_hand, labels)
    assert table.loc[("accuracy", "all"), "value"] == pytest.approx(4 / 6)
    assert table.loc[("two_way_accuracy", "malignant"), "value"] == pytest.approx(4 / 6)  # i2 and i4 wrong
    expected = {"sensitivity": (2, 3, 2, 3), "specificity": (2, 3, 3, 0), "ppv": (2, 3, 3, 2), "npv": (2, 3, 3, 1)}
    for metric, (hits, images, lesions, positive) in expected.items():
        row = table.loc[(metric, "malignant")]
        assert row["value"] == pytest.approx(hits / images)
        assert (row["n_images"], row["n_lesions"], row["n_positive"]) == (images, lesions, positive)
    assert table.loc[("auc", "mel_vs_nv"), "value"] == pytest.approx(3 / 4)
    assert table.loc[("auc", "mel_vs_nv"), ["n_images", "n_lesions", "n_positive"]].tolist() == [4, 3, 2]
    assert pd.isna(table.loc[("accuracy", "all"), "n_positive"])


def test_figures_are_those_of_scikit_learn(make_predictions, labels):
    predictions = make_predictions(400)
    table, cases = summarised(predictions, labels), read_cases(predictions, labels)
    assert table.loc[("accuracy", "all"), "value"] == accuracy_score(cases.targets, cases.predicted)
    recall = recall_score(cases.targets, cases.predicted, average=None)
    precision = precision_score(cases.targets, cases.predicted, average=None)
    for position, code in enumerate(cases.codes):
        assert table.loc[("sensitivity", code), "value"] == pytest.approx(recall[position])
        assert table.loc[("ppv", code), "value"] == pytest.approx(precision[position])
    question = ask(cases, "malignant")
    assert table.loc[("auc", "malignant"), "value"] == pytest.approx(roc_auc_score(question.truth, question.score))


def test_table_keeps_its_promises(make_predictions, labels):
    table = summarise(make_predictions(400), labels, np.random.default_rng(0), 200)
    assert list(table.columns) == COLUMNS
    assert not table.duplicated(["dataset", "split", "metric", "subject"]).any()
    assert (table.low <= table.value).all()
    spread = table[table.metric != "ece"]  # resampling adds noise to every bin, so its interval can lie above
    assert (spread.value <= spread.high).all()
    assert set(table.interval) == {"wilson by lesion", "bootstrap by lesion, 200"}
    assert (table.n_lesions <= table.n_images).all()


def test_rates_of_single_images_carry_plain_wilson_intervals(make_predictions, labels):
    table = summarised(make_predictions(300).drop(columns="lesion_id"), labels)
    row = table.loc[("sensitivity", "mel")]
    hits = round(row["value"] * row["n_images"])
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(hits, row["n_images"], method="wilson"))


def test_bootstrap_agrees_with_refitting_on_drawn_lesions(make_predictions, labels):
    """The weighted short cut against really drawing lesions, copying their rows and asking scikit-learn."""
    predictions = make_predictions(250)
    question = ask(read_cases(predictions, labels), "malignant")
    random, drawn = np.random.default_rng(5), []
    images = [np.flatnonzero(question.lesions == lesion) for lesion in np.unique(question.lesions)]
    for _ in range(500):
        rows = np.concatenate([images[pick] for pick in random.integers(0, len(images), len(images))])
        drawn.append(roc_auc_score(question.truth[rows], question.score[rows]))
    row = summarised(predictions, labels, 2000).loc[("auc", "malignant")]
    assert (row["low"], row["high"]) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.01)


def test_the_seed_decides_every_interval(make_predictions, labels):
    predictions = make_predictions(200)
    pd.testing.assert_frame_equal(summarised(predictions, labels), summarised(predictions, labels))


def test_splits_are_judged_apart(make_predictions, labels):
    both = pd.concat([make_predictions(200, split="validation"), make_predictions(150, seed=1)])
    table = summarise(both, labels, np.random.default_rng(0), 100)
    rows = table[(table.metric == "accuracy")].set_index("split")
    assert rows.n_images.to_dict() == {"validation": 200, "internal_test": 150}


def test_a_set_with_one_class_has_no_undefined_rows_but_still_an_accuracy(by_hand, labels):
    table = summarised(by_hand[:2], labels)
    assert table.loc[("accuracy", "all"), "value"] == 0.5
    assert ("macro_auc", "all") not in table.index
    assert np.isfinite(table["value"]).all()


def test_two_way_rates_leave_out_what_has_no_denominator():
    found = two_way_rates(np.array([True, True]), np.array([True, False]))
    assert set(found) == {"sensitivity", "ppv", "npv"}


def test_an_empty_table_is_refused(by_hand, labels):
    with pytest.raises(ContractError):
        summarise(by_hand[:0], labels, np.random.default_rng(0))


def test_other_groups_than_dataset_and_split_can_be_asked_for(by_hand, labels):
    by_hand["severity"] = [1, 1, 1, 2, 2, 2]
    table = summarise(by_hand, labels, np.random.default_rng(0), 50, by=["severity"])
    accuracy = table[table.metric == "accuracy"].set_index("severity")
    assert accuracy["value"].to_dict() == pytest.approx({1: 2 / 3, 2: 2 / 3})
    assert "dataset" not in table
