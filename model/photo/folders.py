"""Which files of a folder are photos: by content or ending, links are followed once, and every omission is reported."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from model.errors import printable

# fmt: off
ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff", ".bmp", ".dib",
    ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".avif", ".avifs", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf",
    ".jpx", ".jpm",
))  # of the formats that are read
FOREIGN_ENDINGS = frozenset((
    ".dcm", ".dicom", ".dng", ".nef", ".cr2", ".cr3", ".crw", ".arw", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw",
    ".raw", ".svs", ".ndpi", ".psd", ".jxl", ".jls", ".jxr", ".wdp", ".hdr", ".exr", ".ppm", ".pgm", ".pnm", ".pbm",
    ".tga", ".pcx", ".qoi", ".ico", ".eps", ".xcf", ".fits",
))  # pictures too; reading them gives an error with the kind's name
HIDDEN_NAMES = frozenset((
    "__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system_volume_information", "lost+found",
    "__pycache__",
))  # that systems leave behind
# fmt: on
SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cJXL ",
    b"8BPS",
)  # fmt: skip
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"avif", b"avis", b"crx ")
HEAD_BYTES = 132  # enough for every signature; DICOM's is at 128

Name = TypeVar("Name", Path, str)


@dataclass(frozen=True)
class Found(Generic[Name]):
    """The contents of a folder or an archive.

    Parameters
    ----------
    photos : tuple of Path or str
        Paths in their order, or an archive's names in its own; files that are pictures of a kind that is not read are
        among them.
    trouble : tuple of str
        A sentence for each file or folder that could be or contain a photo and cannot be read.
    others : int
        Files that are no pictures; hidden ones are not counted.
    """

    photos: tuple[Name, ...] = ()
    trouble: tuple[str, ...] = ()
    others: int = 0


def find_photos(folder: Path) -> Found[Path]:
    """Look through a folder at any depth; a folder that links lead to several times is looked at once."""
    photos: list[Path] = []
    trouble: list[str] = []
    others = 0
    for path, problem in _files(folder):
        if problem:
            trouble.append(f"{printable(path)}: not looked at, {problem}.")
            continue
        try:
            picture = named_as_photo(path.name) or starts_as_photo(_head(path))
        except OSError as error:
            trouble.append(f"{printable(path)}: not looked at, it cannot be opened ({error.strerror}).")
            continue
        if picture:
            photos.append(path)
        else:
            others += 1
    return Found(tuple(sorted(photos)), tuple(trouble), others)


def named_as_photo(name: str) -> bool:
    """Whether a file's name has the ending of a picture, read here or not."""
    return os.path.splitext(name)[1].lower() in ENDINGS | FOREIGN_ENDINGS  # noqa: PTH122 - names in archives too


def is_hidden(name: str) -> bool:
    """Whether people do not see a file of this name: dot files, and what systems leave in folders and archives."""
    if name in (".", ".."):  # parts of a path, not names
        return False
    return name.startswith(".") or name.lower().replace(" ", "_") in HIDDEN_NAMES


def starts_as_photo(head: bytes) -> bool:
    """Whether a file's first bytes are those of a picture, regardless of its name."""
    bitmap = head[:2] == b"BM" and head[6:10] == bytes(4) and head[14:18] in _BITMAP_HEADERS
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    boxed = head[4:8] == b"ftyp" and head[8:12] in BRANDS
    return head.startswith(SIGNATURES) or bitmap or webp or boxed or head[128:132] == b"DICM"


_BITMAP_HEADERS = tuple(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield regular files with "", and what cannot be looked at with the reason."""
    waiting, seen = [folder], set()
    while waiting:
        here = waiting.pop()
        try:
            identity = (here.stat().st_dev, here.stat().st_ino)
            names = sorted(os.listdir(here)) if identity not in seen else ()  # noqa: PTH208 - names are all it takes
        except OSError as error:
            yield here, f"the folder cannot be opened ({error.strerror})"
            continue
        seen.add(identity)
        linked: list[Path] = []
        for path in (here / name for name in names if not is_hidden(name)):
            try:
                kind = path.stat().st_mode
            except OSError as error:
                if named_as_photo(path.name) or not path.suffix:
                    dead = path.is_symlink()
                    yield path, "its link leads nowhere" if dead else f"it cannot be opened ({error.strerror})"
                continue
            if stat.S_ISDIR(kind):  # a folder itself comes before links to it, so that it keeps its own name
                (linked if path.is_symlink() else waiting).append(path)
            elif stat.S_ISREG(kind):
                yield path, ""
            elif named_as_photo(path.name):
                yield path, "it is a pipe or a device"
        waiting[:0] = linked
