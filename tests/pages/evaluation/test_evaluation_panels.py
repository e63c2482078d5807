"""Mistakes and where it fails: cases of a cell, patient groups, degraded photos, other clinics, the patient."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from model.card import load_card
from model.evaluation.calibration import error_by_chance
from model.evaluation.confusion import cases_in_cell
from model.evaluation.metrics import calibration_error
from tests.support.measured import POINT, charts, go, numbers, text
from training.data.sets.registry import IMAGE_SETS
from ui import evidence
from ui import wording as shared
from ui.analyse.closer import maps
from ui.evaluation import case_photo, mistakes, wording
from ui.evaluation.limits import subgroups
from ui.navigation import FRAMED

HOME = ("ham10000", "internal_test")


@pytest.fixture(autouse=True)
def case_on_the_page(monkeypatch):
    """Draw a case on the page: Streamlit's test harness keeps no record of dialogs."""
    monkeypatch.setattr(case_photo, "dialog", case_photo.show)


def table(bundle, name: str) -> pd.DataFrame:
    return evidence.table(load_card(bundle), f"results/{name}.csv")


def click(page, button):
    """Click a button: the harness runs a page without its frame, and starting over would lose the click."""
    page.session_state[FRAMED] = True
    return button.click().run()


def cell_of(page, label: str, called: str):
    """Choose a cell of the matrix by the list below it."""
    return go(page, "Mistakes").selectbox(key=mistakes.CELL).set_value((label, called)).run()


def test_a_cell_lists_its_cases_with_truth_answer_patient_and_archive_page(page, measured_bundle):
    shown = cell_of(page, "mel", "nv")
    assert not shown.exception
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    expected = cases_in_cell(predictions, load_card(measured_bundle).labels, "mel", "nv")
    listed = [element.value for element in shown.get("html") if "class='case'" in element.value]
    assert len(listed) == min(len(expected), mistakes.MOST_CASES)
    for written, row in zip(listed, expected.itertuples(), strict=False):
        assert f"{wording.TRUTH}: <b>Melanoma</b>, by " in written
        assert f"{wording.ANSWER}: <b>Melanocytic nevus</b> {shared.percent(row.p_nv)}" in written
        assert f"{row.age:.0f} years, {row.sex}, upper extremity" in written
        assert f"https://api.isic-archive.com/images/{row.image_id}/" in written
    assert wording.cell("Melanoma", "Melanocytic nevus", len(expected)) in shown.selectbox(key=mistakes.CELL).options


def test_the_commonest_mistake_is_open_at_first_and_cases_are_filtered_by_probability(page, measured_bundle):
    counts = evidence.of_set(table(measured_bundle, "confusion"), HOME)
    worst = counts[counts.label != counts.predicted].nlargest(1, "count").iloc[0]
    shown = go(page, "Mistakes")
    assert shown.selectbox(key=mistakes.CELL).value == (worst.label, worst.predicted)
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    cases = cases_in_cell(predictions, load_card(measured_bundle).labels, worst.label, worst.predicted)
    least = int(100 * cases[f"p_{worst.predicted}"].median())
    sure = (100 * cases[f"p_{worst.predicted}"] >= least).sum()
    assert 0 < sure < len(cases)
    fewer = shown.slider(key="confidence").set_value((least, 100)).run()
    assert wording.CASES.format(sure, sure) in text(fewer)


def test_a_cell_without_cases_says_so(page, measured_bundle):
    counts = evidence.of_set(table(measured_bundle, "confusion"), ("ph2", "external"))
    shown = cell_of(page, "bcc", "bcc").selectbox(key="set").set_value(("ph2", "external")).run()
    assert counts.set_index(["label", "predicted"])["count"]["bcc", "bcc"] == 0
    assert wording.EMPTY_CELL in text(shown)


def test_a_click_on_the_matrix_chooses_its_cell(monkeypatch):
    point = {"customdata": ["mel", "bkl"]}
    state = {"chart": SimpleNamespace(selection=SimpleNamespace(points=[point]))}
    monkeypatch.setattr(mistakes.st, "session_state", state)
    mistakes.take_clicked("chart")
    assert state[mistakes.CELL] == ("mel", "bkl")
    state["chart"].selection.points = []
    mistakes.take_clicked("chart")
    assert state[mistakes.CELL] == ("mel", "bkl")


@pytest.mark.parametrize(
    ("image_id", "named"),
    [("ISIC_0000012", "ISIC_0000012"), ("ISIC_0000018_downsampled", "ISIC_0000018"), ("IMD003", None)],
)
def test_only_images_of_the_archive_have_a_page_there(image_id, named):
    assert mistakes.archive_page(image_id) == (named and f"https://api.isic-archive.com/images/{named}/")


