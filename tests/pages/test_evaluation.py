"""The evaluation page as a person uses it, with real tables of made-up predictions and no network at all."""

import shutil

import pytest

from model.card import BUNDLE_VARIABLE, load_card
from model.evaluation.cases import ask, read_cases
from model.evaluation.decisions.threshold import clinic_table, threshold_table, two_way
from tests.support.measured import POINT, TABLES, charts, go, open_page, text
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording
from ui.evaluation.page import SECTIONS


def test_every_section_is_drawn_and_says_where_its_numbers_come_from(page):
    for section in SECTIONS:
        shown = go(page, section)
        assert not shown.exception, section
        assert not shown.info, section
        assert shared.METHOD in text(shown) and "python -m training." in text(shown), section
        assert len(shown.get("download_button")) >= 1, section
        assert bool(charts(shown)) == (section != "Overview"), section


def test_headline_figures_are_those_of_the_table_with_interval_n_and_split(page, measured_bundle):
    metrics = evidence.table(load_card(measured_bundle), "results/metrics.csv").set_index(
        ["dataset", "split", "metric", "subject"]
    )
    row = metrics.loc[("ham10000", "internal_test", "balanced_accuracy", "all")]
    assert f"{row.value:.3f}</b>" in text(page)
    assert f"[{row.low:.3f}, {row.high:.3f}] on 280 images of 140 lesions" in text(page)
    assert "HAM10000, internal test" in text(page) and "PH2, external test" in text(page)


def test_validation_is_apart_from_the_headline(page):
    [folded, *_] = page.expander
    assert folded.label == wording.VALIDATION_FIGURES
    assert [caption.value for caption in folded.caption] == [shared.VALIDATION]
    assert "ISIC 2019" in folded.get("html")[0].value
    outside = [element.value for column in page.columns for element in column.get("html")]
    assert outside and not any("ISIC 2019" in value for value in outside)


def test_the_set_shown_first_is_the_internal_test_and_validation_is_marked(page):
    shown = go(page, "Confusion matrix")
    chooser = shown.selectbox(key="measured_on")
    assert chooser.value == ("ham10000", "internal_test")
    assert not shown.warning
    changed = chooser.set_value(("isic2019", "validation")).run()
    assert [warning.value for warning in changed.warning] == [shared.VALIDATION]
    assert "140 images" in text(changed)


@pytest.mark.parametrize("mode", wording.MODES)
def test_the_matrix_shows_counts_or_shares(page, measured_bundle, mode):
    shown = go(page, "Confusion matrix").button_group(key="mode").set_value(mode).run()
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
    shown = go(page, "ROC and precision")
    slider = shown.slider(key="threshold_mel")
    assert slider.value == pytest.approx(100 * POINT["value"])
    before = charts(shown)
    moved = slider.set_value(30.0).run().button_group(key="prevalence").set_value("7 %").run()
    assert not moved.exception
    for row in threshold_table(question_of(measured_bundle, "mel"), 0.3, 0.07).itertuples():
        digits = 1 if row.metric == "number_needed_to_biopsy" else 3
        assert f"{row.value:.{digits}f}</b>" in text(moved), row.metric
    assert charts(moved) != before


def test_every_question_has_its_curves(page):
    shown = go(page, "ROC and precision")
    key = "curves_question_ham10000_internal_test"
    asked = shown.selectbox(key=key).options
    assert len(asked) == 10
    for subject in ("malignant", "vasc", "mel_vs_nv"):
        changed = shown.selectbox(key=key).set_value(subject).run()
        assert not changed.exception
        assert len(charts(changed)) == 2


def test_a_set_of_two_classes_is_asked_only_what_it_can_answer(page):
    shown = go(page, "ROC and precision").selectbox(key="measured_on").set_value(("ph2", "external")).run()
    assert not shown.exception
    assert set(shown.selectbox(key="curves_question_ph2_external").options) == {
        wording.question(subject, {"mel": "Melanoma", "nv": "Melanocytic nevus"})
        for subject in ("mel", "malignant", "nv", "mel_vs_nv")
    }


def test_the_clinic_follows_threshold_and_any_prevalence(page, measured_bundle):
    shown = go(page, "Clinic").slider(key="threshold_mel").set_value(20.0).run()
    other = shown.button_group(key="prevalence").set_value(wording.OTHER).run()
    changed = other.number_input(key="other_prevalence").set_value(12.0).run()
    expected = clinic_table(two_way(question_of(measured_bundle, "mel"), 0.2), 0.12)
    bars = charts(changed)[0]["data"][0]
    assert len(bars["y"]) == len(expected)
    assert f"{wording.OUTCOMES['found']} {expected.value[0]:.0f} " in text(changed)
    assert "12 %" in text(changed) and "Assumptions" in text(changed)


def test_the_threshold_chosen_stays_from_section_to_section(page):
    go(page, "ROC and precision").slider(key="threshold_mel").set_value(42.0).run()
    go(page, "Overview")
    assert go(page, "Clinic").slider(key="threshold_mel").value == 42.0


READ_BY = {  # table -> a section that reads it, and whether that still has a chart without it
    "metrics": ("ROC and precision", True),
    "operating_points": ("Overview", False),
    "confusion": ("Confusion matrix", False),
    "predictions": ("Clinic", False),
    "curves": ("Decision curve", False),
    "reliability": ("Calibration", True),
    "subgroups": ("Subgroups", False),
    "informed": ("Age, sex, site", False),
    "informed_subgroups": ("Age, sex, site", True),
    "robustness": ("Robustness", False),
    "comparison": ("Comparison", False),
    "decision_rules": ("Answers", True),
    "prediction_sets": ("Answers", True),
    "abstention": ("Answers", True),
    "gate": ("Refusals", True),
    "gauges": ("Refusals", True),
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
    others = [name for name in ("Confusion matrix", "Robustness") if name != section]
    assert charts(go(shown, others[0])) and not shown.exception


def test_a_table_damaged_while_the_page_is_open_is_noticed(measured_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(measured_bundle, tmp_path / "bundle")
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    page = go(open_page(), "Confusion matrix")
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
