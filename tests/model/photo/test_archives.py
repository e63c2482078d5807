"""Photos in archives and lists: each is found without unpacking, and what cannot be read is one sentence."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from model.errors import ContractError, PhotoError
from model.photo import archives
from model.photo.image import MAX_BYTES, read_photo
from model.photo.sources import Place, Source, find_all, listed


@pytest.fixture(scope="module")
def jpeg(lesion, encode) -> bytes:
    return encode(lesion, "JPEG")


def packed(path: Path, files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> str:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


def locked(path: str) -> str:
    """Mark all files of an archive as encrypted, as their flags say it."""
    content = bytearray(Path(path).read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= archives.ENCRYPTED
            at = content.find(mark, at + 1)
    Path(path).write_bytes(content)
    return path


def read(place: Place) -> bytes:
    return Source.at(place).read()


def test_photos_are_found_as_in_a_folder_and_read_one_by_one(tmp_path, jpeg):
    names = ("b.jpg", "inner/a.JPG", "inner/no_ending", "__MACOSX/._b.jpg", ".hidden/c.jpg", "raw.nef")
    path = packed(tmp_path / "photos.zip", dict.fromkeys(names, jpeg) | {"notes.txt": b"none", "empty/": b""})
    found = find_all([path])
    assert [place.inside for place in found.photos] == ["b.jpg", "inner/a.JPG", "inner/no_ending", "raw.nef"]
    assert found.trouble == [] and found.others == 1
    assert found.photos[1].name == f"{path}/inner/a.JPG" and found.photos[1].image == "a"
    assert all(read(place) == jpeg for place in found.photos)


def test_an_archive_is_known_by_its_content_too(tmp_path, jpeg):
    path = Path(packed(tmp_path / "photos.zip", {"a.jpg": jpeg})).rename(tmp_path / "download")
    assert find_all([path]).photos == [Place(str(path), "a.jpg")]


def test_an_archive_in_a_folder_is_counted_and_not_opened(tmp_path, jpeg):
    packed(tmp_path / "photos.zip", {"a.jpg": jpeg})
    found = find_all([tmp_path])
    assert found.photos == [] and found.others == 1


def test_named_files_are_taken_whatever_they_are(tmp_path, jpeg):
    (tmp_path / "inner").mkdir()
    for name in ("notes.csv", "._a.jpg", "inner/f.JPG"):
        (tmp_path / name).write_bytes(jpeg)
    names = ("notes.csv", "._a.jpg", "absent", "absent.zip", "inner")
    found = find_all([tmp_path / name for name in names])
    assert [place.image for place in found.photos] == ["notes", "._a", "absent", "absent", "f"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path, jpeg: locked(packed(path, {"a.jpg": jpeg, "b.jpg": jpeg})), "files that need a password: 2"),
        (lambda path, jpeg: packed(path, {"in.zip": b"PK", "x/on.zip": b""}), "unpack in.zip and 1 more first"),
        (lambda path, jpeg: path.write_bytes(b"PK\3\4" + bytes(99)), "is damaged or incomplete"),
        (lambda path, jpeg: path.write_bytes(b"hello"), "is damaged or incomplete"),
        (
            lambda path, jpeg: path.write_bytes(Path(packed(path, {"a.jpg": jpeg})).read_bytes()[:-30]),
            "is damaged or incomplete",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_does_not_stop_the_rest(tmp_path, jpeg, make, words):
    make(tmp_path / "odd.zip", jpeg)
    whole = packed(tmp_path / "whole.zip", {"z.jpg": jpeg})
    found = find_all([tmp_path / "odd.zip", whole])
    [sentence] = found.trouble
    assert words in sentence and sentence.startswith(str(tmp_path / "odd.zip")) and sentence.endswith(".")
    assert [place.inside for place in found.photos] == ["z.jpg"]


def test_a_bomb_is_unpacked_no_further_than_a_photo_may_be_large(tmp_path):
    path = packed(tmp_path / "bomb.zip", {"a.jpg": bytes(3 * MAX_BYTES)})
    [place] = find_all([path]).photos
    content = read(place)
    assert len(content) == MAX_BYTES + 1
    with pytest.raises(PhotoError, match="larger than 20 MB"):
        read_photo(content)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_in_steps_is_not_unpacked(tmp_path, jpeg, kind):
    [place] = find_all([packed(tmp_path / "a.zip", {"a.jpg": jpeg, "no_ending": jpeg}, kind)]).photos
    with pytest.raises(PhotoError, match="unpack the archive first"):
        read(place)


def test_a_damaged_file_does_not_stop_the_others(tmp_path, jpeg):
    path = packed(tmp_path / "a.zip", {"a.jpg": jpeg, "b.jpg": jpeg}, zipfile.ZIP_STORED)
    content = bytearray(Path(path).read_bytes())
    content[200] ^= 255
    Path(path).write_bytes(content)
    one, other = find_all([path]).photos
    with pytest.raises(PhotoError, match="damaged in the archive"):
        read(one)
    assert read(other) == jpeg


def test_an_archive_that_is_gone_is_said(tmp_path):
    with pytest.raises(PhotoError, match="cannot be opened"):
        archives.read_member(str(tmp_path / "gone.zip"), "a.jpg")


def test_a_list_has_a_path_on_each_line(tmp_path, monkeypatch):
    content = b"\xef\xbb\xbfa.jpg\r\n\nfolder/b c.png\nL\xe4sion.jpg"
    (tmp_path / "list.txt").write_bytes(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    for table in (tmp_path / "list.txt", Path("-")):
        assert [*listed(table)] == ["a.jpg", "folder/b c.png", "L\udce4sion.jpg"]
    (tmp_path / "list.txt").write_bytes(b"\0\0\n")
    with pytest.raises(ContractError, match="not a list of paths"):
        list(listed(tmp_path / "list.txt"))
