"""Rules, prediction sets, abstention and answers like this one, held against counts made by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from model.errors import ContractError
from model.evaluation.cases import Cases, read_cases
from model.evaluation.decisions import abstention, decision_rules, evidence, prediction_sets
from model.evaluation.decisions.decision_rules import fit_rule, measure_rules, near_tie
from model.evaluation.decisions.prediction_sets import _lower_quantile, fit_limits, measure_sets, sets_of
from tests.support.card_bundle import write_bundle

LIMITS = {"malignant": 0.2, "benign": 0.4}


def random():
    return np.random.default_rng(0)


def card_for(labels):
    raw = {"calibration": {"dataset": "ham10000"}, "human": {}}
    return SimpleNamespace(labels=labels, raw=raw, codes=tuple(label.code for label in labels))


def only(table, **wanted):
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table.iloc[0]


def test_limits_are_the_quantiles_of_each_side(make_predictions, labels):
    cases = read_cases(make_predictions(400, seed=1), labels)
    [limits] = fit_limits(cases, [0.9])
    true_class = cases.probabilities[np.arange(400), cases.targets]
    malignant = np.array([label.malignant for label in labels])[cases.targets]
    for side, those in (("malignant", malignant), ("benign", ~malignant)):
        place = int(np.floor(0.1 * (those.sum() + 1)))
        assert limits[side] == np.sort(true_class[those])[place - 1]
        assert (true_class[those] < limits[side]).mean() <= 0.1


@pytest.mark.parametrize("cases", [9, 99, 199])
def test_a_tenth_of_the_cases_is_left_out_where_it_is_a_whole_number(cases):
    assert _lower_quantile(np.arange(1, cases + 1) / 1000, 1 - 0.9) == pytest.approx((cases + 1) / 10 / 1000)


def test_too_few_cases_let_every_class_in(by_hand, labels):
    [limits] = fit_limits(read_cases(by_hand, labels), [0.9])
    assert limits["malignant"] == limits["benign"] == 0
    assert sets_of(read_cases(by_hand, labels), limits).all()


def test_coverage_holds_on_lesions_like_those_of_validation(make_predictions, labels):
    [limits] = fit_limits(read_cases(make_predictions(4000, seed=2), labels), [0.9])
    cases = read_cases(make_predictions(4000, seed=3), labels)
    covered = sets_of(cases, limits)[np.arange(4000), cases.targets]
    assert covered.mean() == pytest.approx(0.9, abs=0.02)
    assert sets_of(cases, limits).any(axis=1).all()


def test_the_table_of_sets_counts_what_it_says(make_predictions, labels, monkeypatch):
    monkeypatch.setattr(prediction_sets, "RESAMPLES", 20)
    table = make_predictions(300, split="validation")
    limits = fit_limits(read_cases(table, labels), [0.9])
    measured = measure_sets(table, card_for(labels), limits, np.random.default_rng(0))
    cases = read_cases(table, labels)
    inside = sets_of(cases, limits[0])
    assert only(measured, split="validation", metric="size").value == inside.sum(axis=1).mean()
    row = only(measured, split="validation", metric="coverage", subject="mel")
    melanoma = cases.targets == 4
    assert (row.value, row.n_images) == (inside[melanoma, 4].mean(), melanoma.sum())
    assert row.low <= row.value <= row.high


def test_the_promise_is_tried_on_lesions_that_the_limits_were_not_fitted_on(make_predictions, labels, monkeypatch):
    table = make_predictions(300, split="validation").assign(age=[30.0, 50.0] * 150)
    table["lesion_id"] = [f"lesion {row // 3}" for row in range(300)]
    fitted, measured_on = [], []
    real_fit, real_figures = prediction_sets.fit_limits, prediction_sets._figures
    monkeypatch.setattr(prediction_sets, "HALVINGS", 7)
    monkeypatch.setattr(prediction_sets, "fit_limits", lambda cases: fitted.append(cases) or real_fit(cases))
    monkeypatch.setattr(
        prediction_sets, "_figures", lambda *given: measured_on.append(given[0]) or real_figures(*given)
    )
    rows = pd.DataFrame(prediction_sets._halved(read_cases(table, labels), (table.age < 40).to_numpy(), random()))
    for first, other in zip(fitted[:7], measured_on[:14:2], strict=True):  # two levels are measured a halving
        assert not set(first.lesions) & set(other.lesions)
        assert len(set(first.lesions)) == len(set(other.lesions)) == 50
    row = only(rows, level=0.9, metric="coverage", subject="all")
    shares = [
        sets_of(other, real_fit(first)[0])[np.arange(len(other.targets)), other.targets].mean()
        for first, other in zip(fitted[:7], measured_on[:14:2], strict=True)
    ]
    assert row.value == pytest.approx(np.mean(shares))
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(shares, [0.025, 0.975])))
    assert (row.n_images, row.n_lesions, row.interval) == (300, 100, "95 % range over 7 halvings")
    assert only(rows, level=0.9, metric="coverage", subject="under 40 years").n_images == 150


@pytest.mark.parametrize(
    ("missed", "limit"),
    [(0.1, 0.1), (0.2, 0.2), (0.05, 0.0), (0.55, 0.5)],  # floor(missed x 10): the 1st, 2nd, none, the 5th of nine
)
def test_the_quantile_of_nine_scores_by_hand(missed, limit):
    scores = np.array([0.5, 0.1, 0.9, 0.3, 0.2, 0.8, 0.4, 0.7, 0.6])
    assert prediction_sets._lower_quantile(scores, missed) == limit


def test_coverage_of_three_cases_by_hand(by_hand_sets, labels):
    rows = pd.DataFrame(prediction_sets._measured(by_hand_sets, np.array([True, False, False]), LIMITS, random()))
    assert only(rows, metric="coverage", subject="all").value == pytest.approx(2 / 3)
    assert only(rows, metric="coverage", subject="malignant").value == 0.5
    assert only(rows, metric="no_malignant", subject="malignant").value == 0.5
    assert only(rows, metric="coverage", subject="malignant, under 40 years").value == 1
    assert only(rows, metric="size", subject="all").value == pytest.approx(4 / 3)


@pytest.fixture
def by_hand_sets(labels):
    """Melanoma with mel and nv in its set, melanoma with nv alone, and a nevus that no class is sure enough for."""
    shares = np.zeros((3, 7))
    shares[0, [4, 5]] = 0.5, 0.5
    shares[1, [4, 5]] = 0.1, 0.9
    shares[2, [0, 1, 2, 3, 4, 5]] = 0.16, 0.16, 0.16, 0.1, 0.06, 0.36
    return Cases(tuple(labels), np.array([4, 4, 5]), shares, np.arange(3))


def test_the_fitted_rule_finds_more_melanomas_and_leaves_other_figures_to_be_measured(make_predictions, labels):
    validation = make_predictions(1500, seed=4, split="validation")
    shares = np.bincount(read_cases(validation, labels).targets, minlength=7) / 1500
    rule = fit_rule(validation, labels, shares)
    assert rule["fitted_on"] == "validation"
    assert rule["n_images"] == 1500
    assert rule["near_tie"] == near_tie([read_cases(validation, labels)], np.array(rule["log_offsets"]))
    offsets = np.array(rule["log_offsets"])
    harms = np.log([rule["harms"][label.code] for label in labels])
    assert offsets == pytest.approx(harms - rule["share_exponent"] * np.log(shares), abs=1e-5)
    test = make_predictions(1500, seed=5)
    table = measure_rules(test, card_for(labels), offsets, np.random.default_rng(0))
    found = [
        only(table, rule=name, metric="sensitivity", subject="mel").value for name in ("most_probable", "balanced")
    ]
    assert found[1] >= found[0]
    cases = read_cases(test, labels)
    assert not ({"auc", "ece"} & set(table.metric))  # the rule has no say in what is made of probabilities
    plain = only(table, rule="most_probable", metric="accuracy")
    assert plain.value == cases.correct.mean()
    recalls = [(cases.predicted == place)[cases.targets == place].mean() for place in range(7)]
    assert only(table, rule="most_probable", metric="balanced_accuracy").value == pytest.approx(np.mean(recalls))


def test_a_rule_that_lacks_something_says_so(make_predictions, labels, monkeypatch):
    validation = make_predictions(600, seed=6, split="validation")
    shares = np.bincount(read_cases(validation, labels).targets, minlength=7) / 600
    monkeypatch.setattr(decision_rules, "LEAST_MELANOMA", 0.999)
    monkeypatch.setattr(decision_rules, "LEAST_SPECIFICITY", 0.0)
    most = fit_rule(validation, labels, shares)
    assert json.loads(json.dumps(most))["reached"]["as_wanted"] is False  # as the card is written
    tried = [
        decision_rules._judge([read_cases(validation, labels)], labels, shares, harm, exponent)["melanoma_named"]
        for harm in decision_rules.HARMS
        for exponent in decision_rules.EXPONENTS
    ]
    assert most["reached"]["melanoma_named"] == pytest.approx(max(tried), abs=1e-4)  # it lacks least


def test_ties_are_counted_with_how_often_either_was_right(labels):
    shares = np.zeros((4, 7))
    shares[0, [4, 5]] = 0.45, 0.55  # a tie, the second is right
    shares[1, [4, 5]] = 0.52, 0.48  # a tie, the first is right
    shares[2, [4, 5]] = 0.5, 0.5  # a tie, neither is right
    shares[3, [4, 5]] = 0.1, 0.9  # none
    cases = Cases(tuple(labels), np.array([4, 4, 0, 4]), shares, np.arange(4))
    assert near_tie([cases], np.zeros(7)) == {"ratio": 0.8, "n_images": 3, "named_right": 1, "second_right": 1}


def test_answering_fewer_keeps_the_surest(make_predictions, labels, monkeypatch):
    monkeypatch.setattr(abstention, "RESAMPLES", 20)
    table = abstention.measure_abstention(
        make_predictions(200), card_for(labels), np.zeros(7), np.random.default_rng(0)
    )
    cases = read_cases(make_predictions(200), labels)
    half = np.argsort(-cases.probabilities.max(axis=1), kind="stable")[:100]
    row = only(table, coverage=0.5, metric="balanced_accuracy")
    targets, correct = cases.targets[half], cases.correct[half]
    assert row.n_images == 100
    assert row.value == pytest.approx(np.mean([correct[targets == place].mean() for place in np.unique(targets)]))
    malignant = np.isin(cases.targets, [0, 1, 4])
    missed = ~np.isin(cases.predicted, [0, 1, 4])
    answered = np.isin(np.arange(200), half)
    row = only(table, coverage=0.5, metric="missed")
    assert (row.value, row.n_images) == ((missed & answered)[malignant].mean(), malignant.sum())


def test_answers_like_this_are_those_of_the_same_bin(make_predictions, labels, tmp_path):
    predictions = make_predictions(300)
    table = evidence.measure_answers(predictions, card_for(labels))
    assert table.n_images.sum() == 300
    score = read_cases(predictions, labels).probabilities[:, [0, 1, 4]].sum(axis=1)
    truth = np.isin(read_cases(predictions, labels).targets, [0, 1, 4])
    inside = (score >= 0.3) & (score < 0.5)
    from model.card import load_card

    card = load_card(write_bundle(tmp_path / "bundle", {"results/answers_like_this.csv": table}))
    [found] = evidence.answers_like_this(card, 0.4)
    assert (found.count, found.images) == (truth[inside].sum(), inside.sum())
    assert evidence.answers_like_this(card, 1.0)[0].images == (score >= 0.9).sum()


def test_evidence_of_a_point_leaves_validation_out_and_spans_the_sets(tmp_path):
    from model.card import load_card

    rows = [
        ("milk10k", "internal_test", "sensitivity", 0.9, 10), ("ham10000", "internal_test", "sensitivity", 0.8, 20),
        ("ham10000", "internal_test", "specificity", 0.75, 40), ("ham10000", "validation", "sensitivity", 1.0, 30),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["dataset", "split", "metric", "value", "n_images"])
    table = table.assign(point="melanoma, high sensitivity", low=table.value - 0.1, high=table.value + 0.1)
    card = load_card(write_bundle(tmp_path / "bundle", {"results/operating_points.csv": table}))
    found = evidence.point_evidence(card, "melanoma, high sensitivity")
    assert [(rate.dataset, rate.count, rate.images) for rate in found.found] == [
        ("ham10000", 16, 20),
        ("milk10k", 9, 10),
    ]
    ends = [end(found.found, key=lambda rate: rate.share).dataset for end in (min, max)]
    assert ends == ["ham10000", "milk10k"]
    [alarms] = found.alarms
    assert (alarms.count, alarms.images) == (10, 40)
    assert (alarms.low, alarms.high) == pytest.approx((0.15, 0.35))
    with pytest.raises(ContractError):
        evidence.point_evidence(card, "no such point")


def test_bayes_on_a_thousand_lesions():
    # 30 malignant of 1,000: 27 found, 3 missed; 97 false alarms, 873 spared.
    ppv, npv = evidence.posterior(0.9, 0.9, 0.03)
    assert (ppv, npv) == pytest.approx((27 / 124, 873 / 876))
    assert np.isnan(evidence.posterior(0.0, 1.0, 0.1)[0])
    both = evidence.after_both((0.9, 0.9), (0.8, 0.7), 0.03)
    assert both[True, True] == pytest.approx(30 * 0.9 * 0.8 / (30 * 0.9 * 0.8 + 970 * 0.1 * 0.3))
    assert both[False, False] < evidence.posterior(0.9, 0.9, 0.03)[1] < 1
    assert both[True, False] < both[True, True]
