"""Gauges on the pages: a note beside the answer where one lies beyond its limit, and the panel that judges them."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from model.answer.quality import CUT_OFF, HEADS, PIXEL_GAUGES, RESOLUTION
from model.card import BUNDLE_VARIABLE, load_card
from tests.support.analyse_page import SAMPLE, html, open_app
from tests.support.measured import charts, go, text
from training.judging.sealing import seal
from ui import evidence
from ui import wording as shared
from ui.evaluation.limits import wording


@pytest.fixture
def told(analyser, judged, tmp_path, monkeypatch):
    """The page with a model that always tells of hair, and never of bad light."""
    bundle = shutil.copytree(judged, tmp_path / "bundle")
    channels = len(analyser.classifier.kernel)
    np.savez(bundle / "gauges.npz", hair_kernel=np.zeros(channels, np.float32), hair_bias=np.float32(1))
    digest = hashlib.sha256((bundle / "gauges.npz").read_bytes()).hexdigest()
    limits = [{"code": "exposure", "low": 0.0, "high": 255.0}, {"code": "hair", "low": None, "high": 0.5}]
    card = json.loads((bundle / "card.json").read_text())
    card["gauges"] = {"file": "gauges.npz", "sha256": digest, "limits": limits}
    (bundle / "card.json").write_text(json.dumps(card))
    seal(bundle)
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    return open_app().button(key=SAMPLE).click().run()


def test_only_what_lies_beyond_its_limit_is_told_beside_the_answer(told):
    assert not told.exception
    assert shared.NOTES["hair"] in html(told)
    assert shared.NOTES["exposure"] not in html(told)


def test_every_gauge_has_a_note_and_a_name():
    codes = {*PIXEL_GAUGES, *HEADS, CUT_OFF}
    assert codes - {RESOLUTION} <= set(shared.NOTES)
    assert codes <= set(wording.GAUGE_NAMES)


def test_the_panel_shows_what_gauges_find_and_every_figure(page, measured_bundle):
    shown = go(page, "Notes on photos")
    table = evidence.table(load_card(measured_bundle), "results/gauges.csv")
    found = table[table.metric == "found"]
    drawn = [name.replace("<br>", " ") for name in charts(shown)[-1]["layout"]["yaxis"]["ticktext"]]
    assert len(drawn) == len(found) == 2
    for words in ("Blur", "highest tenth of the score for hair"):
        assert any(words in name for name in drawn)
    right = table[table.metric == "right"].iloc[0]
    assert f"{right.value:.3f}</b>" in text(shown)
    assert wording.TOLD in text(shown)
