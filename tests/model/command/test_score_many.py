"""Scoring archives: in constant memory, from folders, ZIP archives and lists, and on from where a run was stopped."""

import io
import json
import shutil
import signal
import sys
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model import scoring
from model.__main__ import INTERRUPTED, main
from model.photo import image, sources
from model.photo.parallel import AHEAD
from model.photo.sources import Place
from model.scoring import Task
from model.tables.growing import Growing

NAMES = "abcdefgh"


@pytest.fixture
def folder(bundle_in_use, lesion, encode, tmp_path, monkeypatch) -> Path:
    """The current folder, with eight photos of different answers in the folder photos, and one that is damaged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for number, name in enumerate(NAMES):
        picture = np.rot90(lesion[: 180 - 10 * number], number)
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(encode(np.ascontiguousarray(picture), "JPEG"))
    (tmp_path / "photos" / "bad.jpg").write_bytes((tmp_path / "photos" / "a.jpg").read_bytes()[:999])
    return tmp_path


@pytest.fixture
def whole(folder) -> bytes:
    """The table of the photos."""
    assert main(["score", "photos", "--output", "whole.csv"]) == 1
    return (folder / "whole.csv").read_bytes()


def interrupt_after(monkeypatch, count: int) -> None:
    """Press Ctrl-C, as the system tells it to a program, when so many rows are written."""
    add = Growing.add

    def pressed(table, row):
        add(table, row)
        if len(table.images) == count:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Growing, "add", pressed)


@pytest.fixture
def interrupted(folder, monkeypatch, capsys) -> str:
    """Stop the scoring in the middle; return what was said."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores Ctrl-C
    try:
        with monkeypatch.context() as patched:
            interrupt_after(patched, 3)
            assert main(["score", "photos", "--output", "out.csv"]) == INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)
    return capsys.readouterr().err


def test_an_interrupted_run_goes_on_to_the_same_table(whole, interrupted, folder, capsys):
    said = interrupted.splitlines()[-1]
    assert said.startswith(f"Stopped. The rows that were finished are in {folder / 'out.unfinished.csv'}.")
    part = (folder / "out.unfinished.csv").read_bytes()
    assert whole.startswith(part) and part.count(b"\n") == 4 and "bad.jpg: " in interrupted
    command = said.partition("Go on with: python -m model ")[2]
    assert main(command.split()) == 1  # a photo has no row
    said = capsys.readouterr().err
    assert "Done before: 4 photos, 1 of them without a row" in said and "bad.jpg" not in said
    assert (folder / "out.csv").read_bytes() == whole
    assert sorted(path.name for path in folder.iterdir()) == ["out.csv", "photos", "whole.csv"]


def test_finished_photos_are_not_read_again_and_failed_ones_only_when_told(
    interrupted, folder, monkeypatch, lesion_png
):
    (folder / "photos" / "bad.jpg").write_bytes(lesion_png)
    read = []
    monkeypatch.setattr(sources, "read_file", lambda path: read.append(path.stem) or image.read_file(path))
    assert main(["score", "photos", "--output", "out.csv", "--retry"]) == 0
    assert sorted(read) == ["bad", *"defgh"]
    assert sorted(pd.read_csv("out.csv")["image"]) == sorted(["bad", *NAMES])


def test_another_option_is_refused_and_nothing_is_lost(interrupted, folder, capsys):
    part = (folder / "out.unfinished.csv").read_bytes()
    assert main(["score", "photos", "--output", "out.csv", "--resume", "--decision", "most-probable"]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert "out.unfinished.csv was begun with another --decision" in said
    assert (folder / "out.unfinished.csv").read_bytes() == part


def test_archives_and_lists_give_the_table_of_the_folder(whole, folder, monkeypatch, capsys):
    paths = sorted((folder / "photos").iterdir())
    with zipfile.ZipFile("photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, f"inner/{path.name}")
    (folder / "list.txt").write_text("".join(f"{path}\n" for path in paths))
    (folder / "odd.zip").write_bytes(b"PK\3\4")
    for named in (["photos.zip"], ["--list", "list.txt"], ["--list", "-"], ["odd.zip", "photos.zip"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "list.txt").read_bytes())))
        assert main(["score", *named, "--output", "out.csv"]) == 1
        assert (folder / "out.csv").read_bytes() == whole
    said = capsys.readouterr().err
    assert "photos.zip/inner/bad.jpg: " in said and "odd.zip: the archive is damaged" in said
    assert main(["score", "--output", "out.csv"]) == 1
    assert "no photo to score" in capsys.readouterr().err


def test_an_archive_is_not_written_over(folder, capsys):
    with zipfile.ZipFile("photos.zip", "w") as archive:
        archive.write("photos/a.jpg")
    assert main(["score", "photos.zip", "--output", "photos.zip"]) == 1
    assert "is also read" in capsys.readouterr().err and zipfile.is_zipfile("photos.zip")


@pytest.mark.parametrize("how", [["--format", "parquet"], ["--output", "predictions.parquet"]])
def test_a_parquet_table_equals_the_csv_table(whole, folder, how):
    assert main(["score", "photos", *how]) == 1
    table = pd.read_parquet("predictions.parquet")
    pd.testing.assert_frame_equal(table, pd.read_csv("whole.csv", keep_default_na=False), check_dtype=False)
    assert list(folder.glob("*unfinished*")) == []


@pytest.mark.parametrize("workers", ["1", "2", "7"])
def test_any_number_of_workers_gives_the_same_table(whole, folder, workers):
    assert main(["score", "photos", "--workers", workers, "--output", "out.csv"]) == 1
    assert (folder / "out.csv").read_bytes() == whole


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_a_number_of_workers_that_cannot_be_is_refused(workers, capsys):
    with pytest.raises(SystemExit):
        main(["score", "photos", "--workers", workers])
    assert "a whole number from 1 to 1024 is needed" in capsys.readouterr().err


def test_an_engine_that_the_model_lacks_is_said(folder, tiny_bundle, tmp_path_factory, capsys):
    copy = shutil.copytree(tiny_bundle, tmp_path_factory.mktemp("bundles") / "copy")
    card = json.loads((copy / "card.json").read_text())
    del card["exported"]
    (copy / "card.json").write_text(json.dumps(card))
    assert main(["score", "photos", "--engine", "onnxruntime", "--bundle", str(copy)]) == 1
    assert "no exported network" in capsys.readouterr().err
    assert list(folder.iterdir()) == [folder / "photos"]


def test_photos_are_taken_one_by_one_and_no_answer_is_kept(folder, analyser):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield Task(Place("photos/a.jpg"))

    workers = 2
    answers = scoring.lines(analyser, endless(), workers=workers)
    for number, line in enumerate(islice(answers, 40), 1):
        assert taken <= number + AHEAD * workers
        assert not any(isinstance(value, np.ndarray) for value in vars(line).values())
    answers.close()


def test_a_list_as_people_write_it(tmp_path):
    written = tmp_path / "list.txt"
    written.write_bytes(b'\xef\xbb\xbf b.jpg \r\n\r\n   \n"two words.jpg"\n\'a.jpg\'\t\n" c.jpg"\n"\nd"e"\n"f\n""\n')
    assert [*sources.listed(written)] == ["b.jpg", "two words.jpg", "a.jpg", " c.jpg", '"', 'd"e"', '"f']


def test_finding_photos_holds_names_only_and_reads_none(folder, monkeypatch):
    monkeypatch.setattr(sources, "read_file", lambda path: pytest.fail("read too early"))
    found = sources.find_all(["photos"])
    assert len(found.photos) == 9
    assert all(type(part) is str for place in found.photos for part in place)
