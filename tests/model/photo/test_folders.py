"""A folder's photos are found by content and ending, at any depth, once each, and what is not looked at is said."""

import os
from pathlib import Path

import pytest

from model.errors import printable
from model.photo.folders import find_photos, is_hidden, starts_as_photo


@pytest.fixture
def folder(tmp_path, lesion, encode) -> Path:
    """Photos of every ending, and what lies around them on real disks."""
    root = tmp_path / "photos"
    (root / "inner").mkdir(parents=True)
    photo = encode(lesion, "JPEG")
    for name in ("a.jpg", "b.jfif", "c.jpe", "d", "e.txt", "inner/f.JPG"):
        (root / name).write_bytes(photo)
    for name, kind in (("g.avif", "AVIF"), ("h.jp2", "JPEG2000"), ("i.dib", "DIB"), ("j", "HEIF"), ("k", "WEBP"),
                       ("l", "BMP"), ("m", "TIFF"), ("n", "GIF"), ("o", "PNG")):  # fmt: skip
        (root / name).write_bytes(encode(lesion, kind))
    (root / "notes.csv").write_text("BMW,RIFF\n")
    (root / "raw.nef").write_bytes(b"\1\2\3")
    for name in (
        "._a.jpg",
        ".hidden/p.jpg",
        "__MACOSX/._a.jpg",
        "__MACOSX/q.jpg",
        ".ipynb_checkpoints/r.jpg",
        "Thumbs.db",
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(photo)
    return root


def names(found) -> list[str]:
    return sorted(path.name for path in found.photos)


def test_photos_are_found_by_content_and_by_ending(folder):
    found = find_photos(folder)
    letters = ["a.jpg", "b.jfif", "c.jpe", "d", "e.txt", "f.JPG", "g.avif", "h.jp2", "i.dib", *"jklmno", "raw.nef"]
    assert names(found) == letters
    assert found.trouble == () and found.others == 1


def test_photos_come_in_the_order_of_their_paths(folder):
    assert list(find_photos(folder).photos) == sorted(find_photos(folder).photos)


def test_links_are_followed_once(folder, tmp_path, lesion_png):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "z.png").write_bytes(lesion_png)
    before = names(find_photos(folder))
    (folder / "linked").symlink_to("../elsewhere")
    (folder / "again").symlink_to(tmp_path / "elsewhere")
    (folder / "inner" / "up").symlink_to("..")
    (folder / "a_link_to_inner").symlink_to("inner")
    found = find_photos(folder)
    assert names(found) == [*before, "z.png"] and found.trouble == ()
    assert folder / "inner" / "f.JPG" in found.photos  # a folder keeps its own name where a link leads to it as well


def test_links_that_lead_nowhere_are_named(folder):
    (folder / "gone.jpg").symlink_to("/nowhere/gone.jpg")
    (folder / "gone").symlink_to("/nowhere")
    (folder / "round.png").symlink_to("round.png")
    trouble = find_photos(folder).trouble
    assert [Path(line.split(":")[0]).name for line in trouble] == ["gone", "gone.jpg", "round.png"]
    assert all("leads nowhere" in line for line in trouble)


def test_folders_and_files_that_cannot_be_opened_are_named(folder, monkeypatch):
    listed, opened = os.listdir, Path.open
    (folder / "locked").mkdir()

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", lambda path: refuse(path) if Path(path).name == "locked" else listed(path))
    monkeypatch.setattr(Path, "open", lambda path, *mode: refuse(path) if path.name == "d" else opened(path, *mode))
    found = find_photos(folder)
    assert sorted(Path(line.split(":")[0]).name for line in found.trouble) == ["d", "locked"]
    assert all("Permission denied" in line for line in found.trouble)
    assert "a.jpg" in names(found)


def test_a_pipe_is_named_and_not_waited_for(folder):
    os.mkfifo(folder / "pipe.jpg")
    os.mkfifo(folder / "pipe")
    assert [line.split(": ")[1] for line in find_photos(folder).trouble] == ["not looked at, it is a pipe or a device."]


def test_what_lies_in_folders_without_being_put_there_is_hidden():
    assert all(map(is_hidden, ("._a.jpg", ".DS_Store", "__MACOSX", "desktop.ini", "@eaDir", ".ipynb_checkpoints")))
    assert not any(map(is_hidden, ("a.jpg", "MACOSX", "IMG_0001", ".", "..")))


@pytest.mark.parametrize("head", [b"", b"BMW is a car", b"RIFF\0\0\0\0WAVEfmt ", b"\0\0\0\x18ftypmp42", bytes(200)])
def test_other_files_do_not_start_like_photos(head):
    assert not starts_as_photo(head)


def test_names_are_printed_in_one_line():
    assert printable(os.fsdecode(b"L\xe4sion\n.jpg")) == "L\\xe4sion\\n.jpg"
    assert printable("Läsion 1.jpg") == "Läsion 1.jpg"
