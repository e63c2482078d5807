"""A batch without its page: order, sources, what is kept, and the files to download."""

import dataclasses
import io
import json
import os
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main
from model.errors import PhotoError
from model.photo import archives
from model.photo.image import MAX_BYTES
from model.photo.sources import Source
from tests.support.analyse_page import drawn_photo
from ui import uploads
from ui import wording as shared
from ui.batch import downloads, row, sources, state, table, wording


@pytest.fixture(scope="module")
def files(encode) -> dict[str, bytes]:
    return {
        "one.jpg": drawn_photo(1),
        "other.jpg": drawn_photo(2),
        "even.png": encode(np.full((80, 80, 3), 120, np.uint8)),
        "broken.jpg": b"%PDF-1.7 no photo",
    }


def worked(analyser, found) -> state.Batch:
    batch = state.Batch(analyser, found)
    batch.start()
    batch.wait(60)
    return batch


@pytest.fixture(scope="module")
def rows(analyser, files):
    return worked(analyser, sources.collect(files.items()).sources).rows


def member(archive_of: dict[str, bytes], **options) -> list[Source]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in archive_of.items():
            archive.writestr(name, data)
    return sources.collect([("a.zip", buffer.getvalue())]).sources


def test_rows_are_in_order_and_keep_no_pixels(rows, files):
    assert [(found.number, found.name) for found in rows] == list(enumerate(files, 1))
    assert [found.kind for found in rows] == [row.ANSWERED, row.ANSWERED, row.REFUSED, row.FAILED]
    for found in rows:
        assert len(found.view) + len(found.thumbnail) + len(found.result) < 40_000
        assert all(heat.size < 200 for heat in found.heats.values())
    picture = Image.open(io.BytesIO(rows[0].view))
    assert picture.format == "JPEG" and rows[0].thumbnail.startswith("data:image/jpeg;base64,")


def test_the_csv_is_the_one_of_the_command_line(rows, files, tmp_path, bundle_in_use, capsys):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    main(["score", *(str(tmp_path / name) for name in files), "--output", str(tmp_path / "out.csv")])
    assert downloads.scores(rows) == (tmp_path / "out.csv").read_bytes()


def test_json_lines_hold_every_photo_and_no_probability_of_a_refused_one(rows):
    lines = [json.loads(line) for line in downloads.results(rows).splitlines()]
    assert [(line["number"], line["image"]) for line in lines] == [(found.number, found.name) for found in rows]
    assert sum(entry["probability"] for entry in lines[0]["classes"]) == pytest.approx(1)
    assert lines[2]["abstained"] and lines[2]["malignant_probability"] is None
    assert lines[3]["error"]["code"] and lines[3]["error"]["sentence"].endswith(".")


def test_overlays_are_pictures_of_the_networks_view_with_the_disclaimer(rows, analyser):
    with zipfile.ZipFile(io.BytesIO(downloads.overlays(rows))) as archive:
        assert shared.DISCLAIMER in archive.read("README.txt").decode()
        names = archive.namelist()[1:]
        assert {name[:4] for name in names} == {"0001", "0002"}
        assert all(name.endswith(tuple(f"_{code}.jpg" for code in analyser.card.codes)) for name in names)
        for name in names:
            width, height = Image.open(io.BytesIO(archive.read(name))).size
            assert width == downloads.ENLARGED * analyser.card.size < height, "class, model and disclaimer are below"


def test_the_named_table_tells_numbers_and_reasons(rows):
    lines = downloads.table(rows).decode().splitlines()
    assert len(lines) == 5 and lines[1].startswith("1,one.jpg,answered,0.")
    assert wording.UNREAD in lines[4] and "broken.jpg" in lines[4]


def test_a_name_that_begins_like_a_formula_is_text_in_a_spreadsheet(rows):
    named = [dataclasses.replace(rows[0], name="=1+1.jpg"), dataclasses.replace(rows[3], name="-x.jpg")]
    assert downloads.scores(named).decode().splitlines()[1].startswith("'=1+1,")
    assert [line.split(",")[1] for line in downloads.table(named).decode().splitlines()[1:]] == ["'=1+1.jpg", "'-x.jpg"]


def test_names_that_repeat_are_told_apart():
    repeated = [row.failed(name, 1, "", "") for name in ("a/x.jpg", "b/x.png", "x_2.jpg", "x.jpg")]
    assert downloads.distinct(repeated) == ["x", "x_2", "x_2_2", "x_3"]


def test_the_riskiest_come_first_and_those_without_an_answer_last():
    def answered(number, rank, malignant):
        return row.Row(number, "", row.ANSWERED, "", rank=rank, malignant=malignant)

    mixed = [row.failed("", 1, "", ""), answered(2, 3, 0.9), answered(3, 0, 0.4), answered(4, 0, 0.5)]
    assert [found.number for found in table.ordered(mixed)] == [4, 3, 2, 1]


