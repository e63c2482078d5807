"""What an answer leads to, on probabilities small enough to check by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from model.card import DEFAULT_BUNDLE, load_card
from model.decision import BALANCED, CONFIRM, HIGH, LOW, MIDDLE, RULE_OUT, decide, role_of, weigh
from model.errors import BundleError
from tests.card_bundle import write_bundle

POINTS = [
    {"name": "melanoma, 95 % sensitivity", "subject": "mel", "role": RULE_OUT, "value": 0.1},
    {"name": "melanoma, confirm", "subject": "mel", "role": CONFIRM, "value": 0.5},
    {"name": "malignant, 95 % sensitivity", "subject": "malignant", "role": RULE_OUT, "value": 0.2},
    {"name": "malignant, confirm", "subject": "malignant", "role": CONFIRM, "value": 0.6},
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
        "melanoma, 95 % sensitivity": True, "melanoma, confirm": False,
        "malignant, 95 % sensitivity": False, "malignant, confirm": False,
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


def test_a_near_tie_is_named(card):
    assert decide(answer(mel=0.26), card).tie == ("nv",) or decide(answer(mel=0.26), card).tie == ("mel",)
    assert decide(answer(mel=0.9), card).tie == ()


def test_sets_take_each_side_by_its_own_limit_and_are_never_empty(card):
    assert decide(answer(mel=0.1, bkl=0.3), card).sets[0.9] == ("nv", "mel")
    assert decide(answer(bkl=0.35, df=0.35, vasc=0.05), card).sets[0.9] == ("bkl",)


def test_old_cards_name_the_most_probable_and_have_no_sets(tmp_path):
    old = {"name": "melanoma, 95 % sensitivity", "subject": "mel", "value": 0.1}
    decision = decide(answer(mel=0.3), load_card(write_bundle(tmp_path / "old", {}, thresholds=[old])))
    assert (decision.named, decision.sets, decision.tie) == ("nv", {}, ())
    assert [(point.role, point.above) for point in decision.points] == [(RULE_OUT, True)]
    assert role_of({"name": "malignant, balanced"}) == BALANCED


def test_offsets_of_another_length_are_refused(tmp_path):
    card = load_card(write_bundle(tmp_path / "short", {}, decision={"log_offsets": [0.0]}))
    with pytest.raises(BundleError, match="7 numbers"):
        decide(answer(), card)


def test_the_weighed_shares_keep_their_order_under_any_common_factor():
    shares, offsets = answer(mel=0.3, bcc=0.2), np.arange(7.0)
    assert weigh(shares, offsets).argsort().tolist() == weigh(shares, offsets + 500).argsort().tolist()


def test_what_is_told_of_the_patient_never_changes_the_diagnosis_named(analyser, lesion_png):
    from model.patient import Patient

    told = replace(analyser.card, raw=analyser.card.raw | {"decision": RULE})
    alone = replace(analyser.analyse(lesion_png), card=told)
    for patient in (Patient(age=20, sex="female", site="lower"), Patient(age=90, sex="male", site="head")):
        assert alone.informed(patient).decision == alone.decision


def test_the_shipped_card_has_six_points_a_rule_and_two_levels():
    raw = json.loads((DEFAULT_BUNDLE / "card.json").read_text(encoding="utf-8"))
    roles = {(point["subject"], point["role"]) for point in raw["thresholds"]}
    assert roles == {(subject, role) for subject in ("mel", "malignant") for role in (RULE_OUT, BALANCED, CONFIRM)}
    assert len(raw["decision"]["log_offsets"]) == 7
    assert {entry["level"] for entry in raw["prediction_sets"]["levels"]} == {0.9, 0.95}
    fitted = [raw["decision"], raw["prediction_sets"], *raw["thresholds"]]
    assert {entry["fitted_on"] for entry in fitted} == {"validation"}