def test_without_the_images_the_case_says_how_to_get_them(page, monkeypatch):
    monkeypatch.delenv(case_photo.DATA_VARIABLE, raising=False)
    shown = cell_of(page, "mel", "mel")
    shown = click(shown, next(button for button in shown.button if button.label == wording.LOOK))
    [said] = [element.value for element in shown.info]
    assert case_photo.DATA_VARIABLE in said and "doi:10.7910/DVN/DBW86T" in said
    assert not shown.get("image")


def test_the_photo_and_its_maps_are_shown_where_the_images_are(
    page, measured_bundle, analyser, lesion_png, tmp_path, monkeypatch
):
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    first = cases_in_cell(predictions, load_card(measured_bundle).labels, "mel", "nv").image_id[0]
    place = tmp_path / "ham10000/HAM10000_images_part_2"
    place.mkdir(parents=True)
    (place / f"{first}.jpg").write_bytes(lesion_png)
    monkeypatch.setenv(case_photo.DATA_VARIABLE, str(tmp_path))
    monkeypatch.setattr("ui.cached.analyser", lambda: analyser)
    before = sorted(tmp_path.rglob("*"))
    listed = cell_of(page, "mel", "nv")
    thumbnail = wording.THUMBNAIL.format(first)
    assert [image.proto.imgs[0].alt for image in listed.get("image")] == [thumbnail]
    shown = click(listed, listed.button(key=f"look_{first}"))
    assert not shown.exception and not shown.info
    maps = ["Melanocytic nevus", "Melanoma"]  # as the stored answer and the truth have it
    expected = [thumbnail, wording.PHOTO_OF.format(first), *(wording.MAP_OF.format(name) for name in maps)]
    assert [image.proto.imgs[0].alt for image in shown.get("image")] == expected
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_is_no_photo_is_one_sentence(page, measured_bundle, tmp_path, monkeypatch):
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    first = cases_in_cell(predictions, load_card(measured_bundle).labels, "mel", "nv").image_id[0]
    place = tmp_path / "ham10000/HAM10000_images"
    place.mkdir(parents=True)
    (place / f"{first}.jpg").write_bytes(b"%PDF-1.7")
    monkeypatch.setenv(case_photo.DATA_VARIABLE, str(tmp_path))
    shown = cell_of(page, "mel", "nv")
    assert not shown.exception and not shown.get("image")
    refused = click(shown, shown.button(key=f"look_{first}"))
    assert not refused.exception and len(refused.info) == 1


def test_photos_are_looked_for_where_the_sets_are_published(tmp_path, monkeypatch):
    monkeypatch.setenv(case_photo.DATA_VARIABLE, str(tmp_path))
    published = set(IMAGE_SETS) - {"class_folders"}  # a layout of people's own images, which no bundle is judged on
    assert set(case_photo.PLACES) < published
    for place in (
        "milk10k/MILK10k_Training_Input/L/I.jpg", "ph2/PH2 Dataset images/I/I_Dermoscopic_Image/I.bmp",
        *(f"{name}/images/I.jpg" for name in published - set(case_photo.PLACES)),
    ):  # fmt: skip
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.touch()
        assert case_photo.find(path.relative_to(tmp_path).parts[0], "L", "I") == path
    assert case_photo.find("isic2019", "L", "I") is None
    assert case_photo.find("elsewhere", "L", "I") is None


@pytest.mark.parametrize("metric", wording.SUBGROUP_METRICS)
def test_subgroups_are_drawn_from_the_table(page, measured_bundle, metric):
    shown = go(page, "Patient groups").button_group(key="subgroup_metric").set_value(metric).run()
    assert not shown.exception
    rows = evidence.of_set(table(measured_bundle, "subgroups"), HOME)
    rows = rows[(rows["metric"] == metric) & rows["value"].notna()]
    [drawn] = charts(shown)
    points = next(trace for trace in drawn["data"] if trace.get("mode") == "markers")
    assert numbers(points["x"]) == pytest.approx(list(rows["value"]))
    assert f"{100 * POINT['value']:.3g} %" in text(shown)


def test_a_group_is_named_with_its_attribute_and_too_small_ones_are_counts(measured_bundle):
    rows = evidence.of_set(table(measured_bundle, "subgroups"), HOME)
    display = subgroups.forest(rows, "sensitivity")
    named = display.rows.set_index("group")
    assert {"everyone", "Sex: male", "Age: 30 to 49", "Skin tone: not assessed"} <= set(named.index)
    assert np.isnan(named.loc["Confirmed by: consensus", "value"])
    assert named.loc["Confirmed by: consensus", "n_images"] > 0
    assert display.reference == named.loc["everyone", "value"]


