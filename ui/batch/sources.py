"""From uploaded files to the photos in them; a ZIP is read one photo at a time."""

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from model.errors import PhotoError
from model.photo import archives
from model.photo.folders import is_hidden
from model.photo.sources import Source
from ui.batch import wording


@dataclass
class Collected:
    """What uploaded files hold.

    Parameters
    ----------
    sources : list of Source
        All that could be a photo, in the order of the upload; one that cannot be read says why when it is read.
    unreadable : list of str
        A sentence for each source that is known to be none of the readable ones.
    others : int
        Files in ZIP files that are no photos.
    """

    sources: list[Source] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    others: int = 0

    @property
    def ready(self) -> int:
        """Number of sources that may be read."""
        return len(self.sources) - len(self.unreadable)

    def fail(self, name: str, error: PhotoError) -> None:
        """Keep a file that cannot be read, so that it has its row."""
        self.sources.append(Source(name, _failing(error)))
        self.unreadable.append(str(error))


def collect(files: Iterable[tuple[str, bytes]]) -> Collected:
    """Return what uploaded files hold; ``files`` are names and contents, and the content tells whether one is a ZIP."""
    found = Collected()
    for name, data in files:
        if not data.startswith(archives.SIGNATURES):
            found.sources.append(Source(name, partial(bytes, data)))
            continue
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except Exception:  # zipfile raises more than BadZipFile for damaged directories
            found.fail(name, PhotoError("zip_unreadable", wording.ZIP_UNREADABLE))
            continue
        for member in archive.infolist():
            if not member.is_dir() and not any(map(is_hidden, PurePosixPath(member.filename).parts)):
                _sort(found, name, archive, member)
    return found


def _sort(found: Collected, name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    place, trouble = f"{name}/{member.filename}", archives.trouble_of(member)
    if member.filename.lower().endswith(archives.ENDING):
        found.fail(place, PhotoError("zip_in_zip", wording.ZIP_IN_ZIP))
    elif not archives.is_photo(archive, member):
        found.others += 1
    elif trouble:
        found.fail(place, trouble)
    else:
        found.sources.append(Source(place, partial(archives.read_entry, archive, member)))


def _failing(error: PhotoError) -> Callable[[], bytes]:
    def read() -> bytes:
        raise error

    return read
