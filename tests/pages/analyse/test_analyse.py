"""The answer to a photo as a person reads it: through app.py, with the model that the fixtures build."""

import json
import re
import shutil
from html import escape

import numpy as np
import pytest
from PIL import Image

from model.answer.patient import Patient
from model.card import BUNDLE_VARIABLE, load_card
from model.evaluation.decisions.evidence import posterior
from tests.support.analyse_page import (
    LEVELS,
    SAMPLE,
    SETS,
    bars,
    drawn_photo,
    headline,
    html,
    open_app,
    picture,
    upload,
)
from tests.support.bundles import NEVER_SUPPORTED
from ui import wording as shared
from ui.analyse import state, wording


def test_empty_page_says_what_to_do(app):
    assert not app.exception
    assert shared.DISCLAIMER in html(app)
    assert wording.DROP in app.title[0].value
    assert len([button for button in app.button if button.key.startswith("ISIC_")]) == 8
    assert not bars(app) and not headline(app)


def test_the_headline_is_the_decision_with_both_sums_and_what_was_measured_there(answered):
    assert not answered.exception and not answered.error
    analysis, said = answered.session_state.analysis, html(answered)
    assert headline(answered) == wording.NOT_RULED_OUT["mel"]
    melanoma = analysis.photo_alone.probabilities[analysis.card.codes.index("mel")]
    for share in (analysis.photo_alone.malignant, melanoma):
        assert f"<b>{shared.percent(share)}</b>" in said
    _, _, found, images = SETS[0]
    assert f"{found * images:.0f} of {images} test images of melanoma" in said
    assert "80 to 90 % over 2 sets" in said  # the range, not the best set
    assert "25 of 100 other images" in said


def test_the_bars_are_the_photos_own_answer_with_marks_at_the_levels_of_a_headline(answered):
    expected, shown = answered.session_state.analysis.photo_alone, bars(answered)
    assert [label.name in shown for label in load_card().labels] == [True] * 7
    widths = [float(width) for width in re.findall(r'style="width:([\d.]+)%"', shown)]
    assert sorted(widths) == pytest.approx(
        sorted([*(100 * expected.probabilities), 100 * expected.malignant]), abs=0.006
    )
    marks = [float(place) for place in re.findall(r'<u style="left:([\d.]+)%"', shown)]
    assert marks == 2 * [round(100 * LEVELS[role], 2) for role in ("rule_out", "confirm")]


def test_the_named_diagnosis_is_the_rules_and_the_most_probable_is_told_apart(answered):
    names = {label.code: label.name for label in load_card().labels}
    decision = answered.session_state.analysis.decision
    assert decision.named == "df" != decision.most_probable
    assert wording.NAMED.format(names["df"]) in html(answered)
    assert wording.MOST_PROBABLE.format(names[decision.most_probable]) in html(answered)
    assert wording.TOGETHER.format(", ".join(names[code] for code in decision.sets[0.95])) in html(answered)


def test_images_with_such_an_answer_are_counted_and_evaluation_is_one_step_away(answered):
    assert "Of 200 test images with a malignant sum of 0 to 100 %, 50 were malignant" in html(answered)
    assert "(95 % interval 20 to 30\N{NO-BREAK SPACE}%, HAM10000" in html(answered)
    assert [link.proto.page for link in answered.get("page_link")] == ["evaluation"]


def test_the_clinics_prevalence_is_kept_and_adjusts_predictive_values_only(answered):
    before = bars(answered)
    told = answered.number_input(key="clinic_prevalence").set_value(3.0).run()
    positive, negative = posterior(SETS[0][2], 0.75, 0.03)
    above = told.session_state.analysis.decision.reached >= {"malignant"}
    share = f"{100 * positive:.0f}" if above else f"{100 * (1 - negative):.1f}"
    assert f" level, {share} are malignant (" in html(told)
    assert bars(told) == before
    following = upload(told, drawn_photo())
    assert following.number_input(key="clinic_prevalence").value == 3.0
    assert "Adjusted to 3 of 100" in html(following)


def tell(app, age=None, sex=None, site=None):
    """Fill in what is known beside the photo."""
    app.number_input(key="patient_age").set_value(age)
    app.button_group(key="patient_sex").set_value(sex)
    app.selectbox(key="patient_site").set_value(site)
    return app.run()


def test_age_sex_and_site_add_a_line_and_change_neither_headline_nor_name(answered):
    alone, before = answered.session_state.analysis.photo_alone, html(answered)
    shown = [headline(answered), bars(answered), picture(answered, wording.EXPLAINED)]
    told = tell(answered, 80, "female", "head")
    assert not told.exception
    informed = load_card().effects.inform(alone.probabilities, Patient(80, "female", "head"))
    malignant = sum(informed[label.index] for label in load_card().labels if label.malignant)
    line = f"With age 80, female, head or neck: malignant {shared.percent(malignant)} (photo alone"
    assert line in html(told) and line not in before
    assert [headline(told), bars(told), picture(told, wording.EXPLAINED)] == shown
    after = told.button(key="ISIC_0010356").click().run()
    assert after.number_input(key="patient_age").value is None and after.selectbox(key="patient_site").value is None
    assert "With age" not in html(after)


