"""The lesion on the page: its outline where it is wanted, its measurements beside what is usual, a frame around it."""

import json
import shutil

import numpy as np
import pytest

from model.card import BUNDLE_VARIABLE
from model.evaluation.inputs.outline import MEASURES
from tests.support.analyse_page import drawn_photo, html, open_app, picture, upload
from training.judging.sealing import seal
from ui.analyse import state, wording
from ui.analyse.closer import wording as closer


@pytest.fixture(scope="module")
def outlined(judged, tmp_path_factory):
    """A bundle that says how well its outline agrees and what is usual of each measurement."""
    folder = shutil.copytree(judged, tmp_path_factory.mktemp("bundles") / "outlined")
    card = json.loads((folder / "card.json").read_text())
    figure = {"value": 0.91, "low": 0.9, "high": 0.92, "n_images": 1512, "n_lesions": 1119}
    card["outline"] |= {
        "jaccard": [figure | {"dataset": "ham10000", "split": "internal_test"}],
        "frame": [{"dataset": "milk10k", "split": "validation", "margin": state.FIT_MARGIN, **figure, "value": -0.02}],
    }
    (folder / "card.json").write_text(json.dumps(card))
    rows = ["dataset,split,label,measure,q05,q25,q50,q75,q95,n_images,n_lesions,n_unmeasured"]
    rows += [
        f"ham10000,internal_test,{label},{measure},0.1,0.2,0.3,0.4,0.9,100,90,0"
        for label in ("mel", "nv")
        for measure in MEASURES
    ]
    (folder / "results/outline_measures.csv").write_text("\n".join(rows) + "\n")
    seal(folder)
    return folder


@pytest.fixture
def answered(outlined, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(outlined))
    return upload(open_app(), drawn_photo())


def said(app) -> str:
    return html(app) + " ".join(element.value for element in (*app.markdown, *app.caption))


def test_measurements_stand_beside_what_is_usual(answered):
    assert not answered.exception
    analysis = answered.session_state.analysis
    shown = said(answered)
    assert not analysis.lesion.empty
    assert closer.MEASURES["area"] in shown
    assert closer.value("area", analysis.measurements.area) in shown
    assert closer.usual("area", 0.1, 0.9) in shown and closer.usual("solidity", 0.1, 0.9) in shown
    assert "by 0.91 (Jaccard index, 0.90 to 0.92; 1,512 photos)" in shown
    assert closer.NOT_A_SCORE in shown


def test_the_outline_is_drawn_where_it_is_wanted(answered):
    [pills] = [group for group in answered.get("button_group") if group.key == "outline_on"]
    assert list(pills.value) == ["Map"]
    before = {alt: picture(answered, alt) for alt in (wording.PHOTO, wording.EXPLAINED)}
    pills.set_value(["Photo"]).run()
    after = {alt: picture(answered, alt) for alt in (wording.PHOTO, wording.EXPLAINED)}
    assert before[wording.PHOTO] != after[wording.PHOTO] and before[wording.EXPLAINED] != after[wording.EXPLAINED]


def test_the_frame_is_fitted_on_request_only_and_says_what_that_did(answered):
    assert answered.session_state.frame_seen == tuple(state.WHOLE.values())
    assert "-0.020 (+0.900 to +0.920) on MILK10k" in said(answered)
    [button] = [button for button in answered.button if button.key == "fit_frame"]
    lesion, square = answered.session_state.analysis.lesion, answered.session_state.analysis.square
    columns = np.flatnonzero(lesion.inside.any(axis=0)) / len(lesion.inside) * square.side + square.left
    button.click().run()
    found = answered.session_state.analysis.square
    assert answered.session_state.frame_seen != tuple(state.WHOLE.values())
    assert found.left <= columns.min() + 8 and found.left + found.side >= columns.max() - 8


def test_a_frame_without_a_lesion_is_not_measured(outlined, monkeypatch, encode):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(outlined))
    bright = np.full((300, 300, 3), (250, 225, 215), np.uint8)
    bright[:, 150:] -= 20  # no even surface
    app = upload(open_app(), encode(bright))
    assert not app.exception
    assert closer.CODES["no_lesion"] in said(app)
    assert not [group for group in app.get("button_group") if group.key == "outline_on"]


@pytest.mark.parametrize(
    ("name", "number", "written"),
    [
        ("area", 0.123, "12%"), ("colour_count", 3.0, "3"), ("solidity", 0.987, "0.99"),
        ("asymmetry_long", None, closer.NOT_MEASURED), ("compactness", float("nan"), closer.NOT_MEASURED),
    ],
)  # fmt: skip
def test_a_measurement_is_written_in_its_unit(name, number, written):
    assert closer.value(name, number) == written


@pytest.mark.parametrize("left", [0, 150, 199])
def test_the_sliders_are_set_to_the_nearest_frame(left, monkeypatch):
    from model.preprocess import Square

    kept = {}
    monkeypatch.setattr(state, "st", type("Fake", (), {"session_state": kept}))
    monkeypatch.setattr(state, "look_here", lambda: None)
    state.fit(Square(left, 40, 200), 400, 300)
    found = state.square_from(400, 300, kept["across"], kept["down"], kept["size"])
    assert (found.left, found.top, found.side) == pytest.approx((left, 40, 200), abs=2.5)
