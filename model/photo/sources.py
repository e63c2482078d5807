"""Photos that have not been read yet: where each is, its name, and how its bytes are got."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from model.errors import ContractError, printable
from model.photo import archives, folders
from model.photo.image import read_file


class Place(NamedTuple):
    """Where a photo is: names only, so that a hundred thousand of them take little memory.

    Parameters
    ----------
    path : str
        Of the photo's file, or of the archive that it is in.
    inside : str
        Its name in the archive; empty for a file.
    """

    path: str
    inside: str = ""

    @property
    def name(self) -> str:
        """What messages call the photo."""
        return f"{self.path}/{self.inside}" if self.inside else self.path

    @property
    def image(self) -> str:
        """What a table calls the photo: the last part of its name without the ending."""
        return printable(Path(self.name).stem)

    def absolute(self) -> "Place":
        """Return the same place for a process that works in another folder."""
        return Place(str(Path(self.path).absolute()), self.inside)


@dataclass(frozen=True)
class Source:
    """A photo to be read.

    Parameters
    ----------
    name : str
        What messages call it: a path, or an archive's path followed by that of the file in it.
    read : callable
        Returns the bytes of its file; PhotoError if they cannot be had.
    """

    name: str
    read: Callable[[], bytes]

    @classmethod
    def file(cls, path: Path | str) -> "Source":
        """Return the photo in a file."""
        return cls(str(path), partial(read_file, Path(path)))

    @classmethod
    def at(cls, place: Place) -> "Source":
        """Return the photo at a place, in a file or an archive."""
        if place.inside:
            return cls(place.name, partial(archives.read_member, place.path, place.inside))
        return cls.file(place.path)


@dataclass
class Found:
    """What was found behind some paths; parameters as `folders.Found`, with places instead of paths."""

    photos: list[Place] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    others: int = 0


def find_all(paths: Iterable[Path | str]) -> Found:
    """Take files as they are named, and look through folders and ZIP archives; archives in folders are not opened."""
    found = Found()
    for path in map(str, paths):
        seen: folders.Found
        if not path:
            found.trouble.append("An empty path was given; name a photo, a folder or a ZIP archive.")
            continue
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder may not be entered
            seen = folders.find_photos(Path(path))
            found.photos += (Place(str(photo)) for photo in seen.photos)
        elif archives.is_archive(path):
            seen = archives.look_into(path)
            found.photos += (Place(path, photo) for photo in seen.photos)
        else:
            found.photos.append(Place(path))
            continue
        found.trouble += seen.trouble
        found.others += seen.others
    return found


def listed(table: Path) -> Iterator[str]:
    """Yield the paths in a text file in their order, one a line; ``-`` is standard input.

    Blank lines are skipped. Spaces around a path are left out, and then a pair of quotation marks around it.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ContractError
        ``no_list`` if a line cannot be a path.
    """
    with nullcontext(sys.stdin.buffer) if str(table) == "-" else table.open("rb") as lines:
        for line in lines:
            path = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf").strip())
            if path[:1] in ('"', "'") and path[1:].endswith(path[0]):
                path = path[1:-1]
            if "\0" in path:
                raise ContractError("no_list", f"{printable(table)} is not a list of paths, one a line.")
            if path:
                yield path