def test_a_model_of_photos_alone_does_not_ask(judged, tmp_path, monkeypatch):
    bundle = shutil.copytree(judged, tmp_path / "bundle")
    card = json.loads((bundle / "card.json").read_text())
    for entry in ("patient", "decision", "prediction_sets"):
        del card[entry]
    card["thresholds"] = []
    (bundle / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    app = open_app().button(key=SAMPLE).click().run()
    assert not app.exception and bars(app)
    assert headline(app) == wording.NO_LEVELS
    assert [field.key for field in app.number_input] == ["clinic_prevalence"]


def test_a_sample_tells_its_diagnosis_and_licence_and_a_photo_of_ones_own_has_none(answered):
    assert "What it was: <b>Melanoma</b>" in html(answered) and "CC0" in html(answered)
    assert "What it was" not in html(upload(answered, drawn_photo()))


REMARKABLE = {  # code of the engine -> a file that earns it, from a lesion's pixels and the encoder
    "small_photo": lambda lesion, encode: encode(lesion[:50, :60]),
    "first_frame_only": lambda lesion, encode: encode(
        lesion, "GIF", save_all=True, append_images=[Image.fromarray(lesion[::-1])]
    ),
    "sixteen_bit_scaled": lambda lesion, encode: encode(lesion[..., 0].astype(np.uint16) * 257),
    "float_scaled": lambda lesion, encode: encode(lesion[..., 0].astype(np.float32) / 255, "TIFF"),
    "grey": lambda lesion, encode: encode(lesion[..., 0], "JPEG"),
    "significant_bits": lambda lesion, encode: encode(lesion[..., 0].astype(np.uint16) * 16, "TIFF"),
    "profile_ignored": lambda lesion, encode: encode(lesion, icc_profile=b"broken" * 50),
    "reduced_size": lambda lesion, encode: encode(np.tile(lesion, (18, 18, 1)), "JPEG"),
}


@pytest.mark.parametrize("code", REMARKABLE)
def test_what_was_done_to_a_photo_is_said(app, lesion, encode, code):
    shown = upload(app, REMARKABLE[code](lesion, encode))
    assert not shown.exception
    assert code in shown.session_state.analysis.warnings
    assert escape(shared.NOTES[code]) in html(shown)


def test_the_map_menu_follows_the_answer_and_starts_with_what_the_headline_is_about(answered):
    analysis, menu = answered.session_state.analysis, answered.selectbox(key="explained")
    order = np.argsort(-analysis.photo_alone.probabilities)
    assert menu.options == [analysis.card.labels[place].name for place in order]
    assert "mel" in analysis.decision.reached and menu.value == "mel"


def other_class(app) -> str:
    """A class with a map that is not the one shown."""
    explanations = app.session_state.analysis.explanations
    shown = app.session_state.explained
    return next(code for code, found in explanations.items() if found.informative and code != shown)


MAP_CONTROLS = {
    "opacity": lambda app: app.slider(key="opacity").set_value(0),
    "style": lambda app: app.button_group(key="drawn_as").set_value(wording.STYLES[1]),
    "class": lambda app: app.selectbox(key="explained").set_value(other_class(app)),
}


@pytest.mark.parametrize("control", MAP_CONTROLS)
def test_every_map_control_changes_the_map_and_not_the_answer(answered, control):
    answer, photo = bars(answered), picture(answered, wording.PHOTO)
    heat = picture(answered, wording.EXPLAINED)
    changed = MAP_CONTROLS[control](answered).run()
    assert not changed.exception
    assert picture(changed, wording.EXPLAINED) != heat
    assert picture(changed, wording.PHOTO) == photo
    assert bars(changed) == answer


def test_a_class_without_evidence_is_said_to_have_none(answered):
    assert wording.NO_EVIDENCE not in html(answered)
    without = answered.selectbox(key="explained").set_value(NEVER_SUPPORTED).run()
    assert wording.NO_EVIDENCE in html(without)


@pytest.mark.parametrize(("across", "down", "size"), [(0, 0, 100), (100, 100, 20), (37, 81, 63)])
def test_a_square_never_leaves_the_photo(across, down, size):
    square = state.square_from(801, 333, across, down, size)
    assert square.left >= 0 and square.left + square.side <= 801
    assert square.top >= 0 and square.top + square.side <= 333


def test_a_missing_model_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    app = open_app()
    assert not app.exception
    assert len(app.error) == 1
