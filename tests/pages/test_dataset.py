"""The dataset page as a person uses it, from tables alone."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE
from tests.support.card_bundle import charts, text, write_bundle
from tests.support.described import COUNTS, TABLES
from training.data.balancing import STUDIED, options_text
from ui.dataset import wording
from ui.dataset.page import SECTIONS

APP = str(Path(__file__).resolve().parents[2] / "app.py")
NEEDS = {  # table -> charts that its section loses without it
    "dataset/class_balance.csv": "Classes",
    "dataset/attributes.csv": "Patients and labels",
    "dataset/balancing.csv": "Balancing",
    "results/balancing_study.csv": "Balancing",
    "dataset/splits.csv": "Split and leakage",
    "results/leakage.csv": "Split and leakage",
}


@pytest.fixture(scope="module")
def described_bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("bundles") / "described", TABLES)


@pytest.fixture
def page(described_bundle, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(described_bundle))
    return open_page()


def open_page():
    return AppTest.from_file(APP, default_timeout=60).switch_page("pages/dataset.py").run()


def go(page, section: str):
    return page.button_group(key="dataset").set_value(section).run()


def test_every_section_is_drawn_and_says_where_its_numbers_come_from(page):
    for section in SECTIONS:
        shown = go(page, section)
        assert not shown.exception, section
        assert not shown.info, section
        assert "python -m training." in text(shown) and "sha256" in text(shown), section
        assert charts(shown), section
        assert len(shown.get("download_button")) >= 1, section


def test_sets_are_beside_each_other_with_their_imbalance(page):
    assert "2,830" in text(page)
    assert "48 to 1" in text(page)
    assert "MILK10k" in text(page)


def test_classes_by_image_or_lesion_linear_or_logarithmic(page):
    bars = charts(page)[0]
    assert sum(bars["data"][0]["x"]) == 2830 and bars["layout"]["xaxis"].get("type") != "log"
    shown = page.button_group(key="unit").set_value("lesions").run().toggle(key="logarithmic").set_value(True).run()
    bars = charts(shown)[0]
    assert sum(bars["data"][0]["x"]) == 283 and bars["layout"]["xaxis"]["type"] == "log"
    assert wording.LESIONS_HINT in text(shown)


def test_classes_that_join_another_or_none_are_named(page):
    shown = page.selectbox[0].set_value("milk10k").run()
    assert "Squamous cell carcinoma counts as class Actinic keratosis" in text(shown)
    assert "Inflammatory is not one of the seven classes" in text(shown)


def test_skin_tone_keeps_its_class_numbers_and_what_is_missing_is_shown(page):
    go(page, "Patients and labels").selectbox[0].set_value("milk10k").run()
    shown = page.button_group(key="attribute").set_value("skin_tone").run()
    bars = charts(shown)[0]["data"][0]
    assert bars["y"] == ["Class 0", "Class 3", "Class 5", "Not recorded"]
    assert bars["x"] == pytest.approx([1 / 48, 30 / 48, 8 / 48, 9 / 48])
    assert "not confirmed" in text(shown)
    of_class = shown.selectbox(key="class_milk10k").set_value("BCC").run()
    drawn = charts(of_class)[0]["data"]
    assert drawn[0]["x"] == pytest.approx([1 / 40, 30 / 40, 0, 9 / 40])
    assert drawn[1]["x"] == pytest.approx([1 / 48, 30 / 48, 8 / 48, 9 / 48])


def test_what_a_set_does_not_say_is_not_assessed(page):
    go(page, "Patients and labels")
    shown = page.button_group(key="attribute").set_value("skin_tone").run()
    assert [element.value for element in shown.info] == [wording.NOT_KNOWN.format("HAM10000")]
    assert not charts(shown)


@pytest.mark.parametrize(
    "way", [("over", "defaults"), ("class_weights", "defaults"), ("smote_embedding", "per_class = 300")]
)
def test_a_way_of_balancing_shows_its_epoch_weights_and_what_it_did(page, way):
    shown = go(page, "Balancing").selectbox(key="way").set_value(way).run()
    assert not shown.exception
    table = TABLES["dataset/balancing.csv"]
    rows = table[(table.method == way[0]) & (table.options == way[1])]
    drawn = charts(shown)[0]["data"]
    assert drawn[0]["x"] == list(COUNTS)
    assert sum(sum(trace["x"]) for trace in drawn[1:]) == pytest.approx(rows.draws.sum())
    assert f"{rows.class_weight.iloc[0]:.3f}" in text(shown)
    place = [(name, options_text(options)) for name, options in STUDIED].index(way)
    assert f"{0.5 + place / 100:.3f}</b>" in text(shown)
    assert "on 40 images of 30 lesions" in text(shown) and "validation" in text(shown)


def test_all_ways_stand_beside_each_other(page):
    shown = go(page, "Balancing").selectbox(key="measure").set_value("melanoma_sensitivity").run()
    rows = next(chart["data"][-1] for chart in charts(shown)[1:])
    assert len(rows["x"]) == len(STUDIED)


def test_the_split_says_that_no_lesion_is_on_two_sides(page):
    shown = go(page, "Split and leakage")
    assert "1,203 images, 1,102 lesions" in text(shown)
    assert f"{wording.CHECK_NAMES['shared']}</th><td>0</td>" in text(shown)
    assert f"{wording.CHECK_NAMES['joined']}</th><td>1</td>" in text(shown)


def test_a_leak_stands_beside_the_honest_figure(page):
    shown = go(page, "Split and leakage")
    assert charts(shown)[0]["data"][0]["x"] == [0.91, 0.62]
    assert "70 of 200 test photos show a lesion that is also in training" in text(shown)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
@pytest.mark.parametrize("name", NEEDS)
def test_a_table_that_is_not_the_cards_takes_only_its_panel_away(described_bundle, tmp_path, monkeypatch, name, damage):
    bundle = shutil.copytree(described_bundle, tmp_path / "bundle")
    path = bundle / name
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-10])
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    shown = go(open_page(), NEEDS[name])
    assert not shown.exception
    assert name in " ".join(element.value for element in shown.info)
    other = go(shown, next(section for section in SECTIONS if section != NEEDS[name]))
    assert not other.exception
    assert charts(other)


def test_no_bundle_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    page = open_page()
    assert not page.exception
    assert len(page.error) == 1
