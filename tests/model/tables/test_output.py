"""A result stands in its place when it is complete."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model.errors import OutputError
from model.tables.output import check_target, write_file, writing

ROOT = Path(__file__).resolve().parents[3]


def test_an_old_result_stays_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with writing(target) as file:
        file.write(b"a\n")
        assert target.read_text() == "old"
        assert (tmp_path / "table.unfinished.csv").read_text() == "a\n"
    assert target.read_text() == "a\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_takes_no_half_row(tmp_path):
    target = tmp_path / "table.csv"
    words = pytest.raises(OutputError, match=r"table\.csv cannot be written: No space left")
    with words, writing(target) as file:
        file.write(b"whole row\n")
        raw = file.file

        class Full:
            fileno = raw.fileno

            def write(self, rest):
                if len(rest) < 5:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return raw.write(rest[:-3])

        file.file = Full()
        try:
            file.write(b"half a row\n")
        finally:
            assert (tmp_path / "table.unfinished.csv").read_bytes() == b"whole row\n"
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_is_never_written_to(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"photo")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    os.link(photo, tmp_path / "hard.jpg")
    for name in ("a.jpg", "link.jpg", "hard.jpg", "../" + tmp_path.name + "/a.jpg"):
        for attempt in (check_target, lambda target, read: write_file(target, b"x", read)):
            with pytest.raises(OutputError, match="is also read"):
                attempt(tmp_path / name, [photo])
    assert photo.read_bytes() == b"photo"


def test_a_link_stays_a_link_and_rights_stay_as_they_were(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_file(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "real.csv").read_bytes() == b"new"
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640


def test_folders_and_absent_folders_are_refused(tmp_path):
    for target, words in ((tmp_path, "is a folder"), (tmp_path / "absent" / "x.csv", "there is no folder")):
        with pytest.raises(OutputError, match=words):
            check_target(target)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
@pytest.mark.parametrize("target", ["-", "/dev/stdout", "/proc/self/fd/1", "all.txt"])
def test_standard_output_goes_where_it_went_before(tmp_path, target):
    code = f"from model.tables.output import *; write_file(Path({target!r}), b'middle\\n')"
    run = f'(echo before; PYTHONPATH={ROOT} {sys.executable} -c "{code}"; echo after) > all.txt'
    subprocess.run(run, shell=True, check=True, cwd=tmp_path)
    assert (tmp_path / "all.txt").read_text() == "before\nmiddle\nafter\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("target", ["-", "/dev/full"])
def test_a_full_device_is_one_error(target):
    code = f"""
from model.tables.output import *
try:
    write_file(Path({target!r}), b"x" * 9)
except OutputError as error:
    print(error, file=sys.stderr)
"""
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert run.returncode == 0 and run.stderr.count("\n") == 1 and "No space left" in run.stderr
