"""Photos that have not been read yet: the name of each, and how its bytes are got."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model.photo.image import read_file


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
