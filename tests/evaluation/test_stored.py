import numpy as np
import pandas as pd

from model.evaluation.cases import ask, read_cases
from model.evaluation.decision import decision_curve, net_benefit
from model.evaluation.stored import stored_curves, stored_decision


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
