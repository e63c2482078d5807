"""Photos in ZIP archives, read one by one without unpacking; what cannot be read is said in one sentence each."""

import zipfile
from functools import lru_cache
from pathlib import Path

from model.errors import PhotoError, printable
from model.photo.folders import HEAD_BYTES, Found, is_hidden, named_as_photo, starts_as_photo
from model.photo.image import MAX_BYTES

ENDING = ".zip"
SIGNATURES = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")  # of an archive, of an empty one, and of one in parts
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack megabytes before they can be stopped
DAMAGED = "The file is damaged in the archive; copy the archive again."
ENCRYPTED = 1  # bit of a file's flags


def is_archive(path: str) -> bool:
    """Whether a file is a ZIP archive by its ending or first bytes; False if it cannot be opened."""
    place = Path(path)
    try:
        if named_as_photo(path) or not place.is_file():  # a pipe would be waited for
            return False
        with place.open("rb") as file:
            return path.lower().endswith(ENDING) or file.read(4) in SIGNATURES
    except OSError:
        return False


def look_into(path: str) -> Found[str]:
    """Return what an archive holds; nothing is unpacked but the first bytes of files without a picture's ending."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _sorted(path, archive)
    except Exception:  # damaged archives raise anything from BadZipFile to struct.error
        return Found(trouble=(f"{printable(path)}: the archive is damaged or incomplete; copy it again.",))


def read_member(path: str, name: str) -> bytes:
    """Return a photo file's bytes out of an archive, one more than allowed at most.

    Raises
    ------
    PhotoError
        As `read_entry`, and ``unreadable`` if the archive is gone.
    """
    try:
        archive = _opened(path)
        return read_entry(archive, archive.getinfo(name))
    except PhotoError:
        raise
    except OSError as error:
        raise PhotoError("unreadable", f"The archive cannot be opened ({error.strerror}).") from None
    except Exception:  # as above
        raise PhotoError("unreadable", DAMAGED) from None


def trouble_of(entry: zipfile.ZipInfo) -> PhotoError | None:
    """Return why a file in an archive cannot be read, as far as its entry tells: ``locked`` or ``unreadable``."""
    if entry.flag_bits & ENCRYPTED:
        return PhotoError("locked", "The file needs a password; unpack the archive first.")
    if entry.compress_type not in PACKED:
        return PhotoError("unreadable", "The file is packed in a way that is not read; unpack the archive first.")
    return None


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int = MAX_BYTES + 1) -> bytes:
    """Return the first bytes of a file in an archive, however large it would unpack.

    Raises
    ------
    PhotoError
        As `trouble_of`, and ``unreadable`` if it is damaged.
    """
    trouble = trouble_of(entry)
    if trouble:
        raise trouble
    try:
        with archive.open(entry) as file:
            return file.read(most)
    except Exception:  # decompressors of damaged files raise anything
        raise PhotoError("unreadable", DAMAGED) from None


@lru_cache(maxsize=4)
def _opened(path: str) -> zipfile.ZipFile:
    """Keep the archive at hand open; threads may read it at once, and it is closed with its last reader."""
    return zipfile.ZipFile(path)


def _sorted(path: str, archive: zipfile.ZipFile) -> Found[str]:
    photos, nested, others, encrypted = [], [], 0, 0
    for entry in archive.infolist():
        if entry.is_dir() or any(map(is_hidden, entry.filename.split("/"))):
            continue
        if entry.flag_bits & ENCRYPTED:
            encrypted += 1
        elif entry.filename.lower().endswith(ENDING):
            nested.append(entry.filename)
        elif is_photo(archive, entry):
            photos.append(entry.filename)
        else:
            others += 1
    trouble = []
    if encrypted:
        trouble.append(f"{printable(path)}: files that need a password: {encrypted:,}; unpack the archive first.")
    if nested:
        names = f"{printable(nested[0])}" + (f" and {len(nested) - 1:,} more" if nested[1:] else "")
        trouble.append(f"{printable(path)}: archives in an archive are not opened; unpack {names} first.")
    return Found(tuple(photos), tuple(trouble), others)


def _head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return a file's first bytes; nothing of one that cannot be read: without a picture's ending it is no photo."""
    try:
        return read_entry(archive, entry, HEAD_BYTES)
    except PhotoError:
        return b""


def is_photo(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a file in an archive is a picture, by its name or its first bytes."""
    return named_as_photo(entry.filename) or starts_as_photo(_head(archive, entry))
