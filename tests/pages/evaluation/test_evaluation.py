"""The evaluation page as a person uses it, with real tables of made-up predictions and no network at all."""

import json
import shutil

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE, load_card
from model.evaluation.cases import ask, read_cases
from model.evaluation.decisions.threshold import clinic_table, threshold_table, two_way
from tests.support.measured import APP, POINT, TABLES, charts, go, numbers, open_page, places, text
from training.judging.sealing import seal
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording


def test_every_view_is_drawn_and_says_where_its_numbers_come_from(page):
    for place in places():
        shown = go(page, place)
        assert not shown.exception, place
        assert not shown.info, place
        assert "python -m training." in text(shown) and "sha256" in text(shown), place
        assert len(shown.get("download_button")) >= 1, place
        assert charts(shown), place


def test_main_figures_are_those_of_the_table_with_interval_n_and_split(page, measured_bundle):
    metrics = evidence.table(load_card(measured_bundle), "results/metrics.csv").set_index(
        ["dataset", "split", "metric", "subject"]
    )
    row = metrics.loc[("ham10000", "internal_test", "balanced_accuracy", "all")]
    assert f"<td>{row.value:.3f} {wording.bracket(f'{row.low:.3f}', f'{row.high:.3f}')}</td>" in text(page)
    assert "HAM10000, internal test: 280 images of 140 lesions<" in text(page)
    assert "PH2, external test: 60 images of 30 lesions, 2 of 7 classes<" in text(page)


