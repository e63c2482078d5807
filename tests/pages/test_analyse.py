"""The page as a person uses it: through app.py, with the model that the fixtures build."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE, load_card
from model.patient import Patient
from model.preprocess import Square
from training.synthetic import SAMPLES
from ui import state, wording

APP = str(SAMPLES.parents[1] / "app.py")
NEVER_SUPPORTED = "df"  # the fixtures' network holds no evidence for it
SAMPLE = "synthetic_mel.jpg"


@pytest.fixture
def app(bundle_in_use):
    """A fresh session of the app with the fixtures' model."""
    return AppTest.from_file(APP, default_timeout=60).run()


@pytest.fixture
def answered(app):
    return app.button(key=SAMPLE).click().run()


def html(app) -> str:
    """Everything written as HTML, less the style sheet."""
    return " ".join(element.value for element in app.get("html") if "<style" not in element.value)


def differential(app) -> str | None:
    """The table of probabilities, if there is one."""
    found = re.search(r'<table class="differential">.*?</table>', html(app))
    return found and found.group()


def picture(app, alt: str) -> str:
    """Address of the one picture whose description starts so; it changes with the pixels."""
    [address] = [image.value[0] for image in app.get("image") if image.proto.imgs[0].alt.startswith(alt)]
    return address


def upload(app, data: bytes, name: str = "photo.jpg"):
    [uploader] = app.get("file_uploader")
    return uploader.upload(name, data, "image/jpeg").run()


def sample_bytes(name: str = SAMPLE) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_empty_page_says_what_to_do(app):
    assert not app.exception
    assert wording.DISCLAIMER in html(app)
    assert wording.DROP in app.title[0].value
    assert [button.key for button in app.button] == list(wording.SAMPLE_NAMES)
    assert all("synthetic" in button.label.lower() for button in app.button)
    assert any("gallery.isic-archive.com" in element.value for element in app.markdown)
    assert not differential(app)


def test_a_sample_gives_seven_probabilities_with_full_names(answered):
    assert not answered.exception
    assert not answered.error
    shown = differential(answered)
    for label in load_card().labels:
        assert label.name in shown
    assert shown.count('scope="row"') == 7


def test_the_bars_are_the_prediction_and_the_groups_its_sums(answered):
    analysis = answered.session_state.analysis
    expected = analysis.prediction.probabilities
    shown = differential(answered)
    widths = sorted(float(width) for width in re.findall(r'style="width:([\d.]+)%"', shown))
    assert widths == pytest.approx(sorted(100 * expected), abs=0.006)
    assert wording.percent(analysis.prediction.malignant) in shown
    malignant = sum(p for p, label in zip(expected, analysis.card.labels, strict=True) if label.malignant)
    assert analysis.prediction.malignant == pytest.approx(malignant)


def test_an_upload_is_answered_and_its_name_is_not_repeated(app):
    uploaded = upload(app, sample_bytes(), name="mueller_hans.jpg")
    assert not uploaded.exception
    assert uploaded.session_state.analysis.photo.pixels.shape == (600, 800, 3)
    everything = html(uploaded) + " ".join(str(element) for element in uploaded.main)
    assert "mueller" not in everything


def test_upload_and_sample_of_the_same_file_agree(app, answered):
    first = answered.session_state.analysis
    second = upload(AppTest.from_file(APP, default_timeout=60).run(), sample_bytes()).session_state.analysis
    assert first.photo.sha256 == second.photo.sha256
    assert np.array_equal(first.prediction.probabilities, second.prediction.probabilities)


