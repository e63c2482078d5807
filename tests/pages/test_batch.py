"""The page that answers many photos, as a person uses it: start, results, cancel, resume, clear, and two at once."""

import io
import threading
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE
from tests.support.analyse_page import ROOT, drawn_photo, html
from ui.analyse import wording as answers
from ui.batch import state, wording
from ui.navigation import FRAMED

NAME = "mueller_hans"


def open_batch() -> AppTest:
    """A fresh session on the page."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/batch.py").run()


@pytest.fixture
def page(judged, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(judged))
    return open_batch()


@pytest.fixture(scope="module")
def photos(encode) -> list[tuple[str, bytes, str]]:
    """Two photos, an even surface and a file that is no photo."""
    return [
        (f"{NAME}_1.jpg", drawn_photo(1), "image/jpeg"),
        (f"{NAME}_2.jpg", drawn_photo(2), "image/jpeg"),
        (f"{NAME}_even.png", encode(np.full((80, 80, 3), 120, np.uint8)), "image/png"),
        (f"{NAME}_broken.jpg", b"%PDF-1.7 no photo", "image/jpeg"),
    ]


def upload(page: AppTest, files) -> AppTest:
    page.session_state[FRAMED] = True
    [uploader] = page.get("file_uploader")
    return uploader.set_value(files).run()


def click(page: AppTest, key: str) -> AppTest:
    """Click a button: the harness runs a page without its frame, and starting over would lose the click."""
    page.session_state[FRAMED] = True
    return page.button(key=key).click().run()


def finished(page: AppTest) -> AppTest:
    """Wait until the work has ended, and look at the page then."""
    page.session_state[state.KEY].wait(60)
    page.session_state[FRAMED] = True
    return page.run()


def said(page: AppTest) -> str:
    """Every text of the page, and the cells of its table."""
    parts = [*page.markdown, *page.caption, *page.title, *page.error, *page.button]
    cells = [frame.value.to_csv() for frame in page.dataframe]
    return " ".join([str(getattr(part, "value", "")) + str(getattr(part, "label", "")) for part in parts] + cells)


def test_the_empty_page_says_what_to_do_and_what_becomes_of_names(page):
    assert not page.exception
    assert page.title[0].value == wording.TITLE
    assert wording.EMPTY in said(page) and wording.LIMITS in said(page)
    assert not page.button and not page.dataframe


def test_good_refused_and_broken_photos_each_get_a_row_with_the_riskiest_first(page, photos):
    ready = upload(page, photos)
    assert wording.WAITING.format("4 photos") in said(ready)
    done = finished(click(ready, "batch_start"))
    assert not done.exception and not done.get("file_uploader")
    [table] = [frame.value for frame in done.dataframe]
    assert sorted(table[wording.NUMBER]) == [1, 2, 3, 4]
    assert list(table[wording.NUMBER])[2:] == [3, 4]
    assert list(table[wording.LEVEL])[:2] == [answers.NOT_RULED_OUT["mel"]] * 2
    assert list(table[wording.LEVEL])[2:] == [wording.NO_ANSWER, wording.UNREAD]
    first = table[wording.MALIGNANT].iloc[:2]
    assert first.is_monotonic_decreasing
    assert all(table[wording.NOTES].iloc[2:].str.len() > 20)
    counted = "4 photos: 2 of 2 answered reach a level, 1 refused, 1 could not be read"
    assert counted in said(done)
    assert [link.proto.page for link in done.get("page_link")] == ["evaluation"]
    assert [button.proto.label for button in done.get("download_button")] == [
        wording.SAVE_SCORES, wording.SAVE_TABLE, wording.SAVE_RESULTS, wording.SAVE_OVERLAYS,
    ]  # fmt: skip
    assert NAME not in said(done) + html(done)


@pytest.mark.parametrize(("choice", "numbers"), [(wording.REFUSED, [3]), (wording.FAILED, [4])])
def test_a_filter_keeps_its_photos(page, photos, choice, numbers):
    done = finished(click(upload(page, photos), "batch_start"))
    done.session_state[FRAMED] = True
    kept = done.button_group(key="batch_filter").set_value(choice).run()
    assert [list(frame.value[wording.NUMBER]) for frame in kept.dataframe] == [numbers]
    none = finished(click(upload(click(kept, "batch_clear"), photos[:1]), "batch_start"))
    assert not none.dataframe and wording.NOTHING_HERE in said(none)  # the choice is kept


def test_a_photo_outside_what_was_measured_is_refused_without_an_answer(gated, monkeypatch, photos):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(gated))
    done = finished(click(upload(open_batch(), photos[:2]), "batch_start"))
    [table] = [frame.value for frame in done.dataframe]
    assert list(table[wording.LEVEL]) == [wording.NO_ANSWER] * 2
    assert table[[wording.MELANOMA, wording.MALIGNANT]].isna().all(axis=None)
    assert "says nothing about the lesion" in table[wording.NOTES].iloc[0]
    assert any("says nothing about the lesion" in caption.value for caption in done.caption)


def test_a_zip_gives_its_photos_and_its_junk_is_counted(page, photos):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{NAME}/one.jpg", photos[0][1])
        archive.writestr(f"{NAME}/two", photos[1][1])  # a photo by its content
        archive.writestr(f"{NAME}/letter.txt", "no photo")
        archive.writestr("__MACOSX/._one.jpg", "of a system")
    ready = upload(page, [("photos.bin", buffer.getvalue(), "application/zip"), ("broken.zip", b"PK\x03\x04", "")])
    assert wording.WAITING.format("2 photos") in said(ready)
    assert all(sentence in said(ready) for sentence in wording.not_ready([wording.ZIP_UNREADABLE], 1))
    done = finished(click(ready, "batch_start"))
    assert "1 could not be read" in said(done)
    assert wording.ZIP_UNREADABLE.rstrip(".") in said(done) and NAME not in said(done)


def test_what_is_known_to_be_unreadable_is_not_counted_as_ready_and_cannot_be_started(page):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.zip", b"PK")
        archive.writestr("odd.jpg", drawn_photo(1), zipfile.ZIP_BZIP2)
    ready = upload(page, [("photos.zip", buffer.getvalue(), "application/zip")])
    assert wording.WAITING.format("0 photos") in said(ready)
    assert "2 files cannot be read. " + wording.ZIP_IN_ZIP in said(ready) and "packed in a way" in said(ready)
    assert ready.button(key="batch_start").disabled


def test_a_batch_without_an_answer_is_not_summed_up_as_if_there_were_one(page, photos):
    done = finished(click(upload(page, photos[3:]), "batch_start"))
    assert f"1 photo: {wording.NONE_ANSWERED}, 0 refused, 1 could not be read." in said(done)
    assert "0 of" not in said(done)


def test_too_many_too_large_and_no_photos_cannot_be_started(page, photos, monkeypatch):
    monkeypatch.setattr(wording, "MOST_PHOTOS", 1)
    assert wording.TOO_MANY.format(2) in said(upload(page, photos[:2]))
    monkeypatch.setattr(wording, "MOST_MB", 0)
    many = upload(page, photos[:2])
    assert many.error and not many.button
    monkeypatch.setattr(wording, "MOST_MB", 9)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert wording.NO_PHOTOS in said(upload(page, [("empty.zip", empty.getvalue(), "application/zip")]))


def test_cancel_keeps_what_was_found_and_resume_goes_on_with_the_rest(page, photos, monkeypatch):
    gate, looked = threading.Event(), []
    keep = state.Batch._keep

    def slowly(batch, row):
        keep(batch, row)
        looked.append(row.number)
        if len(looked) == 1:
            gate.wait(60)

    monkeypatch.setattr(state.Batch, "_keep", slowly)
    running = click(upload(page, photos), "batch_start")
    batch = running.session_state[state.KEY]
    assert batch.running and running.button(key="batch_cancel").label == wording.CANCEL
    batch.stop()
    gate.set()
    stopped = finished(running)
    assert wording.STOPPED.format(1, wording.photos(4)) in said(stopped)
    assert stopped.dataframe and stopped.get("download_button")
    resumed = finished(click(stopped, "batch_resume"))
    assert looked == [1, 2, 3, 4] and wording.STOPPED[:10] not in said(resumed)
    assert sorted(resumed.dataframe[0].value[wording.NUMBER]) == [1, 2, 3, 4]


def test_another_page_keeps_the_batch_and_clear_forgets_it(page, photos):
    done = finished(click(upload(page, photos), "batch_start"))
    away = done.switch_page("pages/about.py").run()
    assert not away.dataframe
    back = away.switch_page("pages/batch.py").run()
    assert back.dataframe[0].value.shape[0] == 4
    cleared = click(back, "batch_clear")
    assert state.KEY not in cleared.session_state
    assert cleared.get("file_uploader") and not cleared.dataframe


def test_two_sessions_work_at_once_and_see_only_their_own(page, photos):
    other = open_batch()
    mine, theirs = click(upload(page, photos), "batch_start"), click(upload(other, photos[:1]), "batch_start")
    mine, theirs = finished(mine), finished(theirs)
    assert [len(session.dataframe[0].value) for session in (mine, theirs)] == [4, 1]


def test_a_missing_model_is_said(page, tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    lost = open_batch()
    assert len(lost.error) == 1 and not lost.exception