def test_robustness_draws_a_line_a_corruption_from_the_photo_as_taken(page, measured_bundle):
    shown = go(page, "Degraded photos")
    rows = table(measured_bundle, "robustness")
    rows = rows[rows["metric"] == "accuracy"]
    lines = {trace["name"]: trace for trace in charts(shown)[0]["data"] if "name" in trace}
    assert set(lines) == {"blur", "hair"}
    expected = rows[rows["corruption"].isin(["none", "blur"])].sort_values("severity")
    assert numbers(lines["blur"]["y"]) == pytest.approx(list(expected["value"]))
    assert numbers(lines["blur"]["x"]) == [0, 1, 2, 3]
    assert "HAM10000, internal test: 280 images of 140 lesions" in text(shown)
    agreed = shown.selectbox(key="robust_metric").set_value("map_agreement").run()
    lines = {trace["name"]: trace for trace in charts(agreed)[0]["data"] if "name" in trace}
    assert numbers(lines["hair"]["y"]) == pytest.approx([1, 0.8, 0.6, 0.4])
    fewer = agreed.button_group(key="corruptions").set_value(["hair"]).run()
    assert {trace["name"] for trace in charts(fewer)[0]["data"] if "name" in trace} == {"hair"}
    none = fewer.button_group(key="corruptions").set_value([]).run()
    assert [element.value for element in none.info] == [wording.NO_CORRUPTION]


def test_a_set_from_elsewhere_stands_beside_the_internal_test(page, measured_bundle):
    shown = go(page, "Other clinics")
    own = charts(shown)[: len(wording.EXTERNAL_METRICS)]
    for drawn in own:
        labels = drawn["layout"]["yaxis"]["ticktext"]
        assert [label.split(",")[0] for label in labels] == ["HAM10000", "PH2"]
    metrics = table(measured_bundle, "metrics").set_index(["dataset", "metric", "subject", "split"])["value"]
    area = charts(shown)[0]["data"][0]["x"]
    keys = [("ham10000", "auc", "mel_vs_nv", "internal_test"), ("ph2", "auc", "mel_vs_nv", "external")]
    assert numbers(area) == pytest.approx([metrics[key] for key in keys])


def test_calibration_figures_stand_before_and_after_temperature(page, measured_bundle):
    said = text(go(page, "Calibration"))
    rows = evidence.of_set(table(measured_bundle, "reliability"), HOME)
    assert set(rows["state"]) == {"before", "after", "change"}
    for row in rows.itertuples():
        assert f"{row.value:,.3f}</b>" in said, (row.metric, row.state)
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    confidence = predictions.filter(regex="^p_").max(axis=1).to_numpy()
    found = error_by_chance(confidence, np.random.default_rng(2018))
    assert wording.BY_CHANCE.format(*found, len(confidence)) in said


def test_calibration_figures_are_those_of_the_question(page, measured_bundle):
    shown = go(page, "Calibration").selectbox(key="question").set_value("mel").run()
    assert not shown.exception
    predictions = evidence.of_set(table(measured_bundle, "predictions"), HOME)
    score, truth = predictions.p_mel.to_numpy(), (predictions.label == "mel").to_numpy()
    for figure in (((score - truth) ** 2).mean(), calibration_error(score, truth).item()):
        assert f"<b>{figure:.3f}</b>" in text(shown)


def test_age_sex_and_site_are_set_against_the_photo_alone(page, measured_bundle):
    shown = go(page, "Age, sex, site entered")
    assert not shown.exception
    rows = evidence.of_set(table(measured_bundle, "informed"), HOME).set_index(["metric", "subject"])
    row = rows.loc[("auc", "mel")]
    sides = "".join(
        f"<td>{row[side]:.3f} {wording.bracket(*(f'{row[side + end]:.3f}' for end in ('_low', '_high')))}</td>"
        for side in wording.SIDES
    )
    difference, low, high = map(shared.signed, (row.difference, row.difference_low, row.difference_high))
    assert f"{sides}<td>{difference} {wording.bracket(low, high)}</td>" in text(shown)
    [chart] = charts(shown)
    assert any(
        numbers(trace["x"]) and rows.difference["macro_auc"].item() in numbers(trace["x"]) for trace in chart["data"]
    )