def test_three_sentences_say_what_is_found_what_is_missed_and_what_was_not_measured(
    measured_bundle, tmp_path, monkeypatch
):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    card = json.loads((bundle / "card.json").read_text())
    card["human"] = {"under_represented": ["Darker skin: no label", "Children"]}
    (bundle / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    said = text(open_page())
    point = threshold_table(question_of(bundle, "mel"), POINT["value"], 0.5).set_index("metric")
    found = round(point.value.sensitivity * point.n_images.sensitivity)
    assert f"{found} of {point.n_images.sensitivity} images of melanoma are found" in said
    assert f"{point.n_images.sensitivity - found} of {point.n_images.sensitivity} images of melanoma at" in said
    counts = evidence.of_set(evidence.table(load_card(bundle), "results/confusion.csv"), ("ham10000", "internal_test"))
    assert f"{counts['count'][counts.label != counts.predicted].max()} images." in said
    assert "darker skin; children." in said


def test_the_best_earlier_system_of_a_family_stands_below_the_model(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    path = bundle / "results/comparison.csv"
    rows = pd.read_csv(path)
    weaker = rows[rows.recipe == "ancestor"].assign(recipe="resnet50_smote", family="ISIC 2019")
    better = weaker.assign(recipe="efficientnetb0_smote", malignant_auc=0.83, balanced_accuracy=0.5)
    pd.concat([rows, weaker, better]).to_csv(path, index=False)
    seal(bundle)
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    said = text(open_page())
    assert f"<th scope='row'>{wording.BUNDLED}</th><td>0.700 " in said
    assert "ISIC 2019: efficientnetb0_smote</th><td>0.500 " in said and "resnet50_smote" not in said
    assert "Theses: ancestor</th>" in said


def test_validation_is_apart_from_the_main_figures(page):
    [folded] = [element for element in page.expander if element.label == wording.VALIDATION_FIGURES]
    assert [caption.value for caption in folded.caption] == [shared.VALIDATION]
    assert "ISIC 2019" in folded.get("html")[0].value
    outside = [element.value for column in page.columns for element in column.get("html")]
    assert outside and not any("ISIC 2019" in value for value in outside)


def test_the_set_shown_first_is_the_internal_test_and_validation_is_marked(page):
    shown = go(page, "Mistakes")
    chooser = shown.selectbox(key="set")
    assert chooser.value == ("ham10000", "internal_test")
    assert not shown.warning
    changed = chooser.set_value(("isic2019", "validation")).run()
    assert [warning.value for warning in changed.warning] == [shared.VALIDATION]
    assert "140 images" in text(changed)


@pytest.mark.parametrize("mode", wording.MODES)
def test_the_matrix_shows_counts_or_shares(page, measured_bundle, mode):
    shown = go(page, "Mistakes").button_group(key="mode").set_value(mode).run()
    assert not shown.exception
    written = [note["text"] for note in charts(shown)[0]["layout"]["annotations"]]
    assert len(written) == 49
    assert all(value.endswith("%") for value in written) == (mode != "count")
    if mode == "count":
        assert sum(map(int, written)) == 280


def question_of(bundle, subject: str):
    card = load_card(bundle)
    rows = evidence.of_set(evidence.table(card, "results/predictions.csv"), ("ham10000", "internal_test"))
    return ask(read_cases(rows, card.labels), subject)


def test_the_threshold_starts_at_the_named_point_and_moves_the_figures(page, measured_bundle):
    shown = go(page, "Thresholds")
    slider = shown.slider(key="threshold_mel")
    assert slider.value == pytest.approx(100 * POINT["value"])
    before = charts(shown)
    moved = slider.set_value(30.0).run().number_input(key="prevalence").set_value(7.0).run()
    assert not moved.exception
    for row in threshold_table(question_of(measured_bundle, "mel"), 0.3, 0.07).itertuples():
        digits = 1 if row.metric == "number_needed_to_biopsy" else 3
        assert f"{row.value:.{digits}f}</b>" in text(moved), row.metric
    assert charts(moved) != before


def test_every_question_has_its_curves(page):
    shown = go(page, "Thresholds")
    asked = shown.selectbox(key="question").options
    assert len(asked) == 10
    for subject, drawn in (("malignant", 4), ("vasc", 3), ("mel_vs_nv", 3)):  # decision curves are stored for two
        changed = shown.selectbox(key="question").set_value(subject).run()
        assert not changed.exception
        assert len(charts(changed)) == drawn


def test_a_set_of_two_classes_is_asked_only_what_it_can_answer(page):
    shown = go(page, "Thresholds").selectbox(key="set").set_value(("ph2", "external")).run()
    assert not shown.exception
    assert set(shown.selectbox(key="question").options) == {
        wording.question(subject, {"mel": "Melanoma", "nv": "Melanocytic nevus"})
        for subject in ("mel", "malignant", "nv", "mel_vs_nv")
    }


def test_the_clinic_follows_threshold_and_any_prevalence(page, measured_bundle):
    shown = go(page, "Thresholds").slider(key="threshold_mel").set_value(20.0).run()
    changed = shown.number_input(key="prevalence").set_value(12.0).run()
    expected = clinic_table(two_way(question_of(measured_bundle, "mel"), 0.2), 0.12).set_index("outcome").value
    squares = {trace["name"].rpartition(": ")[0]: len(numbers(trace["x"])) for trace in charts(changed)[0]["data"]}
    assert sum(squares.values()) == 1000
    for outcome in ("found", "missed", "benign_biopsied", "benign_spared"):
        assert abs(squares[wording.OUTCOMES[outcome]] - expected[outcome]) < 1
    assert "Of 1,000 lesions 120 are positive" in text(changed) and "Assumptions" in text(changed)


def test_what_is_chosen_stays_from_view_to_view(page):
    shown = go(page, "Thresholds").slider(key="threshold_mel").set_value(42.0).run()
    shown.selectbox(key="set").set_value(("ph2", "external")).run()
    assert go(page, "Mistakes").selectbox(key="set").value == ("ph2", "external")
    assert go(page, "Thresholds").slider(key="threshold_mel").value == 42.0


def test_an_address_opens_its_view_set_question_and_threshold(measured_bundle, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(measured_bundle))
    linked = AppTest.from_file(APP, default_timeout=30).switch_page("pages/evaluation.py")
    wanted = {"view": "Thresholds", "set": "PH2, external test", "question": "Malignant against benign"}
    for name, value in (wanted | {"threshold_malignant": "31.0", "prevalence": "7"}).items():
        linked.query_params[name] = value
    shown = linked.run()
    assert not shown.exception
    assert shown.selectbox(key="set").value == ("ph2", "external")
    assert shown.selectbox(key="question").value == "malignant"
    assert (shown.slider(key="threshold_malignant").value, shown.number_input(key="prevalence").value) == (31.0, 7.0)


READ_BY = {  # table -> a view or part that reads it, and whether that still has a chart without it
    "metrics": ("Thresholds", True),
    "operating_points": ("Thresholds", True),
    "confusion": ("Mistakes", False),
    "predictions": ("Thresholds", False),
    "curves": ("Thresholds", True),
    "reliability": ("Calibration", True),
    "subgroups": ("Patient groups", False),
    "informed": ("Age, sex, site entered", False),
    "informed_subgroups": ("Age, sex, site entered", True),
    "robustness": ("Degraded photos", False),
    "comparison": ("Summary", True),
    "decision_rules": ("Diagnosis named", False),
    "prediction_sets": ("Prediction sets", False),
    "abstention": ("Abstention", False),
    "gate": ("Refused photos", False),
    "gauges": ("Notes on photos", False),
    "faithfulness": ("Heat maps", False),
    "outline": ("Outlines", True),
    "outline_frame": ("Outlines", True),
    "outline_beside": ("Outlines", True),
    "sources": ("Sets left out", False),
}


@pytest.mark.parametrize(("table", "damage"), [*((name, "missing") for name in TABLES), ("confusion", "damaged")])
def test_a_table_that_is_not_the_cards_takes_only_its_panel_away(measured_bundle, tmp_path, monkeypatch, table, damage):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    path = bundle / f"results/{table}.csv"
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-10])
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    section, drawn = READ_BY[table]
    shown = go(open_page(), section)
    assert not shown.exception
    assert f"results/{table}.csv" in " ".join(element.value for element in shown.info)
    assert bool(charts(shown)) == drawn
    others = [name for name in ("Mistakes", "Degraded photos") if name != section]
    assert charts(go(shown, others[0])) and not shown.exception


def test_a_table_damaged_while_the_page_is_open_is_noticed(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    page = go(open_page(), "Mistakes")
    assert charts(page)
    (bundle / "results/confusion.csv").write_text("label\n")
    refused = page.run()
    assert not charts(refused)
    assert len(refused.info) == 1


def test_no_bundle_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    page = open_page()
    assert not page.exception
    assert len(page.error) == 1
