"""The model card as a page, and the list of reporting items."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE
from tests.support.card_bundle import text, write_bundle
from ui.about import page as about
from ui.about import wording

APP = str(Path(__file__).resolve().parents[2] / "app.py")


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", {})))
    return AppTest.from_file(APP, default_timeout=60).switch_page("pages/about.py").run()


def test_the_card_is_shown_whole(page):
    assert not page.exception
    said = text(page)
    for words in ("2026-11-21", "0.0.1", "Tests only.", "Patients", "Somebody. Something (2018)", "MIT"):
        assert words in said
    assert "Made up &amp; &lt;b&gt;small&lt;/b&gt;" in said
    assert wording.NOTHING in said


def test_each_guideline_has_its_items_and_an_honest_count(page):
    items = pd.read_csv(about.ITEMS, dtype=str)
    for guideline, rows in items.groupby("guideline"):
        shown = page.button_group(key="guideline").set_value(guideline).run()
        assert not shown.exception
        counts = [(rows.answered == answer).sum() for answer in wording.ANSWERS]
        assert wording.COUNTED.format(guideline, counts[0], len(rows), *counts[1:]) in text(shown)
        folded = [wording.ANSWERED.format(*pair) for pair in zip(wording.ANSWERS, counts, strict=True)]
        assert [element.label for element in shown.expander] == folded
        assert sum(text_of.value.count("<th scope='row'>") for text_of in shown.get("html")) == len(rows)


def test_every_item_is_answered_or_says_why_not():
    items = pd.read_csv(about.ITEMS, dtype=str, keep_default_na=False)
    assert set(items["answered"]) == set(wording.ANSWERS)
    assert (items["where"].str.len() > 5).all()
    numbered = items[items["guideline"] == "TRIPOD+AI"].number
    assert numbered.is_unique
    assert set(numbered.str.extract(r"(\d+)")[0].astype(int)) == set(range(1, 28))


def test_card_and_items_can_be_saved(page):
    assert {button.label for button in page.get("download_button")} == {wording.SAVE, wording.SAVE_CARD}


def test_no_bundle_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    page = AppTest.from_file(APP, default_timeout=60).switch_page("pages/about.py").run()
    assert not page.exception
    assert len(page.error) == 1