def test_shares_are_sorted_as_numbers_and_written_as_on_the_other_pages(rows):
    styled = table.frame(rows)
    assert styled.data[wording.MELANOMA].dtype == float
    written = styled.to_latex()
    assert shared.percent(rows[0].melanoma) in written
    assert written.count("–") == 4  # two photos without an answer


def test_members_of_a_zip_that_cannot_be_read_are_photos_with_a_reason(files):
    [large] = member({"large.jpg": bytes(MAX_BYTES + 100)}, compression=zipfile.ZIP_DEFLATED)
    assert len(large.read()) == MAX_BYTES + 1  # which the reader refuses
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.jpg", files["one.jpg"])
    data = bytearray(buffer.getvalue())
    data[200] ^= 255
    [damaged] = sources.collect([("a.zip", bytes(data))]).sources
    with pytest.raises(PhotoError, match="damaged"):
        damaged.read()
    data[data.rindex(b"PK\x01\x02") + 8] |= archives.ENCRYPTED
    [locked] = sources.collect([("a.zip", bytes(data))]).sources
    with pytest.raises(PhotoError, match="password"):
        locked.read()


def test_a_small_zip_never_becomes_a_large_file_in_memory():
    [packed] = member({"x.jpg": bytes(50_000_000)}, compression=zipfile.ZIP_BZIP2)
    with pytest.raises(PhotoError, match="packed in a way that is not read"):
        packed.read()


def test_a_zip_in_a_zip_is_a_row_with_a_reason():
    [inner] = member({"inner.zip": b"PK\x05\x06", "note.txt": b"text"})
    with pytest.raises(PhotoError, match="not opened"):
        inner.read()


def test_what_no_sentence_was_written_for_costs_one_row(analyser, files):
    def fail():
        raise ZeroDivisionError

    good = Source("good", lambda: files["one.jpg"])
    batch = worked(analyser, [good, Source("bad", fail), good])
    assert [found.kind for found in batch.rows] == [row.ANSWERED, row.FAILED, row.ANSWERED]
    assert batch.rows[1].reason == wording.UNEXPECTED


def test_a_photo_is_let_go_once_it_has_its_row(analyser, files):
    batch = worked(analyser, sources.collect(files.items()).sources)
    assert batch.finished and batch._sources == [None] * 4


def test_a_batch_that_waits_does_not_hold_up_another(analyser, files):
    gate = threading.Event()
    waiting = state.Batch(analyser, [Source("slow", lambda: gate.wait(60) and files["one.jpg"])])
    waiting.start()
    assert worked(analyser, sources.collect(files.items()).sources).finished
    assert waiting.running and not waiting.rows
    gate.set()
    waiting.wait(60)
    assert waiting.finished


def test_cancelled_work_goes_on_with_the_rest(analyser, files):
    batch = state.Batch(analyser, [Source(str(place), lambda: files["one.jpg"]) for place in range(30)])
    batch.start()
    batch.stop()
    batch.wait(60)
    done = len(batch.rows)
    assert done < 30
    batch.start()
    batch.start()  # pressed twice
    batch.wait(60)
    assert [found.name for found in batch.rows] == [str(place) for place in range(30)]


def test_the_work_ends_when_nobody_looks_any_more(analyser, files, monkeypatch):
    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0)
    batch = state.Batch(analyser, [Source("a", lambda: files["one.jpg"])] * 50, connected=lambda: False)
    batch.start()
    batch.wait(60)
    assert not batch.running and not batch.finished


def test_nothing_is_written_to_the_disk(analyser, files):
    written, watching = [], True

    def watch(event, arguments):
        if watching and event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            written.append(arguments[0])

    sys.addaudithook(watch)
    found = worked(analyser, sources.collect(files.items()).sources).rows
    for make in (downloads.scores, downloads.table, downloads.results, downloads.overlays):
        make(found)
    watching = False
    assert written == []


def test_the_server_reads_a_large_upload_in_memory():
    forms = pytest.importorskip("starlette.formparsers")
    uploads.keep_in_memory()
    limit = forms.MultiPartParser.spool_max_size
    assert limit >= uploads.ARCHIVE_MB * uploads.MEGABYTE
    assert forms.MultiPartParser(None, None).spool_max_size == limit


def test_time_left_is_told_once_some_photos_are_done(analyser):
    batch = state.Batch(analyser, [Source("", bytes)] * 10)
    assert batch.seconds_left() is None
    batch.rows += [row.failed("", number, "", "") for number in range(5)]
    batch._began = time.monotonic() - 10
    assert batch.seconds_left() == pytest.approx(10, abs=0.5)
    assert wording.progress(5, "10 photos", 10.2) == "5 of 10 photos, about 10 s left"
    assert wording.progress(5, "10 photos", 200) == "5 of 10 photos, about 3 min left"
