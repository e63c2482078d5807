"""Systems compared and Two models, on the page Method: who is ahead where, what is claimed, and which cases change."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model.answer.decision import offsets, weigh
from model.card import BUNDLE_VARIABLE, load_card
from tests.support.card_bundle import charts, text
from tests.support.measured import comparison_classes, numbers
from training.judging.sealing import seal
from ui.evaluation.wording import NOTHING, bracket
from ui.method import ahead, wording

APP = str(Path(__file__).resolve().parents[2] / "app.py")


def open_page():
    return AppTest.from_file(APP, default_timeout=60).switch_page("pages/method.py").run()


def go(page, section: str):
    return page.button_group(key="method").set_value(section).run()


def compared(monkeypatch, bundle, section="Systems compared"):
    """Open the comparison of another bundle."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    return go(open_page(), section)


def test_recipes_without_time_or_difference_are_named(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "kept")
    path = bundle / "results/comparison.csv"
    rows = pd.read_csv(path)
    kept = rows[rows.recipe == "ancestor"].assign(recipe="kept", milliseconds=np.nan, malignant_auc_difference=np.nan)
    pd.concat([rows, kept]).to_csv(path, index=False)
    seal(bundle)
    said = text(compared(monkeypatch, bundle))
    assert wording.WITHOUT_COST.format("kept") in said
    assert wording.WITHOUT_DIFFERENCE.format("kept") in said


def test_recipes_are_compared_and_claims_are_marked(measured_bundle, monkeypatch):
    shown = compared(monkeypatch, measured_bundle)
    assert not shown.exception
    [listed] = [element.value for element in shown.dataframe]
    assert list(listed["recipe"]) == ["untrained", "ancestor", "two_way"], "best first, and last who cannot answer"
    assert list(listed.columns[:4]) == [
        "recipe", "balanced_accuracy", "balanced_accuracy_low", "balanced_accuracy_high"
    ]  # fmt: skip
    assert list(listed["claimed"]) == [NOTHING, "accuracy .94", NOTHING]
    assert set(listed["split"]) == {"internal test"}
    assert wording.NOT_ANSWERED.format("two_way") in text(shown)
    assert wording.WITHOUT_COST.split(":")[0] not in text(shown)
    assert wording.WITHOUT_DIFFERENCE.split(":")[0] not in text(shown)
    assert len(charts(shown)) == 3
    forest = charts(shown)[2]
    assert numbers(forest["data"][0]["x"]) == pytest.approx([-0.1, -0.05])
    changed = shown.selectbox(key="compared_metric").set_value("malignant_auc").run()
    assert sum(len(numbers(trace["x"])) for trace in charts(changed)[0]["data"]) == 3
    assert list(changed.dataframe[0].value["recipe"]) == ["untrained", "two_way", "ancestor"]


def test_what_an_earlier_system_does_better_is_listed(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "ahead")
    rows = comparison_classes()
    pd.concat([rows, rows.assign(recipe="another", value=0.99)]).to_csv(bundle / ahead.CLASSES, index=False)
    seal(bundle)
    said = text(compared(monkeypatch, bundle))
    assert "<th scope='row'>Sensitivity, Melanoma</th><td>40</td><td>ancestor</td><td>0.650 " in said
    assert "Dermatofibroma" not in said and "another" not in said
    assert wording.PICKED.format(1) in said
    assert wording.CHEAPER["parameters"].format("0 of 1", "ancestor", "5,000,000", "2,000,000") in said
    rows[rows.subject == "df"].to_csv(bundle / ahead.CLASSES, index=False)
    seal(bundle)
    assert wording.NOWHERE_AHEAD in text(compared(monkeypatch, bundle))


def test_an_earlier_release_that_is_clearly_better_is_named(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "released")
    rows = pd.read_csv(bundle / "results/comparison.csv")
    release = rows[rows.recipe == "ancestor"].assign(ancestor=ahead.RELEASED, family=None)
    before = [release.assign(recipe=f"model {low}", balanced_accuracy_difference_low=low) for low in (0.01, -0.01)]
    pd.concat([rows, *before]).to_csv(bundle / "results/comparison.csv", index=False)
    seal(bundle)
    assert wording.RELEASES_ABOVE.format("`model 0.01`") in text(compared(monkeypatch, bundle))


def test_a_comparison_without_the_bundled_model_says_so(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "others")
    rows = pd.read_csv(bundle / "results/comparison.csv")
    rows[rows.recipe != "untrained"].to_csv(bundle / "results/comparison.csv", index=False)
    seal(bundle)
    shown = compared(monkeypatch, bundle)
    assert not shown.exception and wording.NOT_COMPARED in text(shown)


