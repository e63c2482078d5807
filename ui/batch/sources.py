"""From uploaded files to the photos in them; a ZIP is read one photo at a time."""

import io
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import PurePosixPath

from model.errors import PhotoError
from model.photo import archives
from model.photo.folders import is_hidden
from model.photo.sources import Source
from ui.batch import wording


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
        if not data.startswith(archives.SIGNATURES):
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
            place = f"{name}/{member.filename}"
            if member.filename.lower().endswith(archives.ENDING):
                found.append(Source(place, _failing("zip_in_zip", wording.ZIP_IN_ZIP)))
            elif archives.is_photo(archive, member):
                found.append(Source(place, partial(archives.read_entry, archive, member)))
            else:
                others += 1
    return found, others


def _failing(code: str, sentence: str) -> Callable[[], bytes]:
    def read() -> bytes:
        raise PhotoError(code, sentence)

    return read
