"""The command line: what scripts and judges rely on."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main
from model.answer.patient import UNKNOWN, Patient
from tests.support.bundles import CODES, NEVER_SUPPORTED

ROOT = Path(__file__).resolve().parents[3]
HEADER = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC,notes"


@pytest.fixture
def folder(bundle_in_use, lesion, encode, tmp_path, monkeypatch) -> Path:
    """A folder with three photos, one of them in a folder inside, and a text file; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "inner").mkdir(parents=True)
    for turn, name in enumerate(("b.JPG", "a.png", "inner/c.webp")):
        kind = {"JPG": "JPEG", "png": "PNG", "webp": "WEBP"}[name.split(".")[1]]
        (tmp_path / "photos" / name).write_bytes(encode(np.rot90(lesion, turn), kind))
    (tmp_path / "photos" / "notes.txt").write_text("not a photo")
    return tmp_path


def rows(path: Path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_scores_have_the_challenge_format(folder, analyser):
    assert main(["score", "photos", "--output", "out.csv"]) == 0
    text = (folder / "out.csv").read_text()
    assert text.splitlines()[0] == HEADER
    assert "\r" not in text
    table = rows(folder / "out.csv")
    assert [row["image"] for row in table] == ["a", "b", "c"]
    assert all(abs(sum(float(row[name]) for name in HEADER.split(",")[1:-1]) - 1) < 1e-7 for row in table)
    answer = analyser.analyse((folder / "photos" / "a.png").read_bytes()).prediction.probabilities
    for code, probability in zip(CODES, answer, strict=True):
        assert float(table[0][code.upper()]) == pytest.approx(probability, abs=1e-5)


def test_the_table_goes_to_predictions_csv_unless_told(folder):
    assert main(["score", "photos/a.png"]) == 0
    assert [row["image"] for row in rows(folder / "predictions.csv")] == ["a"]


def test_scores_of_photos_with_their_patients(folder, analyser, capsys):
    table = "\ufeffimage,age,sex,site\na,80,female,head\nb.JPG,NA,,\nz,7,,\n"
    (folder / "patients.csv").write_text(table, encoding="utf-8")
    assert main(["score", "photos", "--patients", "patients.csv"]) == 0
    assert "has 1 images that are not scored here; the first is z" in capsys.readouterr().err
    for row in rows(folder / "predictions.csv"):
        [photo] = (folder / "photos").rglob(f"{row['image']}.*")
        known = Patient(80, "female", "head") if row["image"] == "a" else UNKNOWN  # b says nothing, c is not listed
        answer = analyser.analyse(photo.read_bytes(), patient=known).prediction.probabilities
        for code, probability in zip(CODES, answer, strict=True):
            assert float(row[code.upper()]) == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"image,age,sex\na,80,female\n", "lacks the columns site"),
        (b"", "lacks the columns"),
        (b"image,age,sex,site\na,old,,\n", "image a: An age must be between 0 and 120"),
        (b"image,age,sex,site\na,8,x,\n", "image a: Sex must be one of female, male"),
        (b"image,age,sex,site\na,8,,moon\n", "image a: Known sites are head"),
        (b"image,age,sex,site\na,8,,\na,9,,\n", "names the image a twice"),
        (b"image,age,sex,site\n\0\0\n", "not a CSV file in UTF-8"),
    ],
)
def test_a_table_of_patients_that_cannot_be_used_is_one_sentence(folder, capsys, content, words):
    (folder / "patients.csv").write_bytes(content)
    assert main(["score", "photos", "--patients", "patients.csv"]) == 1
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert not (folder / "predictions.csv").exists()