@pytest.mark.parametrize("missing", ["claimed", "milliseconds"])
def test_a_comparison_without_a_column_is_one_sentence(missing, measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "lacking")
    rows = pd.read_csv(bundle / "results/comparison.csv")
    rows.drop(columns=missing).to_csv(bundle / "results/comparison.csv", index=False)
    seal(bundle)
    shown = compared(monkeypatch, bundle)
    assert not shown.exception
    assert f"results/comparison.csv lacks {missing}" in "".join(element.value for element in shown.info)


def test_figures_of_classes_that_the_card_does_not_know_are_left_out(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "unknown")
    rows = comparison_classes()
    odd = [rows.assign(subject="scc"), rows.assign(metric="luck"), rows]
    pd.concat(odd).to_csv(bundle / ahead.CLASSES, index=False)
    seal(bundle)
    shown = compared(monkeypatch, bundle)
    assert not shown.exception and "Sensitivity, Melanoma" in text(shown)


def test_claims_are_beside_what_mistakes_in_a_split_give(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "claims")
    row = {"method": "ancestor, head and last block", "metric": "accuracy", "leak": "lesions across splits",
           "n_test": 357, "value": 0.6, "low": 0.5, "high": 0.7, "honest_value": 0.55, "honest_low": 0.45,
           "honest_high": 0.65, "demonstration": "demonstration, not a result", "note": ""}  # fmt: skip
    others = [row | {"leak": "none"}, row | {"metric": "macro_auc"}, row | {"method": "logistic regression"}]
    pd.DataFrame([row, *others]).to_csv(bundle / "results/leakage.csv", index=False)
    seal(bundle)
    shown = compared(monkeypatch, bundle)
    assert not shown.exception
    said = text(shown)
    assert wording.CLAIMS.format("ancestor") in said and "- `ancestor`: accuracy .94" in said
    cells = f"<td>357</td><td>0.600 {bracket('0.500', '0.700')}</td><td>0.550 {bracket('0.450', '0.650')}</td>"
    assert said.count(cells) == 1 and f"Lesions on both sides</th>{cells}" in said


def test_a_comparison_without_earlier_systems_says_so(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "alone")
    rows = pd.read_csv(bundle / "results/comparison.csv")
    for changed in (rows.drop(columns="family"), rows.assign(family="")):
        changed.to_csv(bundle / "results/comparison.csv", index=False)
        seal(bundle)
        assert wording.NO_EARLIER in text(compared(monkeypatch, bundle))


def test_cases_that_two_models_name_differently_are_counted_and_listed(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    card = load_card(bundle)
    predictions = pd.read_csv(bundle / "results/predictions.csv")
    mine = predictions[predictions.split == "internal_test"].reset_index(drop=True)
    columns = [f"p_{code}" for code in card.codes]
    other = mine[["image_id", *columns]].assign(recipe="ancestor")
    other[columns] = 0.0
    other["p_nv"] = 1.0  # right about every nevus and nothing else
    other.to_csv(bundle / "results/comparison_answers.csv", index=False)
    seal(bundle)
    shown = compared(monkeypatch, bundle, "Two models")
    assert not shown.exception and not shown.info
    named = np.array(card.codes)[weigh(mine[columns].to_numpy(), offsets(card)).argmax(axis=1)]
    ours, theirs = named == mine.label, mine.label == "nv"
    for name, count in {
        "both": (ours & theirs).sum(), "ours": (ours & ~theirs).sum(), "theirs": (~ours & theirs).sum(),
        "neither": (~ours & ~theirs).sum(),
    }.items():  # fmt: skip
        assert f"{wording.OUTCOMES[name].format('ancestor')}</th><td>{count}</td>" in text(shown), name
    [listed] = [element.value for element in shown.dataframe]
    assert list(listed.image_id) == list(mine.image_id[~ours & theirs])
    assert set(listed.label) == {"Melanocytic nevus"} and "Melanocytic nevus" not in set(listed.ours)
    own = shown.button_group(key="changed_cases").set_value("ours").run()
    assert list(own.dataframe[0].value.image_id) == list(mine.image_id[ours & ~theirs])


def test_what_this_model_has_without_its_rule_stands_where_systems_are_compared(measured_bundle, monkeypatch):
    rules = pd.read_csv(measured_bundle / "results/decision_rules.csv")
    home = rules[(rules.dataset == "ham10000") & (rules.split == "internal_test") & (rules.rule == "most_probable")]
    value = home[home.metric == "balanced_accuracy"].value.item()
    shown = compared(monkeypatch, measured_bundle)
    assert f"By the most probable class this model has {value:.3f}" in text(shown)
    other = shown.selectbox(key="compared_metric").set_value("malignant_auc").run()
    assert "By the most probable class this model has" not in text(other)
    summary = AppTest.from_file(APP, default_timeout=60).switch_page("pages/evaluation.py").run()
    assert f"By the most probable class this model has {value:.3f}" in text(summary)
