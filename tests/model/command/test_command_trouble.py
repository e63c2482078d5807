"""Whatever stands in the way of scoring is one sentence, and what was finished is kept."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from model import pipeline
from model.__main__ import INTERRUPTED, main

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(bundle_in_use, lesion, encode, tmp_path, monkeypatch) -> Path:
    """The current folder, with three photos in the folder photos."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / "photos" / name).write_bytes(encode(lesion, "JPEG"))
    return tmp_path


def images(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [row["image"] for row in csv.DictReader(file)]


def test_what_is_left_out_is_said_and_counts_as_trouble(folder, capsys):
    (folder / "photos" / "gone.jpg").symlink_to("/nowhere.jpg")
    (folder / "photos" / "._a.jpg").write_bytes(b"\0\5\26\7")
    (folder / "photos" / "d").write_bytes((folder / "photos" / "a.jpg").read_bytes())
    (folder / "photos" / "notes.txt").write_text("none")
    assert main(["score", "photos"]) == 1
    said = capsys.readouterr().err
    assert "gone.jpg: not looked at, its link leads nowhere." in said and "._a" not in said
    assert "no pictures: 1." in said
    assert images(folder / "predictions.csv") == ["a", "b", "c", "d"]


def test_names_that_are_no_utf_8_are_written(folder):
    shutil.copy(folder / "photos" / "a.jpg", os.fsencode(folder / "photos") + b"/L\xe4sion.jpg")
    shutil.copy(folder / "photos" / "a.jpg", folder / "photos" / "Läsion.jpg")
    assert main(["score", "photos"]) == 0
    assert sorted(images(folder / "predictions.csv")) == sorted(["a", "b", "c", "Läsion", "L\\xe4sion"])


def test_notes_stand_beside_the_answer(folder, lesion, encode):
    grey = Image.fromarray(lesion).convert("L").resize((48, 40))
    (folder / "photos" / "grey.png").write_bytes(encode(grey))
    assert main(["score", "photos"]) == 0
    with (folder / "predictions.csv").open(newline="") as file:
        notes = {row["image"]: row["notes"] for row in csv.DictReader(file)}
    assert notes == {"a": "", "b": "", "c": "", "grey": "grey small_photo"}


@pytest.mark.parametrize(
    ("command", "target", "words"),
    [
        (["score", "photos/a.jpg"], "photos/a.jpg", "is also read"),
        (["score", "photos", "--patients", "patients.csv"], "patients.csv", "is also read"),
        (["explain", "photos/z.png", "--class", "mel"], "photos/z.png", "is also read"),
        (["explain", "photos/a.jpg", "--class", "mel"], "photos/a.jpg", "ends in .png"),
        (["explain", "photos/a.jpg", "--class", "mel"], "map.jpg", "ends in .png"),
        (["score", "photos"], "photos", "is a folder"),
        (["score", "nowhere"], "photos/", "photos/ is a folder; name a file in it."),
        (["score", "nowhere"], "new/", "new/ is a folder; name a file in it."),
        (["score", "nowhere"], "", "The name of the output is empty"),
        (["explain", "nowhere", "--class", "mel"], "map.png/", "is a folder"),
        (["score", "photos"], "absent/x.csv", "there is no folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_written(folder, capsys, command, target, words):
    shutil.copy(folder / "photos" / "a.jpg", folder / "photos" / "z.png")
    (folder / "patients.csv").write_text("image,age,sex,site\na,60,,\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main([*command, "--output", target]) == 1
    said = capsys.readouterr().err
    assert words in said and said.strip().count("\n") == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_file_of_the_bundle_is_no_output(folder, bundle_in_use, capsys):
    assert main(["score", "photos", "--output", str(bundle_in_use / "card.json")]) == 1
    assert "is also read" in capsys.readouterr().err


def test_an_old_table_stays_when_nothing_was_scored(folder, capsys):
    (folder / "old.csv").write_text("old")
    assert main(["score", "gone.jpg", "--output", "old.csv"]) == 1
    assert (folder / "old.csv").read_text() == "old"
    assert "old.csv was not written" in capsys.readouterr().err


def stop_after(monkeypatch, trouble: BaseException, photos: int = 2) -> None:
    """Let the scoring of photos end in trouble after some of them."""
    score = pipeline.Analyser.score

    def stopped(self, paths, *others, **options):
        for number, scored in enumerate(score(self, paths, *others, **options)):
            if number == photos:
                raise trouble
            yield scored

    monkeypatch.setattr(pipeline.Analyser, "score", stopped)


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (KeyboardInterrupt(), INTERRUPTED, "Stopped."),
        (MemoryError(), 1, "not enough memory"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
    ],
)
def test_finished_rows_are_kept_under_a_name_that_says_so(folder, capsys, monkeypatch, trouble, status, words):
    (folder / "out.csv").write_text("old")
    stop_after(monkeypatch, trouble)
    assert main(["score", "photos", "--output", "out.csv"]) == status
    said = capsys.readouterr().err.splitlines()[-1]
    go_on = "Go on with: python -m model score photos --output out.csv --resume"
    assert words in said and said.endswith(f"finished are in {folder / 'out.unfinished.csv'}. {go_on}")
    assert "None" not in said
    assert images(folder / "out.unfinished.csv") == ["a", "b"]
    assert (folder / "out.csv").read_text() == "old"


def test_standard_output_takes_the_table_and_the_picture(folder, capfdbinary):
    assert main(["score", "photos", "--output", "-"]) == 0
    assert capfdbinary.readouterr().out.decode().splitlines()[0].startswith("image,MEL")
    assert main(["explain", "photos/a.jpg", "--class", "NV", "--output", "-"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"\x89PNG")
    assert not (folder / "-").exists()


@pytest.mark.parametrize("code", ["NV", "nv", "Nv"])
def test_classes_as_the_table_writes_them(folder, code):
    assert main(["explain", "photos/a.jpg", "--class", code]) == 0


def test_photos_of_one_link_round_itself_are_named(folder, capsys):
    (folder / "round.jpg").symlink_to("round.jpg")
    assert main(["score", "photos", "round.jpg"]) == 1
    assert "round.jpg: The file cannot be opened" in capsys.readouterr().err


def test_pipes_sockets_and_devices_are_named_and_not_waited_for(folder, capsys):
    os.mkfifo("pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
        assert main(["score", "pipe.jpg", "socket.jpg", "/dev/null", "photos"]) == 1
    said = capsys.readouterr().err
    for name in ("pipe.jpg", "socket.jpg", "/dev/null"):
        assert f"{name}: It is a pipe, a socket or a device, not a file;" in said
    assert images(folder / "predictions.csv") == ["a", "b", "c"]


def test_an_empty_path_is_said(folder, capsys):
    assert main(["score", "", "photos"]) == 1
    assert "An empty path was given; name a photo, a folder or a ZIP archive." in capsys.readouterr().err
    assert images(folder / "predictions.csv") == ["a", "b", "c"]


def test_names_like_formulas_are_exact_and_recognised_by_a_later_run(folder, capsys, monkeypatch):
    (folder / "photos" / "=1+1.jpg").write_bytes((folder / "photos" / "a.jpg").read_bytes())
    with monkeypatch.context() as patched:
        stop_after(patched, KeyboardInterrupt())
        assert main(["score", "photos"]) == INTERRUPTED
    assert main(["score", "photos", "--resume"]) == 0
    assert "Done before: 2 photos" in capsys.readouterr().err
    assert images(folder / "predictions.csv") == ["=1+1", "a", "b", "c"]


def program(folder: Path, *command: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "model", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env={**os.environ}, **options,
    )  # fmt: skip


def test_control_c_ends_the_program_in_one_line(folder):
    many = folder / "many"
    many.mkdir()
    for number in range(3000):
        os.link(folder / "photos" / "a.jpg", many / f"{number:04}.jpg")
    running = program(
        folder, "score", str(many), "--output", str(folder / "out.csv"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background ignores Ctrl-C
    )  # fmt: skip
    part = folder / "out.unfinished.csv"
    while running.poll() is None and not (part.exists() and part.stat().st_size > 1000):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == INTERRUPTED
    assert said.splitlines()[-1].startswith("Stopped. The rows that were finished are in") and "Traceback" not in said
    assert len(images(part)) > 5 and part.read_bytes().endswith(b"\n")
    assert not (folder / "out.csv").exists()


def test_standard_error_holds_the_progress_and_nothing_of_libraries(folder):
    shutil.copy(folder / "photos" / "a.jpg", folder / "photos" / "odd.tif")
    running = program(folder, "score", str(folder / "photos"), "--output", str(folder / "out.csv"))
    said = running.communicate(timeout=120)[1]
    lines = [line for line in said.replace("\r", "\n").splitlines() if line.strip()]
    assert [line for line in lines if "photo/s" not in line and "s/photo" not in line] == []


def test_a_python_without_packages_says_how_to_set_up():
    for module in ("model", "training.train", "benchmarks.speed"):
        code = f"import sys, runpy; sys.path[:0] = [{str(ROOT)!r}]; runpy.run_module({module!r}, run_name='__main__')"
        run = subprocess.run(
            [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert run.returncode == 1 and "is missing in this Python" in run.stderr
        assert "make " in run.stderr and "Traceback" not in run.stderr and run.stderr.count("\n") == 1
