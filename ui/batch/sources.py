"""From uploaded files to the photos in them; a ZIP is read one photo at a time."""

import io
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import PurePosixPath

from model.errors import PhotoError
from model.photo.folders import ENDINGS, FOREIGN_ENDINGS, HEAD_BYTES, is_hidden, starts_as_photo
from model.photo.image import MAX_BYTES
from model.photo.sources import Source
from ui.batch import wording

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")  # with files in it, and empty
LOCKED_BIT = 1  # of a member's flags


def collect(files: Iterable[tuple[str, bytes]]) -> tuple[list[Source], int]:
    """Return the photos in uploaded files, and how many files in ZIP files are none.

    Parameters
    ----------
    files : iterable of (str, bytes)
        Name and content; whether one is a ZIP file depends on its content.
    """
    found: list[Source] = []
    others = 0
    for name, data in files:
        if not data.startswith(ZIP_SIGNATURES):
            found.append(Source(name, partial(bytes, data)))
            continue
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except Exception:  # zipfile raises more than BadZipFile for damaged directories
            found.append(Source(name, _failing("zip_unreadable", wording.ZIP_UNREADABLE)))
            continue
        for member in archive.infolist():
            if member.is_dir() or any(map(is_hidden, PurePosixPath(member.filename).parts)):
                continue
            if _is_photo(archive, member):
                found.append(Source(f"{name}/{member.filename}", partial(_read, archive, member)))
            else:
                others += 1
    return found, others


def _is_photo(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Say whether a member is a picture by its name or content, as `model.photo.folders` does for files."""
    if PurePosixPath(member.filename).suffix.lower() in ENDINGS | FOREIGN_ENDINGS:
        return True
    try:
        return starts_as_photo(_read(archive, member, HEAD_BYTES))
    except PhotoError:
        return False


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int = MAX_BYTES + 1) -> bytes:
    """Return the first bytes of a member: one more than a photo may have, however large it would unpack."""
    if member.flag_bits & LOCKED_BIT:
        raise PhotoError("locked", wording.LOCKED)
    try:
        with archive.open(member) as file:
            return file.read(most)
    except Exception:  # decompressors of damaged files raise anything
        raise PhotoError("unreadable", wording.MEMBER_UNREADABLE) from None


def _failing(code: str, sentence: str) -> Callable[[], bytes]:
    def read() -> bytes:
        raise PhotoError(code, sentence)

    return read
