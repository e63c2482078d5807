"""What the evaluation page says of the diagnosis named, of sets of diagnoses and of answers left out."""

import json
import shutil

import numpy as np
import pytest

from model.card import BUNDLE_VARIABLE, load_card
from tests.support.measured import charts, go, numbers, open_page, text
from ui import evidence
from ui.evaluation.decisions import wording

HOME = ("ham10000", "internal_test")


@pytest.fixture
def named(page):
    return go(page, "Diagnosis named")


@pytest.fixture
def sets(page):
    return go(page, "Prediction sets")


def figures(bundle, name: str, chosen=HOME, **wanted):
    rows = evidence.of_set(evidence.table(load_card(bundle), f"results/{name}.csv"), chosen)
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows.set_index(["metric", "subject"])


def test_both_rules_are_drawn_for_every_test_set_and_listed_for_one(named, measured_bundle):
    drawn = charts(named)[0]["data"][0]
    table = evidence.table(load_card(measured_bundle), "results/decision_rules.csv")
    tests = table[table.split != "validation"]
    melanoma = tests[(tests.metric == "sensitivity") & (tests.subject == "mel")]
    spared = tests[(tests.metric == "specificity") & (tests.subject == "malignant")]
    assert numbers(drawn["x"]) == pytest.approx([*melanoma.value, *spared.value])
    for rule in wording.RULE:
        row = figures(measured_bundle, "decision_rules", rule=rule).loc[("sensitivity", "mel")]
        assert f"{row.value:.3f} [{row.low:.3f},\N{NO-BREAK SPACE}{row.high:.3f}]" in text(named)


def test_a_near_tie_is_explained_with_its_counts_where_the_card_has_them(named, measured_bundle, tmp_path, monkeypatch):
    assert "near tie" not in text(named)
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    card = json.loads((bundle / "card.json").read_text())
    card["decision"] |= {"n_images": 2000}
    card["decision"]["near_tie"] = {"ratio": 0.8, "n_images": 138, "named_right": 60, "second_right": 49}
    (bundle / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    assert wording.TIES.format("80 %", 138, 2000, 60, 49) in text(go(open_page(), "Diagnosis named"))


def test_the_level_chosen_changes_the_sets(sets, measured_bundle):
    before = numbers(charts(sets)[0]["data"][0]["x"])
    shown = sets.button_group(key="set_level").set_value(0.95).run()
    assert not shown.exception
    cover = figures(measured_bundle, "prediction_sets", level=0.95)
    after = numbers(charts(shown)[0]["data"][0]["x"])
    assert after != before and cover.loc[("coverage", "all"), "value"] in after
    size = cover.loc[("size", "all")]
    assert f"{size.value:.3f} [{size.low:.3f},\N{NO-BREAK SPACE}{size.high:.3f}], n = 280" in text(shown)


def test_the_promise_on_lesions_not_fitted_on_is_told_and_validation_is_no_column(sets, measured_bundle):
    halves = figures(measured_bundle, "prediction_sets", ("isic2019", "validation_half"), level=0.9)
    row = halves.loc[("coverage", "malignant")]
    assert f"in {100 * row.value:.0f} % on average ({row.interval}: " in text(sets)
    assert "ISIC 2019" not in text(sets)


def test_a_share_of_few_images_is_a_count(sets, measured_bundle):
    young = figures(measured_bundle, "prediction_sets", ("ph2", "external"), level=0.9)
    row = young.loc[("coverage", "malignant, under 40 years")]
    assert row.n_images < 30
    assert f"{round(row.value * row.n_images)} of {row.n_images:.0f}" in text(sets)


def test_what_is_missed_among_the_surest_is_counted_on_every_test_set(page, measured_bundle):
    shown = go(page, "Abstention")
    table = evidence.table(load_card(measured_bundle), "results/abstention.csv")
    surest = table[np.isclose(table.coverage, 0.8)]
    for chosen in (HOME, ("ph2", "external")):
        found = evidence.of_set(surest, chosen).set_index(["metric", "subject"]).loc[("sensitivity", "malignant")]
        missed = round((1 - found.value) * found.n_images)
        assert f"{missed} of {found.n_images:.0f}, {1 - found.value:.3f}" in text(shown)
    assert "images among the surest 80 % of 280." in text(shown)


def test_what_was_measured_elsewhere_stands_apart_with_what_it_lacks(page, measured_bundle, tmp_path, monkeypatch):
    assert "Measured by others" not in text(page)
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    card = json.loads((bundle / "card.json").read_text())
    found = {"set": "another clinic", "model": "1.2.3", "point": "melanoma, high specificity", "sensitivity": 0.8}
    card["human"] = {"measured_outside": [found, found | {"model": card["version"], "sensitivity": 0.7}]}
    (bundle / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    shown = text(open_page())
    for model, share in (("the earlier model 1.2.3", "80 %"), ("this model", "70 %")):
        said = wording.OUTSIDE.format(model, "another clinic", "melanoma, high specificity", share)
        assert said in shown and "n and interval are missing" in said
