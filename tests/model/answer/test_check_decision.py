"""A card whose levels, rule or limits are not those that its tables measured is found out."""

import json
import shutil

import pandas as pd
import pytest

from model.answer.check_decision import decision_faults
from model.card import load_card
from tests.support.measured import build_measured
from training.judging.sealing import seal


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return build_measured(tmp_path_factory.mktemp("faults") / "bundle")


@pytest.fixture
def bundle(measured, tmp_path):
    return shutil.copytree(measured, tmp_path / "bundle")


def edited(bundle, change):
    path = bundle / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    return list(decision_faults(load_card(bundle)))


def test_a_card_with_the_tables_of_its_own_has_no_fault(bundle):
    assert edited(bundle, lambda card: None) == []


def test_a_level_that_was_not_measured(bundle):
    [found] = edited(bundle, lambda card: card["thresholds"][0].update(value=0.3))
    assert "0.1, the card has it at 0.3" in found
    [found] = edited(bundle, lambda card: card["thresholds"][0].update(name="melanoma, high specificity"))
    assert "measures 'melanoma, high specificity' at None" in found


def test_another_rule_than_the_one_measured(bundle):
    found = edited(bundle, lambda card: card["decision"].update(log_offsets=[0, 0, 0, 0, 3.0, 0, 0]))
    assert len(found) == 3  # sets
    assert all("decision_rules.csv was made with another card: melanomas named in " in each for each in found)


def test_other_limits_than_those_measured(bundle):
    found = edited(bundle, lambda card: card["prediction_sets"]["levels"][0].update(malignant=0.6))
    assert len(found) == 3
    assert all("coverage at 0.9 in " in each for each in found)
    none_such = edited(bundle, lambda card: card["prediction_sets"]["levels"][0].update(level=0.8))
    assert all("coverage at 0.8 in " in each for each in none_such)


def test_a_card_without_these_tables_is_an_old_one_and_no_fault(bundle):
    def forget(card):
        card["tables"] = {}
        card.pop("decision")

    assert edited(bundle, forget) == []


def test_the_whole_check_says_it(tiny_bundle, tmp_path):
    from model.check import check_bundle

    bundle = shutil.copytree(tiny_bundle, tmp_path / "tiny")
    card = json.loads((bundle / "card.json").read_text())
    card["thresholds"] = [{"name": "melanoma, high specificity", "subject": "mel", "role": "confirm", "value": 0.5}]
    (bundle / "card.json").write_text(json.dumps(card))
    pd.DataFrame({"point": ["melanoma, high specificity"], "threshold": [0.4]}).to_csv(
        bundle / "results/operating_points.csv", index=False
    )
    seal(bundle)
    [found] = check_bundle(bundle)
    assert "'melanoma, high specificity' at 0.4, the card has it at 0.5" in found