@pytest.mark.parametrize("data", [b"", b"no photo at all", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_bad_upload_gets_one_sentence(app, data):
    refused = upload(app, data)
    assert not refused.exception
    assert len(refused.error) == 1
    assert refused.error[0].value.endswith(".")
    assert not differential(refused)
    assert len(refused.get("file_uploader")) == 1


def test_a_bad_upload_after_an_answer_takes_the_answer_away(answered):
    refused = upload(answered, b"no photo at all")
    assert len(refused.error) == 1
    assert "analysis" not in refused.session_state


def test_an_even_surface_gets_a_reason_and_no_numbers(app, encode):
    abstained = upload(app, encode(np.full((120, 160, 3), 180, np.uint8)))
    assert not abstained.exception
    assert [warning.value for warning in abstained.warning] == [wording.NOTES["blank"]]
    assert not differential(abstained)
    assert not abstained.get("download_button")
    assert abstained.slider(key="size")


REMARKABLE = {  # code of the engine -> a file that earns it, from a lesion's pixels and the encoder
    "small_photo": lambda lesion, encode: encode(lesion[:50, :60]),
    "first_frame_only": lambda lesion, encode: encode(
        lesion, "GIF", save_all=True, append_images=[Image.fromarray(lesion[::-1])]
    ),
    "sixteen_bit_scaled": lambda lesion, encode: encode(lesion[..., 0].astype(np.uint16) * 257),
    "float_scaled": lambda lesion, encode: encode(lesion[..., 0].astype(np.float32) / 255, "TIFF"),
    "reduced_size": lambda lesion, encode: encode(np.tile(lesion, (18, 18, 1)), "JPEG"),
}


@pytest.mark.parametrize("code", REMARKABLE)
def test_what_was_done_to_a_photo_is_said(app, lesion, encode, code):
    shown = upload(app, REMARKABLE[code](lesion, encode))
    assert not shown.exception
    assert code in shown.session_state.analysis.warnings
    assert wording.NOTES[code] in [caption.value for caption in shown.caption]


def test_a_good_photo_after_a_bad_one_clears_the_sentence(app):
    mended = upload(upload(app, b"no photo at all"), sample_bytes())
    assert not mended.error
    assert differential(mended)


def test_the_class_explained_starts_with_the_most_probable(answered):
    analysis = answered.session_state.analysis
    top = analysis.card.codes[int(analysis.prediction.probabilities.argmax())]
    assert answered.selectbox(key="explained").value == top
    assert len(answered.selectbox(key="explained").options) == 7


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
    answer, photo = differential(answered), picture(answered, wording.PHOTO)
    heat = picture(answered, wording.EXPLAINED)
    changed = MAP_CONTROLS[control](answered).run()
    assert not changed.exception
    assert picture(changed, wording.EXPLAINED) != heat
    assert picture(changed, wording.PHOTO) == photo
    assert differential(changed) == answer


def test_a_class_without_evidence_is_said_to_have_none(answered):
    assert wording.NO_EVIDENCE not in html(answered)
    without = answered.selectbox(key="explained").set_value(NEVER_SUPPORTED).run()
    assert wording.NO_EVIDENCE in html(without)


def test_the_frame_moves_what_the_network_sees(answered):
    centred = answered.session_state.analysis
    moved = answered.slider(key="across").set_value(0).run().session_state.analysis
    assert moved.square == Square(0, 0, 600)
    assert not np.array_equal(moved.view, centred.view)
    assert not np.array_equal(moved.prediction.probabilities, centred.prediction.probabilities)


def test_a_smaller_frame_can_move_both_ways(answered):
    assert answered.slider(key="down").disabled
    smaller = answered.slider(key="size").set_value(50).run()
    assert not smaller.slider(key="down").disabled
    square = smaller.slider(key="down").set_value(100).run().session_state.analysis.square
    assert square == Square(250, 300, 300)


def test_the_next_photo_starts_with_the_whole_frame(answered):
    answered.slider(key="size").set_value(40).run()
    following = answered.button(key="synthetic_nv.jpg").click().run()
    assert following.slider(key="size").value == 100
    assert following.session_state.analysis.square.side == 600


@pytest.mark.parametrize(("across", "down", "size"), [(0, 0, 100), (100, 100, 20), (37, 81, 63)])
def test_a_square_never_leaves_the_photo(across, down, size):
    square = state.square_from(801, 333, across, down, size)
    assert square.left >= 0 and square.left + square.side <= 801
    assert square.top >= 0 and square.top + square.side <= 333


def test_two_sessions_share_no_photo(answered, bundle_in_use):
    other = AppTest.from_file(APP, default_timeout=60).run()
    assert "analysis" not in other.session_state
    assert "file" not in other.session_state
    assert not differential(other)
    assert answered.session_state.analysis is not None


def test_a_missing_model_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("LESIONSCOPE_BUNDLE", str(tmp_path))
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert len(app.error) == 1


def tell(app, age=None, sex=None, site=None):
    """Fill in what is known beside the photo."""
    app.number_input(key="patient_age").set_value(age)
    app.button_group(key="patient_sex").set_value(sex)
    app.selectbox(key="patient_site").set_value(site)
    return app.run()


def test_age_sex_and_site_weigh_the_answer_and_the_photos_own_stays_beside_it(answered):
    alone, map_before = answered.session_state.analysis.prediction, picture(answered, wording.EXPLAINED)
    told = tell(answered, 80, "female", "head")
    assert not told.exception
    expected = load_card().effects.inform(alone.probabilities, Patient(80, "female", "head"))
    shown = differential(told)
    for value in (*expected, *alone.probabilities):
        assert f">{wording.percent(value)}<" in shown
    assert wording.WITH_PATIENT in shown and wording.PHOTO_ALONE in shown
    assert "with age 80, female, head or neck" in html(told)
    assert picture(told, wording.EXPLAINED) == map_before


def test_with_nothing_told_the_answer_is_the_photos(answered):
    before = differential(answered)
    assert wording.PHOTO_ALONE not in before
    assert differential(tell(tell(answered, 30, "male", "trunk"))) == before


def test_the_next_photo_is_of_a_patient_of_whom_nothing_is_known(answered):
    told = tell(answered, 80, "female", "head")
    after = told.button(key="synthetic_nv.jpg").click().run()
    assert not after.exception
    assert wording.PHOTO_ALONE not in differential(after)
    assert after.number_input(key="patient_age").value is None
    assert after.selectbox(key="patient_site").value is None
    assert after.button_group(key="patient_sex").value is None


def test_a_model_of_photos_alone_does_not_ask(tiny_bundle, tmp_path, monkeypatch):
    bundle = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    card = json.loads((bundle / "card.json").read_text())
    del card["patient"]
    (bundle / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    app = AppTest.from_file(APP, default_timeout=60).run().button(key=SAMPLE).click().run()
    assert not app.exception and differential(app)
    assert not app.number_input