def test_unreadable_photos_are_named_and_the_others_scored(folder, capsys):
    (folder / "photos" / "broken.jpg").write_bytes((folder / "photos" / "b.JPG").read_bytes()[:400])
    Image.new("RGB", (99, 99), (90, 90, 90)).save(folder / "photos" / "even.png")
    assert main(["score", "photos", "photos/notes.txt", "absent.png"]) == 1
    said = capsys.readouterr().err
    for name, reason in (
        ("broken.jpg", "cut off or damaged"),
        ("even.png", "even surface"),
        ("notes.txt", "not a photo"),
        ("absent.png", "cannot be opened"),
    ):
        [line] = [line for line in said.splitlines() if name in line]
        assert reason in line
    assert "Traceback" not in said
    assert "photo/s" in said or "it/s" in said or "/photo" in said  # the progress bar
    assert [row["image"] for row in rows(folder / "predictions.csv")] == ["a", "b", "c"]


def test_two_photos_of_one_name_are_not_mixed_up(folder, capsys):
    (folder / "photos" / "inner" / "a.png").write_bytes((folder / "photos" / "a.png").read_bytes())
    assert main(["score", "photos", "photos/a.png"]) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if "same name" in line]
    assert "inner" in line
    assert [row["image"] for row in rows(folder / "predictions.csv")] == ["a", "b", "c"]


def test_the_same_photo_named_twice_is_scored_once(folder):
    assert main(["score", "photos", "photos/a.png"]) == 0
    assert len(rows(folder / "predictions.csv")) == 3


def test_a_folder_without_photos(folder, capsys):
    (folder / "empty").mkdir()
    assert main(["score", "empty"]) == 1
    assert "no photo" in capsys.readouterr().err


def test_an_output_that_cannot_be_written(folder, capsys):
    assert main(["score", "photos", "--output", "absent/out.csv"]) == 1
    assert "absent/out.csv" in capsys.readouterr().err


def test_explain_writes_an_overlay(folder, lesion):
    assert main(["explain", "photos/a.png", "--class", "mel", "--output", "map.png"]) == 0
    picture = np.asarray(Image.open(folder / "map.png"))
    photo = np.rot90(lesion)
    assert picture.shape[1:] == photo.shape[1:] and len(picture) > len(photo), "a legend below the photo"
    assert (picture[: len(photo)] != photo).any()
    assert main(["explain", "photos/a.png", "--class", "mel", "--contours"]) == 0
    assert (np.asarray(Image.open(folder / "overlay.png")) != picture).any()


def test_explain_says_when_nothing_speaks_for_a_class(folder, lesion, capsys):
    assert main(["explain", "photos/a.png", "--class", NEVER_SUPPORTED]) == 0
    assert "Dermatofibroma" in capsys.readouterr().out
    photo = np.rot90(lesion)
    assert (np.asarray(Image.open(folder / "overlay.png"))[: len(photo)] == photo).all()


@pytest.mark.parametrize(
    ("photo", "code", "words"),
    [
        ("photos/a.png", "scc", "no class 'scc'"),
        ("photos/notes.txt", "mel", "not a photo"),
        ("absent.png", "mel", "cannot be opened"),
    ],
)
def test_explain_says_what_is_wrong(folder, photo, code, words, capsys):
    assert main(["explain", photo, "--class", code]) == 1
    assert words in capsys.readouterr().err
    assert not (folder / "overlay.png").exists()


def test_a_missing_model_is_said_in_one_sentence(folder, capsys):
    assert main(["score", "photos", "--bundle", "nowhere"]) == 1
    assert capsys.readouterr().err.strip().count("\n") == 0


def test_as_a_program_it_keeps_standard_error_for_what_matters(folder):
    run = subprocess.run([sys.executable, "-m", "model", "check"], env=None, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "agrees" in run.stdout
    assert run.stderr == ""


@pytest.mark.parametrize("content", [b"PK\x03\x04 an archive", b"\xff\xd8\xff a photo"])
def test_a_table_is_never_written_over_photos(folder, content, capsys):
    (folder / "kept.csv").write_bytes(content)
    assert main(["score", "photos", "--output", "kept.csv"]) == 1
    assert "is a photo or an archive" in capsys.readouterr().err
    assert (folder / "kept.csv").read_bytes() == content
