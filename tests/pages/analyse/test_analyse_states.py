"""What becomes of a file: refused, answered all the same, blank, damaged, moved through, forgotten."""

import dataclasses

import numpy as np
import pytest

import ui.analyse.state
from model import report
from model.answer import sentences
from model.answer.decision import LOW
from model.answer.gate import BESIDE, BLANK, OUTSIDE
from model.card import BUNDLE_VARIABLE
from model.pipeline import Analyser, Analysis
from model.preprocess import Square
from tests.support.analyse_page import SAMPLE, bars, drawn_photo, headline, html, open_app, picture, upload
from ui.analyse import samples, wording
from ui.analyse.answer import centred
from ui.wording import percent


@pytest.fixture
def refused(gated, monkeypatch):
    """A sample that the gate refuses."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(gated))
    return open_app().button(key=SAMPLE).click().run()


def test_a_refused_photo_has_no_numbers_no_map_and_says_what_to_do(refused):
    assert not refused.exception
    assert headline(refused) == sentences.REFUSED[OUTSIDE] and wording.REFUSED[OUTSIDE] in html(refused)
    assert "says nothing about the lesion" in html(refused) and "dermoscopic photo" in html(refused)
    assert not bars(refused) and " %" not in html(refused)
    assert not refused.get("download_button") and not refused.get("selectbox")
    assert picture(refused, wording.PHOTO) and refused.slider(key="size")


def test_an_answer_to_a_refused_photo_is_asked_for_and_marked_everywhere(refused):
    forced = refused.button(key="answer_anyway").click().run()
    assert not forced.exception
    assert bars(forced) and "<u style" not in bars(forced)
    assert sentences.FORCED[OUTSIDE] in html(forced)
    assert "test images" not in html(forced) and "images of melanoma" not in html(forced)  # none of them was like this
    analysis = forced.session_state.analysis.answered_anyway()
    assert analysis.forced and report.result(analysis)["answered_although_refused"]
    again = forced.slider(key="size").set_value(50).run().button(key="look_here").click().run()
    assert not bars(again)  # another frame has to be asked for again


def test_an_even_surface_gets_a_reason_and_no_numbers(app, encode):
    abstained = upload(app, encode(np.full((120, 160, 3), 180, np.uint8)))
    assert not abstained.exception
    assert headline(abstained) == sentences.REFUSED[BLANK]
    assert sentences.MEANS[BLANK] in html(abstained) and wording.REFUSED[BLANK] in html(abstained)
    assert not bars(abstained) and not abstained.get("download_button")
    assert abstained.slider(key="size")
    assert "answer_anyway" not in [button.key for button in abstained.button]


@pytest.mark.parametrize("data", [b"", b"no photo at all", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_bad_upload_gets_one_sentence(app, data):
    refused = upload(app, data)
    assert not refused.exception
    assert len(refused.error) == 1 and refused.error[0].value.endswith(".")
    assert not bars(refused)
    assert len(refused.get("file_uploader")) == 1


def test_a_bad_upload_keeps_the_answer_before_it_and_its_sentence_goes_with_the_next_action(answered):
    before, asked = bars(answered), answered.session_state.analysis
    refused = upload(answered, b"no photo at all")
    assert len(refused.error) == 1
    assert bars(refused) == before and refused.session_state.analysis is asked
    acted = refused.slider(key="opacity").set_value(10).run()
    assert not acted.error
    assert bars(acted) == before


def test_an_upload_is_answered_and_its_name_is_not_repeated(app):
    uploaded = upload(app, drawn_photo(), name="mueller_hans.jpg")
    assert not uploaded.exception
    assert uploaded.session_state.analysis.photo.pixels.shape == (600, 800, 3)
    everything = html(uploaded) + " ".join(str(element) for element in uploaded.main)
    assert "mueller" not in everything


def test_upload_and_sample_of_the_same_file_agree(app, answered):
    first = answered.session_state.analysis
    second = upload(open_app(), samples.samples()[2].path.read_bytes()).session_state.analysis
    assert first.photo.sha256 == second.photo.sha256
    assert np.array_equal(first.prediction.probabilities, second.prediction.probabilities)


def test_the_frame_is_looked_at_when_asked_and_the_file_is_decoded_once(app, monkeypatch):
    looked, decoded = [], []
    look, read = Analyser.look, ui.analyse.state.read_photo
    monkeypatch.setattr(Analyser, "look", lambda *told, **named: looked.append(1) or look(*told, **named))
    monkeypatch.setattr(ui.analyse.state, "read_photo", lambda data: decoded.append(1) or read(data))
    shown = upload(app, drawn_photo())
    centred, answer = picture(shown, wording.PHOTO), bars(shown)
    assert wording.OTHER_FRAME not in html(shown)
    assert shown.button(key="look_here").disabled and shown.slider(key="down").disabled
    for place in (40, 30, 20):
        shown = shown.slider(key="across").set_value(place).run()
    assert len(looked) == 1 and bars(shown) == answer
    assert picture(shown, wording.PHOTO) != centred  # the frame is drawn where it will look
    moved = shown.slider(key="across").set_value(0).run().button(key="look_here").click().run()
    assert moved.session_state.analysis.square == Square(0, 0, 600)
    assert bars(moved) != answer
    assert wording.OTHER_FRAME in html(moved)
    smaller = moved.slider(key="size").set_value(50).run()
    aside = smaller.slider(key="down").set_value(100).run().button(key="look_here").click().run()
    assert aside.session_state.analysis.square == Square(0, 300, 300)
    assert (len(looked), len(decoded)) == (3, 1)
    following = aside.button(key=SAMPLE).click().run()
    assert following.slider(key="size").value == 100
    assert following.session_state.analysis.square == Square(0, 0, 512)
    assert wording.OTHER_FRAME not in html(following)


def usual_line(shown) -> str:
    """What stands next to another frame of this photo."""
    clear = " This is no all-clear." if shown.session_state.analysis.decision.risk == LOW else ""
    return wording.CENTRED.format(f"{headline(shown)} ({centred.sums(shown.session_state.analysis)})") + clear


def test_next_to_another_frame_stands_what_was_said_to_the_centred_square(app):
    shown = upload(app, drawn_photo())
    said = usual_line(shown)
    assert said not in html(shown) and "back" not in [button.key for button in shown.button]
    smaller = shown.slider(key="size").set_value(80).run().button(key="look_here").click().run()
    assert bars(smaller) and said in html(smaller) and wording.IN_FRAME in html(smaller)
    again = smaller.button(key="back").click().run()
    assert again.session_state.analysis.centred and again.slider(key="size").value == 100
    assert wording.IN_FRAME not in html(again)


def test_a_frame_never_turns_the_risk_down(app, monkeypatch):
    shown = upload(app, drawn_photo())
    usual = shown.session_state.analysis
    before = headline(shown)
    assert usual.decision.risk != LOW
    real = Analysis.decision.fget

    def harmless(one: Analysis):
        return dataclasses.replace(real(one), risk=LOW) if one.centred_square else real(one)

    monkeypatch.setattr(Analysis, "decision", property(harmless))
    smaller = shown.slider(key="size").set_value(80).run().button(key="look_here").click().run()
    assert headline(smaller) == before and f"Malignant <b>{percent(usual.photo_alone.malignant)}</b>" in html(smaller)
    found = smaller.session_state.analysis
    assert wording.LEADS.format(f"{wording.headline(found.decision)} ({centred.sums(found)})") in html(smaller)
    assert "Diagnosis named" not in html(smaller) and "This is no all-clear" not in html(smaller)


def test_a_frame_beside_the_lesion_has_no_answer_but_that_of_the_centred_square(app):
    shown = upload(app, drawn_photo())
    said = usual_line(shown)
    for key, place in (("size", 20), ("across", 20), ("down", 0)):
        shown = shown.slider(key=key).set_value(place).run()
    beside = shown.button(key="look_here").click().run()
    assert not beside.exception and not bars(beside) and not beside.get("download_button")
    assert headline(beside) == sentences.REFUSED[BESIDE] and said in html(beside)
    assert sentences.MEANS[BESIDE] in html(beside) and wording.REFUSED[BESIDE] in html(beside)
    forced = beside.button(key="answer_anyway").click().run()
    assert bars(forced) and sentences.FORCED[BESIDE] in html(forced) and said in html(forced)
    assert forced.session_state.analysis.answered_anyway().lesion is None  # nothing is outlined on skin


def test_the_clinics_share_is_not_applied_to_a_frame(app):
    shown = upload(app, drawn_photo()).number_input(key="clinic_prevalence").set_value(3.0).run()
    assert wording.NOT_ADJUSTED not in html(shown) and "Adjusted to" in html(shown)
    smaller = shown.slider(key="size").set_value(80).run().button(key="look_here").click().run()
    assert wording.NOT_ADJUSTED in html(smaller) and "Adjusted to" not in html(smaller)


def test_a_square_photo_says_how_its_frame_can_be_moved(app, encode):
    wide = upload(app, drawn_photo())
    assert wording.NO_ROOM not in [caption.value for caption in wide.caption]
    square = upload(wide, encode(np.random.default_rng(0).integers(0, 255, (300, 300, 3)).astype(np.uint8)))
    assert wording.NO_ROOM in [caption.value for caption in square.caption]


def test_of_a_refused_photo_that_is_said_next_to_another_frame(refused):
    smaller = refused.slider(key="size").set_value(80).run().button(key="look_here").click().run()
    assert wording.CENTRED.format(sentences.REFUSED[OUTSIDE]) in html(smaller)


def test_two_sessions_share_no_photo(answered):
    other = open_app()
    assert "analysis" not in other.session_state and "waiting" not in other.session_state
    assert not bars(other)
    assert answered.session_state.analysis is not None


def test_every_sample_is_real_free_and_without_metadata():
    from PIL import Image

    assert len(samples.samples()) == 8
    for sample in samples.samples():
        with Image.open(sample.path) as image:
            assert image.format == "JPEG" and not image.getexif()
            assert not set(image.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert sample.truth in ("mel", "nv") and sample.licence == "CC0" and sample.id in sample.link
    assert {sample.path.name for sample in samples.samples()} == {path.name for path in samples.FOLDER.glob("*.jpg")}
