"""What the model in the repository makes of its answers: on stored answers of the test sets, and on two photos."""

import os
from pathlib import Path

import numpy as np
import pytest

from model.answer.decision import LOW, MALIGNANT, MELANOMA, ROLES, RULE_OUT, decide
from model.answer.patient import Patient
from model.card import DEFAULT_BUNDLE, load_card
from model.evaluation.tables import load_table

DATA = os.environ.get("LESIONSCOPE_DATA")
HOME, OTHER_CLINIC = ("ham10000", "internal_test"), ("milk10k", "internal_test")


@pytest.fixture(scope="module")
def card():
    return load_card(DEFAULT_BUNDLE)


def stored_answer(card, image: str) -> np.ndarray:
    rows = load_table(card, "results/predictions.csv").set_index("image_id")
    return rows.loc[image, [f"p_{code}" for code in card.codes]].to_numpy(float)


def named_rightly(card, chosen, metric, subject) -> float:
    rules = load_table(card, "results/decision_rules.csv")
    rows = rules[(rules.rule == "balanced") & (rules.dataset == chosen[0]) & (rules.split == chosen[1])]
    return rows[(rows.metric == metric) & (rows.subject == subject)].value.item()


def test_a_proven_melanoma_that_looks_like_a_nevus_is_not_below_the_levels(card):
    decision = decide(stored_answer(card, "ISIC_0033607"), card)
    assert decision.risk != LOW
    assert any(point.above for point in decision.points if point.subject == MELANOMA and point.role == RULE_OUT)


def test_three_quarters_of_melanomas_are_named_at_home_and_not_clearly_fewer_in_another_clinic(card):
    assert card.raw["decision"]["reached"]["melanoma_named"] >= 0.77  # of every set's validation images
    assert named_rightly(card, HOME, "sensitivity", MELANOMA) >= 0.75
    assert named_rightly(card, OTHER_CLINIC, "sensitivity", MELANOMA) >= 0.7  # of 66: the interval is .61 to .82
    # Not in the other clinic, where the most probable diagnosis alone spares no more than .72 of the benign images.
    assert named_rightly(card, HOME, "specificity", MALIGNANT) >= 0.83


def test_levels_rise_from_ruling_out_to_confirming(card):
    for subject in (MELANOMA, MALIGNANT):
        values = {point["role"]: point["value"] for point in card.raw["thresholds"] if point["subject"] == subject}
        assert values[ROLES[0]] < values[ROLES[1]] < values[ROLES[2]]


def test_sets_of_halved_validation_lesions_hold_the_truth_as_often_as_promised(card):
    sets = load_table(card, "results/prediction_sets.csv")
    halves = sets[
        (sets.split == "validation_half") & (sets.metric == "coverage") & sets.subject.isin(["all", MALIGNANT])
    ]
    assert len(halves) == 4
    assert (abs(halves.value - halves.level) < 0.01).all()


def test_every_level_is_measured_on_every_test_set(card):
    table = load_table(card, "results/operating_points.csv")
    found = table[(table.metric == "sensitivity") & (table.split != "validation")]
    assert set(found.groupby("point").size()) == {found.groupby(["dataset", "split"]).ngroups}
    assert set(found.point) == {point["name"] for point in card.raw["thresholds"]}


@pytest.mark.real_data
@pytest.mark.skipif(not DATA, reason="LESIONSCOPE_DATA does not name the image sets")
def test_a_young_age_does_not_turn_a_proven_melanoma_into_a_nevus():
    from model.pipeline import Analyser

    photo = Path(DATA) / "ham10000/HAM10000_images/ISIC_0031177.jpg"
    alone = Analyser(DEFAULT_BUNDLE).analyse(photo.read_bytes())
    told = alone.informed(Patient(34, "female", "lower"))
    assert told.prediction.probabilities[4] < alone.prediction.probabilities[4]
    assert told.decision == alone.decision
    assert told.decision.named == MELANOMA
