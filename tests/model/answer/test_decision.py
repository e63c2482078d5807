"""What an answer leads to, on probabilities small enough to check by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from model.answer.decision import BALANCED, CONFIRM, HIGH, LOW, MIDDLE, RULE_OUT, TIE, decide, role_of, weigh
from model.card import DEFAULT_BUNDLE, load_card
from model.errors import BundleError
from tests.support.card_bundle import write_bundle

POINTS = [
    {"name": "melanoma, high sensitivity", "subject": "mel", "role": RULE_OUT, "value": 0.1},
    {"name": "melanoma, high specificity", "subject": "mel", "role": CONFIRM, "value": 0.5},
    {"name": "malignant, high sensitivity", "subject": "malignant", "role": RULE_OUT, "value": 0.2},
    {"name": "malignant, high specificity", "subject": "malignant", "role": CONFIRM, "value": 0.6},
]
RULE = {"rule": "balanced", "log_offsets": [0, 0, 0, 0, float(np.log(3)), 0, 0], "harms": {}, "share_exponent": 0}
SETS = {"levels": [{"level": 0.9, "malignant": 0.08, "benign": 0.4}]}


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decision") / "bundle"
    return load_card(write_bundle(folder, {}, thresholds=POINTS, decision=RULE, prediction_sets=SETS))


def answer(**shares) -> np.ndarray:
    """Probabilities by class code; what is left is nevus."""
    codes = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    values = np.array([shares.get(code, 0.0) for code in codes])
    values[codes.index("nv")] += 1 - values.sum()
    return values


def test_a_melanoma_share_below_the_nevus_is_still_above_its_level(card):
    decision = decide(answer(mel=0.12), card)
    assert decision.most_probable == "nv"
    assert {point.name: point.above for point in decision.points} == {
        "melanoma, high sensitivity": True, "melanoma, high specificity": False,
        "malignant, high sensitivity": False, "malignant, high specificity": False,
    }  # fmt: skip
    assert decision.risk == MIDDLE


@pytest.mark.parametrize(
    ("shares", "risk"),
    [({"mel": 0.05}, LOW), ({"mel": 0.05, "bcc": 0.2}, MIDDLE), ({"bcc": 0.6}, HIGH), ({"mel": 0.5}, HIGH)],
)
def test_low_needs_both_below_and_one_confirmed_is_high(card, shares, risk):
    assert decide(answer(**shares), card).risk == risk


def test_the_rule_weighs_harm_and_leaves_the_probabilities(card):
    shares = answer(mel=0.3)  # three times .3 is more than .7
    before = shares.copy()
    assert decide(shares, card).named == "mel"
    assert decide(answer(mel=0.2), card).named == "nv"
    assert (shares == before).all()


def test_a_near_tie_is_called_one_by_weighed_shares(card):
    even = decide(answer(mel=0.26), card)  # 3 x .26 = .78 against .74
    assert (even.named, even.tie) == ("mel", ("nv",))
    assert decide(answer(mel=0.24), card).tie == ("mel",)  # .72 is more than .8 x .76
    assert decide(answer(mel=0.2), card).tie == ()  # .6 is less than .8 x .8
    assert decide(answer(mel=0.15, bkl=0.42), card).tie == ("nv", "bkl")  # .45 against .43 and .42


def test_the_card_says_from_which_ratio_a_tie_is_near(tmp_path):
    rule = RULE | {"near_tie": {"ratio": 0.7}}
    wider = load_card(write_bundle(tmp_path / "wider", {}, decision=rule))
    assert decide(answer(mel=0.2), wider).tie == ("mel",)


def test_sets_take_each_side_by_its_own_limit_and_are_never_empty(card):
    assert decide(answer(mel=0.1, bkl=0.3), card).sets[0.9] == ("nv", "mel")
    assert decide(answer(bkl=0.35, df=0.35, vasc=0.05), card).sets[0.9] == ("bkl",)


def test_old_cards_name_the_most_probable_and_have_no_sets(tmp_path):
    old = {"name": "melanoma, high sensitivity", "subject": "mel", "value": 0.1}
    decision = decide(answer(mel=0.3), load_card(write_bundle(tmp_path / "old", {}, thresholds=[old])))
    assert (decision.named, decision.sets, decision.tie) == ("nv", {}, ())
    assert [(point.role, point.above) for point in decision.points] == [(RULE_OUT, True)]
    assert role_of({"name": "malignant, balanced"}) == BALANCED


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"decision": {"log_offsets": [0.0]}}, "7 numbers"),
        ({"decision": {"log_offsets": [0.0] * 6 + [float("nan")]}}, "7 numbers"),
        ({"decision": {"rule": "balanced"}}, "7 numbers"),
        ({"decision": RULE | {"near_tie": {"ratio": 1.2}}}, "near_tie"),
        ({"decision": [RULE]}, "decision must be a dict"),
        ({"thresholds": [{"name": "melanoma, high specificity", "subject": "mel"}]}, "Every threshold"),
        ({"thresholds": [POINTS[0] | {"role": "reassure"}]}, "Every threshold"),
        ({"thresholds": [POINTS[0] | {"value": 7}]}, "Every threshold"),
        ({"prediction_sets": {"levels": [{"level": 0.9, "malignant": 0.1}]}}, "prediction_sets.levels"),
        ({"prediction_sets": {"levels": [0.9]}}, "prediction_sets.levels"),
    ],
)
def test_entries_that_cannot_be_used_are_refused_when_the_card_is_read(tmp_path, entry, words):
    with pytest.raises(BundleError, match=words):
        load_card(write_bundle(tmp_path / "bundle", {}, **entry))


def test_the_weighed_shares_keep_their_order_under_any_common_factor():
    shares, offsets = answer(mel=0.3, bcc=0.2), np.arange(7.0)
    assert weigh(shares, offsets).argsort().tolist() == weigh(shares, offsets + 500).argsort().tolist()


def test_what_is_told_of_the_patient_never_changes_the_diagnosis_named(analyser, lesion_png):
    from model.answer.patient import Patient

    told = replace(analyser.card, raw=analyser.card.raw | {"decision": RULE, "thresholds": POINTS})
    photo = analyser.analyse(lesion_png)
    shares = answer(mel=0.55)  # as of a proven melanoma that a young age turns to a nevus
    photo = replace(photo, card=told, photo_alone=replace(photo.photo_alone, probabilities=shares))
    young = photo.informed(Patient(age=15, sex="female", site="lower"))
    assert young.prediction.probabilities.argmax() == told.codes.index("nv")
    assert young.decision == photo.decision
    assert (young.decision.named, young.decision.most_probable, young.decision.risk) == ("mel", "mel", HIGH)
    assert photo.informed(Patient(age=90, sex="male", site="head")).decision == photo.decision


def test_the_shipped_card_has_six_points_a_rule_and_two_levels():
    raw = json.loads((DEFAULT_BUNDLE / "card.json").read_text(encoding="utf-8"))
    roles = {(point["subject"], point["role"]) for point in raw["thresholds"]}
    assert roles == {(subject, role) for subject in ("mel", "malignant") for role in (RULE_OUT, BALANCED, CONFIRM)}
    assert len(raw["decision"]["log_offsets"]) == 7
    assert {entry["level"] for entry in raw["prediction_sets"]["levels"]} == {0.9, 0.95}
    assert raw["decision"]["reached"]["as_wanted"] and raw["decision"]["near_tie"]["ratio"] == TIE
    fitted = [raw["decision"], raw["prediction_sets"], *raw["thresholds"]]
    assert {entry["fitted_on"] for entry in fitted} == {"validation"}
