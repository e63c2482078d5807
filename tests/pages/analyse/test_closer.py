"""The lesion on the page: its outline where it is wanted, its measurements beside what is usual, a frame around it."""

import json
import shutil

import numpy as np
import pytest

from model.answer.lesion import MARGIN
from model.card import BUNDLE_VARIABLE
from model.evaluation.inputs.outline import MEASURES
from model.preprocess import Square
from tests.support.analyse_page import drawn_photo, html, open_app, picture, upload
from training.judging.sealing import seal
from ui.analyse import state, wording
from ui.analyse.closer import lesion, maps
from ui.analyse.closer import wording as closer


@pytest.fixture(scope="module")
def outlined(judged, tmp_path_factory):
    """A bundle that says how well its outline agrees and what is usual of each measurement."""
    folder = shutil.copytree(judged, tmp_path_factory.mktemp("bundles") / "outlined")
    card = json.loads((folder / "card.json").read_text())
    figure = {"value": 0.91, "low": 0.9, "high": 0.92, "n_images": 1512, "n_lesions": 1119}
    card["outline"] |= {
        "jaccard": [figure | {"dataset": "ham10000", "split": "internal_test"}],
        "frame": [{"dataset": "milk10k", "split": "validation", "margin": MARGIN, **figure, "value": -0.02}],
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
    return opened(upload(open_app(), drawn_photo()))


def opened(app):
    for key in (lesion.OPEN, maps.OPEN):
        app.session_state[key] = True
    return app.run()


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


def test_what_is_usual_of_a_centred_square_does_not_stand_beside_another_frame(answered):
    assert closer.OTHER_FRAME not in said(answered)
    moved = answered.slider(key="size").set_value(70).run().button(key="look_here").click().run()
    shown = said(moved)
    assert moved.session_state.analysis.measurements is not None and closer.MEASURES["area"] in shown
    assert closer.OTHER_FRAME in shown and closer.usual("area", 0.1, 0.9) not in shown


def test_the_outline_is_drawn_where_it_is_wanted(answered):
    [pills] = [group for group in answered.get("button_group") if group.key == "outline_on"]
    assert list(pills.value) == ["Map"]
    before = {alt: picture(answered, alt) for alt in (wording.PHOTO, wording.EXPLAINED)}
    pills.set_value(["Photo"]).run()
    after = {alt: picture(answered, alt) for alt in (wording.PHOTO, wording.EXPLAINED)}
    assert before[wording.PHOTO] != after[wording.PHOTO] and before[wording.EXPLAINED] != after[wording.EXPLAINED]


def test_the_frame_is_fitted_on_request_only_and_says_what_that_did(answered):
    assert answered.session_state.frame_seen == tuple(state.WHOLE.values())
    assert "\N{MINUS SIGN}0.020 (+0.900 to +0.920) on MILK10k" in said(answered)
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
    app = opened(upload(open_app(), encode(bright)))
    assert not app.exception
    assert closer.CODES["no_lesion"] in said(app)
    assert not [group for group in app.get("button_group") if group.key == "outline_on"]


@pytest.mark.parametrize(
    ("name", "number", "written"),
    [
        ("area", 0.123, "12 %"), ("colour_count", 3.0, "3"), ("solidity", 0.987, "0.99"),
        ("asymmetry_long", None, closer.NOT_MEASURED), ("compactness", float("nan"), closer.NOT_MEASURED),
    ],
)  # fmt: skip
def test_a_measurement_is_written_in_its_unit(name, number, written):
    assert closer.value(name, number) == written


@pytest.mark.parametrize("left", [0, 150, 199])
def test_the_sliders_are_set_to_the_nearest_frame(left):
    found = state.square_from(400, 300, *state.nearest_frame(Square(left, 40, 200), 400, 300))
    assert (found.left, found.top, found.side) == pytest.approx((left, 40, 200), abs=2.5)


def widget(app, kind: str, key: str):
    [found] = [each for each in app.get(kind) if each.key == key]
    return found


def test_closed_expanders_compute_nothing(outlined, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(outlined))
    app = upload(open_app(), drawn_photo())
    assert not app.exception
    assert not app.get("plotly_chart") and closer.NOT_A_SCORE not in said(app)


def test_two_classes_are_set_against_each_other(answered):
    app = widget(answered, "selectbox", "map_for").select("mel").run()
    app = widget(app, "selectbox", "map_against_mel").select("nv").run()
    assert not app.exception
    title = "Grad-CAM, Melanoma against Melanocytic nevus"
    assert picture(app, title)
    assert closer.CONTRASTED.format("Melanoma", "Melanocytic nevus") in said(app)


def test_a_map_that_costs_passes_is_computed_when_asked_for_and_kept(answered):
    app = widget(answered, "selectbox", "map_method").select("finer").run()
    title = "Grad-CAM, half cells"
    assert not [image for image in app.get("image") if image.proto.imgs[0].alt.startswith(title)]
    one = widget(app, "selectbox", "map_for").value
    app = widget(app, "button", f"compute_finer_{one}").click().run()
    assert not app.exception
    address = picture(app, title)
    assert picture(app.run(), title) == address, "it is kept"
    [kept] = app.session_state[maps.KEPT].values()
    coarse = app.session_state.analysis.explanations[one].raw
    assert kept.shape == (2 * coarse.shape[0], 2 * coarse.shape[1])
    assert kept.sum() == pytest.approx(coarse.sum(), abs=1e-3)


def test_a_new_photo_drops_what_was_kept_for_the_last_one(answered):
    app = widget(answered, "selectbox", "map_method").select("finer").run()
    for seed in (23, 24):
        app = opened(upload(app, drawn_photo(seed)))
        one = widget(app, "selectbox", "map_for").value
        app = widget(app, "button", f"compute_finer_{one}").click().run()
    assert len(app.session_state[maps.KEPT]) == 1


def test_chosen_cells_say_what_they_add():
    alone = closer.region(1.5, 1, 3.0, ["Melanoma"])
    assert "chosen cell adds **+1.50** to the logit of Melanoma (all cells: +3.00)" in alone
    both = closer.region(np.log(4), 6, -1.0, ["Melanoma", "Naevus"])
    assert "6 chosen cells add **+1.39** to the log odds of Melanoma against Naevus" in both and "odds times 4" in both


def test_the_cells_are_numbered_along_the_rows_and_lie_in_their_middles():
    raw = np.arange(6, dtype=np.float32).reshape(2, 3)
    [marks] = maps.cells_figure(np.zeros((60, 60, 3), np.uint8), raw).data
    assert list(marks.customdata) == list(range(6))
    assert list(marks.x[:3]) == [10, 30, 50] and set(marks.y[:3]) == {15}


def test_a_contrast_is_drawn_on_one_scale_and_without_evidence_there_is_nothing_to_draw():
    drawn = maps.drawing("gradcam", ["Melanoma", "Naevus"], np.array([[2.0, -1.0]], np.float32))
    assert drawn.heat.tolist() == [[1, 0]] and drawn.against.tolist() == [[0, 0.5]]
    assert drawn.ends == ("Naevus", "Melanoma")
    photo = np.full((40, 80, 3), 128, np.uint8)
    seen = drawn.over(photo, Square(0, 0, 80), 1.0)
    assert seen[20, 5, 0] > 150 and seen[20, 5, 2] < 60, "orange where it speaks for the first"
    assert seen[20, 75, 2] > seen[20, 75, 0], "bluish where it speaks for the second"
    assert maps.drawing("gradcam", ["Melanoma"], np.full((1, 2), -1, np.float32)).heat.tolist() == [[0, 0]]
