"""Reader first: nothing of the answer before the reader has committed, and what is counted after."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from model.answer.decision import PointReached
from model.answer.gate import OUTSIDE
from model.card import load_card
from tests.support.analyse_page import SAMPLE, bars, headline, html
from ui import wording as shared
from ui.analyse import wording as analyse_wording
from ui.analyse.answer import measured
from ui.analyse.answer import wording as measured_wording
from ui.analyse.reader import cases, wording


@pytest.fixture
def reading(app):
    """A sample, with the answer still hidden."""
    return app.toggle(key="reader_first").set_value(True).run().button(key=SAMPLE).click().run()


def question(app, kind: str, name: str):
    """The widget that asks the reader about the photo on the page."""
    return getattr(app, kind)(key=f"{name}_{app.session_state.case}")


def commit(app, code: str = "nv", sure: int = 3):
    question(app, "selectbox", "reader_before").set_value(code)
    question(app, "button_group", "reader_sure").set_value(sure)
    return app.run().button(key="reader_commit").click().run()


def test_nothing_of_the_answer_is_on_the_page_before_the_reader_commits(reading):
    assert not reading.exception
    assert headline(reading) == wording.ASK
    assert not bars(reading) and not reading.get("download_button") and not reading.get("page_link")
    assert [image.proto.imgs[0].alt for image in reading.get("image") if image.proto.imgs[0].alt] == [
        "Photo with the frame that the network reads"
    ]
    everything = str(reading.main) + html(reading)
    analysis = reading.session_state.analysis
    for share in (*analysis.photo_alone.probabilities, analysis.photo_alone.malignant):
        assert shared.percent(share) not in everything
    assert "What it was" not in everything and "explained" not in everything  # neither a sample's truth nor a map
    menu = question(reading, "selectbox", "reader_before")
    assert menu.options == list(wording.diagnoses(load_card()).values())  # in the card's order, not the answer's
    assert reading.button(key="reader_commit").disabled


def test_after_it_both_stand_side_by_side_and_the_case_is_counted(reading):
    answered = commit(reading)
    assert not answered.exception
    assert bars(answered)
    assert "Melanocytic nevus<br><small>Rather sure</small>" in html(answered)
    assert measured_wording.advice(False) in html(answered)
    assert "Of 100 lesions that you call benign and the answer does not" in html(answered)
    assert any(wording.CASES.format(1) == expander.label for expander in answered.expander)
    assert question(answered, "selectbox", "reader_truth").value == "mel"  # a sample's truth is known
    changed = question(answered, "selectbox", "reader_after").set_value("mel").run()
    assert any("from wrong to right 1" in text.value for text in changed.markdown)
    [case] = changed.session_state["cases"].values()
    assert (case.before, case.after, case.named, case.truth) == ("nv", "mel", "df", "mel")
    assert case.photo_sha256 == changed.session_state.analysis.photo.sha256
    following = changed.button(key="ISIC_0010356").click().run()
    assert headline(following) == wording.ASK
    assert not following.expander[-1].label.startswith("Cases")  # other answers could sway this one
    assert question(following, "selectbox", "reader_before").value is None


def test_the_switch_holds_from_the_next_photo_on_and_can_be_let_go(answered):
    switched = answered.toggle(key="reader_first").set_value(True).run()
    assert bars(switched)
    hidden = switched.button(key="ISIC_0010356").click().run()
    assert not bars(hidden)
    shown = hidden.toggle(key="reader_first").set_value(False).run()
    assert bars(shown) and not shown.session_state["cases"]


def test_another_frames_answer_is_not_taken_for_the_one_that_the_reader_had_not_seen(reading):
    answered = commit(reading)
    assert wording.ANSWER_THEN not in html(answered)
    moved = answered.slider(key="size").set_value(60).run().button(key="look_here").click().run()
    assert wording.ANSWER_THEN in html(moved)
    assert "Of 100 lesions" not in html(moved).split('class="beside"')[1].split("</p>")[0]


def test_agreement_on_a_frame_of_ones_own_has_no_chances(reading):
    moved = reading.slider(key="size").set_value(60).run().button(key="look_here").click().run()
    answered = commit(moved)
    assert wording.ANSWER_THEN not in html(answered) and "Of 100 lesions" not in html(answered)
    assert measured_wording.advice(False) in html(answered)


def test_a_refused_picture_that_is_shown_anyway_is_still_no_answer(reading):
    committed = commit(reading)
    found, case = committed.session_state.analysis, committed.session_state.case
    refused = replace(found.prediction, reason=OUTSIDE, abstained=True)
    committed.session_state.analysis = replace(found, prediction=refused, photo_alone=refused)
    committed.session_state["cases"][case] = replace(
        committed.session_state["cases"][case], named=None, risk=None, malignant=None, melanoma=None
    )
    shown = committed.run().button(key="answer_anyway").click().run()
    assert not shown.exception
    assert headline(shown) == analyse_wording.FORCED_HEADING
    assert wording.ANSWER_THEN not in html(shown) and f"<td>{wording.REFUSED}</td>" in html(shown)
    assert "Diagnosis named" not in html(shown) and measured_wording.advice(False) not in html(shown)


@pytest.mark.parametrize(
    ("share", "risk", "told"), [(0.05, "middle", False), (0.05, "low", True), (0.2, "middle", True)]
)
def test_no_chance_is_told_for_a_level_that_the_answer_does_not_use(share, risk, told):
    card = load_card()
    point = PointReached("malignant, high sensitivity", "malignant", "rule_out", 0.1, share)
    decision = SimpleNamespace(points=(point,), risk=risk)
    said = measured.agreement(card, decision, False, None)
    assert ("Of 100 lesions" in said) == told and said.startswith(measured_wording.advice(False))


CASE = cases.Case(1, "abc", "model 1", "nv", 3, "mel", "high", 0.8, 0.7, "nv", "mel")


def test_changes_of_mind_and_agreement_with_wrong_answers_are_counted_where_truth_is_known():
    read = [
        CASE,  # stays wrong
        replace(CASE, after="mel"),  # wrong to right
        replace(CASE, before="mel", named="nv", after="nv"),  # right to wrong, with a wrong answer
        replace(CASE, before="mel", after="mel"),  # right, and agreed
        replace(CASE, before="mel", truth=None),
        replace(CASE, named=None, risk=None, malignant=None, melanoma=None, truth=None),  # refused
    ]
    found = cases.summarise(read)
    assert found == cases.Summary(
        read=6, answered=5, agreed=2, changed=3, known=4, right_before=2, right_after=2, right_to_wrong=1,
        wrong_to_right=1, answer_wrong=1, agreed_with_wrong=1,
    )  # fmt: skip
    assert len(wording.summary(found)) == 2
    assert len(wording.summary(cases.summarise(read[4:]))) == 1


def test_the_table_of_cases_holds_checksums_and_no_file_names():
    [row] = csv.DictReader(io.StringIO(cases.to_csv([CASE])))
    assert row["photo_sha256"] == "abc" and row["before"] == "nv" and row["truth"] == "mel"
    assert not [name for name in row if "file" in name or "name" in name.replace("named", "")]
