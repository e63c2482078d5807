import numpy as np
import pandas as pd
import pytest

from model.evaluation.cases import ask, read_cases
from model.evaluation.decisions.decision_curve import decision_curve, net_benefit
from model.evaluation.metrics import squared_errors
from model.evaluation.stored import stored_curves, stored_decision, stored_reliability, stored_subgroups


def test_every_question_of_every_split_has_its_curves(make_predictions, by_hand, labels):
    both = pd.concat([make_predictions(300), by_hand])
    table = stored_curves(both, labels, np.random.default_rng(0), 40)
    counts = table.groupby(["dataset", "subject"]).curve.nunique()
    assert counts["ham10000"].to_dict() == dict.fromkeys(
        ["akiec", "bcc", "bkl", "df", "nv", "vasc", "mel_vs_nv", "akiec_bcc_vs_bkl"], 2
    ) | {"mel": 3, "malignant": 3}
    assert set(counts["hand"].index) == {"bcc", "bkl", "mel", "nv", "malignant", "mel_vs_nv", "akiec_bcc_vs_bkl"}
    assert not table.duplicated(["dataset", "split", "subject", "curve", "x"]).any()
    whole = table[table.dataset == "ham10000"]
    assert whole[["value", "low", "high"]].notna().all(axis=None)
    assert (whole.low <= whole.high).all()


def test_the_stored_decision_curve_is_the_computed_one(make_predictions, labels):
    predictions = make_predictions(200)
    table = stored_curves(predictions, labels, np.random.default_rng(0), 20)
    stored = table[(table.curve == "decision") & (table.subject == "mel")]
    question = ask(read_cases(predictions, labels), "mel")
    np.testing.assert_allclose(stored["value"], net_benefit(question)[0])
    assert (stored.n_positive == question.truth.sum()).all()


def test_a_stored_decision_curve_comes_back_whole(make_predictions, labels):
    predictions = make_predictions(200)
    table = stored_curves(predictions, labels, np.random.default_rng(0), 20)
    computed = decision_curve(ask(read_cases(predictions, labels), "mel"), np.random.default_rng(0), resamples=20)
    found = stored_decision(table, "mel")
    assert list(found.columns) == list(computed.columns)
    np.testing.assert_allclose(
        found[["threshold", "value", "treat_all"]], computed[["threshold", "value", "treat_all"]]
    )
    assert stored_decision(table, "nv").empty


def test_reliability_is_stored_for_every_set(make_predictions, by_hand, labels):
    both = pd.concat([make_predictions(200), by_hand])
    table = stored_reliability(both, labels, 1.5, np.random.default_rng(0), 20)
    assert (table.groupby(["dataset", "split"]).size() == 9).all()
    cases = read_cases(both[both.dataset == "hand"].reset_index(drop=True), labels)
    found = table[table.dataset == "hand"].set_index(["metric", "state"])["value"]
    assert found["brier", "after"] == squared_errors(cases).mean()
    assert found["brier", "change"] == pytest.approx(found["brier", "after"] - found["brier", "before"])


def test_subgroups_are_stored_at_the_first_named_threshold_of_each_question(make_predictions, labels):
    predictions = make_predictions(600).assign(age=40.0, sex="male", site="upper_extremity", skin_tone=2.0)
    points = [
        {"name": "first", "subject": "mel", "value": 0.2},
        {"name": "second", "subject": "mel", "value": 0.6},
        {"name": "other", "subject": "malignant", "value": 0.3},
    ]
    table = stored_subgroups(predictions, labels, points, np.random.default_rng(0), 20)
    assert set(zip(table.point, table.subject, table.threshold, strict=True)) == {
        ("first", "mel", 0.2), ("other", "malignant", 0.3)
    }  # fmt: skip
    question = ask(read_cases(predictions, labels), "mel")
    rows = table[(table.subject == "mel") & (table.metric == "sensitivity")].set_index("group")
    assert rows.loc["everyone", "value"] == (question.score[question.truth] >= 0.2).mean()
    groups = {"everyone", "30 to 49", "male", "upper extremity", "class 2"}
    assert set(rows.index) == groups
    assert set(table.group[table.metric.isna()]) == {"not assessed"}  # no column says how anything was confirmed


def test_a_question_that_a_set_cannot_answer_has_no_subgroups(make_predictions, by_hand, labels):
    naevi = by_hand[by_hand["label"] == "nv"]
    points = [{"name": "first", "subject": "mel", "value": 0.2}]
    both = pd.concat([make_predictions(100), naevi])
    table = stored_subgroups(both, labels, points, np.random.default_rng(0), 20)
    assert set(table.dataset) == {"ham10000"}
