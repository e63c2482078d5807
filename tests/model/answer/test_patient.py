"""Age, sex and site weigh the photo's answer as the card says, and what is not known changes nothing."""

import copy

import numpy as np
import pytest

from model.answer.patient import UNKNOWN, Patient, read_effects
from model.card import load_card
from model.errors import BundleError, ContractError
from tests.support.bundles import CODES, PATIENT
from tests.support.card_bundle import write_bundle

MEL, NV, VASC = (CODES.index(code) for code in ("mel", "nv", "vasc"))
EFFECTS = read_effects(PATIENT, len(CODES))
EVEN = np.full(len(CODES), 1 / len(CODES))


def test_odds_change_by_the_factors_to_the_power():
    told = EFFECTS.inform(EVEN, Patient(age=70))
    assert told.sum() == pytest.approx(1)
    # two decades above 50, .4 a decade for melanoma and -.4 for nevus, power .5: odds times e ** .8
    assert told[MEL] / told[NV] == pytest.approx(np.exp(0.8))
    assert told[0] == pytest.approx(told[1])


def test_factors_multiply():
    both = EFFECTS.inform(EVEN, Patient(sex="male", site="head"))
    after_each_other = EFFECTS.inform(EFFECTS.inform(EVEN, Patient(sex="male")), Patient(site="head"))
    np.testing.assert_allclose(both, after_each_other)
    assert both[VASC] / both[MEL] == pytest.approx(np.exp(0.5 * 1.6))


def test_nothing_known_changes_nothing():
    random = np.random.default_rng(0).dirichlet(np.ones(len(CODES)))
    np.testing.assert_allclose(EFFECTS.inform(random, UNKNOWN), random)
    assert not UNKNOWN.known and Patient(age=0).known


@pytest.mark.parametrize(("age", "counts_as"), [(0, 20), (19, 20), (86, 85), (120, 85)])
def test_ages_that_training_hardly_saw_count_as_the_nearest_it_saw(age, counts_as):
    np.testing.assert_array_equal(EFFECTS.log_factors(Patient(age=age)), EFFECTS.log_factors(Patient(age=counts_as)))


def test_a_probability_of_nothing_stays_nothing():
    certain = np.eye(len(CODES))[NV]
    np.testing.assert_array_equal(EFFECTS.inform(certain, Patient(age=80, site="head")), certain)


@pytest.mark.parametrize(
    ("known", "code"),
    [({"age": -1}, "patient_age"), ({"age": 121}, "patient_age"), ({"age": float("nan")}, "patient_age"),
     ({"sex": "other"}, "patient_sex")],
)  # fmt: skip
def test_a_patient_that_cannot_be_is_refused(known, code):
    with pytest.raises(ContractError) as refused:
        Patient(**known)
    assert refused.value.code == code


def test_an_unknown_site_is_refused_with_the_known_ones():
    with pytest.raises(ContractError, match="head, trunk"):
        EFFECTS.inform(EVEN, Patient(site="moon"))


def broken(change) -> dict:
    entry = copy.deepcopy(PATIENT)
    change(entry)
    return entry


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.pop("power"),
        lambda entry: entry.update(power=-1),
        lambda entry: entry.update(youngest=90),
        lambda entry: entry["log_factors"].pop("decade"),
        lambda entry: entry["log_factors"]["decade"].append(0),
        lambda entry: entry["log_factors"]["sex"].pop("male"),
        lambda entry: entry["log_factors"]["site"].update(head=["much"] * 7),
        lambda entry: entry["log_factors"]["site"].update(head=[float("inf")] * 7),
        lambda entry: entry.update(log_factors=[]),
    ],
)
def test_a_broken_entry_is_refused_with_the_card(tmp_path, change):
    folder = write_bundle(tmp_path / "bundle", {}, patient=broken(change))
    with pytest.raises(BundleError) as refused:
        load_card(folder)
    assert refused.value.code == "card_patient"


def test_a_card_without_the_entry_takes_photos_alone(tmp_path):
    assert load_card(write_bundle(tmp_path / "bundle", {})).effects is None


def test_an_analysis_for_a_patient_keeps_the_photos_own_answer(analyser, lesion_png):
    alone, old = analyser.analyse(lesion_png), analyser.analyse(lesion_png, patient=Patient(age=80))
    assert alone.prediction is alone.photo_alone and not alone.patient.known
    np.testing.assert_allclose(old.photo_alone.probabilities, alone.prediction.probabilities)
    expected = EFFECTS.inform(alone.prediction.probabilities, Patient(age=80))
    np.testing.assert_allclose(old.prediction.probabilities, expected)
    malignant = [label.malignant for label in analyser.card.labels]
    assert old.prediction.malignant == pytest.approx(expected[malignant].sum())
    again = old.informed(UNKNOWN)
    np.testing.assert_array_equal(again.prediction.probabilities, old.photo_alone.probabilities)


def test_a_model_of_photos_alone_refuses_a_patient(analyser, lesion_png):
    from dataclasses import replace

    without = replace(analyser.analyse(lesion_png), card=replace(analyser.card, effects=None))
    with pytest.raises(ContractError, match="uses the photo alone"):
        without.informed(Patient(sex="male"))
    assert without.informed(UNKNOWN).prediction is without.photo_alone