def test_melanoma_by_age_names_both_thresholds_and_gives_small_groups_as_counts(page, measured_bundle):
    written = text(go(page, "Age, sex, site entered"))
    rows = evidence.of_set(table(measured_bundle, "informed_subgroups"), HOME)
    for column in ("threshold_alone", "threshold"):
        assert wording.share(rows[column].iloc[0]) in written
    everyone = rows[(rows.attribute == "everyone") & (rows.metric == "specificity")].iloc[0]
    for value, low, high in (
        (everyone.photo_alone, everyone.photo_alone_low, everyone.photo_alone_high),
        (everyone.value, everyone.low, everyone.high),
    ):
        assert f"{value:.3f} {wording.bracket(f'{low:.3f}', f'{high:.3f}')}, n = {everyone.n_images}" in written
    small = rows[(rows.attribute == "age_band") & rows.value.isna()].iloc[0]
    assert f"{wording.TOO_FEW}, n = {small.n_images}" in written


def test_the_factors_are_the_cards(page):
    written = text(go(page, "Age, sex, site entered"))
    # made up in tests.support.bundles: .4 a decade for melanoma, 1.0 on the head for vascular lesions, power .5
    rows = dict(re.findall(r"<tr><th scope='row'>([^<]+)</th>((?:<td>[\d.]+</td>){7})</tr>", written))
    assert re.findall(r"[\d.]+", rows[wording.DECADE]) == ["1.00", "1.00", "1.00", "1.00", "1.22", "0.82", "1.00"]
    assert re.findall(r"[\d.]+", rows["Head or neck"])[-1] == "1.65"


@pytest.mark.parametrize(
    ("difference", "written"),
    [(0.0312, "+0.031"), (-0.0312, "\N{MINUS SIGN}0.031"), (-0.0004, "+0.000"), (0, "+0.000")],
)
def test_a_difference_has_a_sign(difference, written):
    assert shared.signed(difference) == written


def test_maps_stand_beside_baselines_and_say_what_earned_the_default(page, measured_bundle):
    shown = go(page, "Heat maps")
    assert not shown.exception
    [spec] = charts(shown)
    assert "Grad-CAM, the default" in " ".join(spec["layout"]["yaxis"]["ticktext"])
    assert "Baseline: random" in " ".join(spec["layout"]["yaxis"]["ticktext"])
    rows = table(measured_bundle, "faithfulness")
    test = rows[(rows.split == "internal_test") & (rows.metric == "insertion less deletion") & (rows.subject == "all")]
    assert numbers(spec["data"][0]["x"]) == pytest.approx(test.value.tolist())
    assert "Layer-CAM did." in text(shown), "it is clearly better in these numbers"
    assert "On the internal test, against Grad-CAM: Layer-CAM +0.2" in text(shown).replace("CAM 0.2", "CAM +0.2")
    shown = shown.selectbox(key="map_figure").select("pointing game").run()
    shown = shown.selectbox(key="map_subject_pointing game").select("mel").run()
    assert not shown.exception
    mel = rows[(rows.metric == "pointing game") & (rows.subject == "mel") & (rows.split == "internal_test")]
    assert numbers(charts(shown)[0]["data"][0]["x"]) == pytest.approx(mel.value.tolist())


def test_outlines_are_shown_by_class_with_the_mean_as_reference(page, measured_bundle):
    shown = go(page, "Outlines")
    assert not shown.exception
    first, second, third = charts(shown)
    rows = table(measured_bundle, "outline")
    mine = rows[(rows.dataset == "ham10000") & (rows.metric == "jaccard")]
    assert numbers(first["data"][0]["x"]) == pytest.approx(mine.value.tolist())
    assert first["layout"]["shapes"][0]["x0"] == pytest.approx(mine.value.iloc[0])
    frame = table(measured_bundle, "outline_frame")
    assert numbers(second["data"][0]["x"]) == pytest.approx(frame[frame.frame == "difference"].value.tolist())
    refused = table(measured_bundle, "outline_beside")
    assert numbers(third["data"][0]["x"]) == pytest.approx(refused.value.tolist())
    assert [label.replace("<br>", " ").split(",")[0] for label in third["layout"]["yaxis"]["ticktext"]] == [
        "bare skin", "part of a lesion",
    ]  # fmt: skip


def test_a_map_that_outlives_what_was_learnt_is_called_uninformative(page, measured_bundle):
    shown = go(page, "Heat maps").selectbox(key="map_figure").select("head").run()
    assert not shown.exception
    assert "Uninformative by this test: Layer-CAM." in text(shown)
    card = load_card(measured_bundle)
    assert "0.9" in maps.caution(card, "layercam")
    assert maps.caution(card, "gradcam") == ""
