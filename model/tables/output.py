"""Results are written beside their place and put there at the end; what was finished before an end is kept by name."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO, RawIOBase
from pathlib import Path
from typing import Any

from model.errors import OutputError, printable

STANDARD_OUTPUT = Path("-")


class Unfinished:
    """A file that takes whole pieces; a piece that does not fit is taken back, so that no row is cut in half.

    Parameters
    ----------
    file : raw binary file
        Without a buffer: what a buffer still holds when a disk is full would fail once more, later.
    target : Path
        What it is called in a sentence.
    takes_back : bool
        Whether it is a file of its own; a pipe or a terminal takes nothing back.
    """

    def __init__(self, file: RawIOBase, target: Path, takes_back: bool) -> None:
        self.file, self.target, self.takes_back, self.pieces, self.end = file, target, takes_back, 0, 0

    def write(self, piece: bytes) -> None:
        """Write one piece through to the system."""
        try:
            with _said(self.target):
                rest = memoryview(piece)
                while rest:
                    rest = rest[self.file.write(rest) :]
        except BaseException:
            if self.takes_back:
                with suppress(OSError):
                    os.ftruncate(self.file.fileno(), self.end)
            raise
        self.pieces, self.end = self.pieces + 1, self.end + len(piece)


@contextmanager
def writing(target: Path, inputs: Iterable[Path] = (), keep_from: int | None = None) -> Iterator[Unfinished]:
    """Open a result; it stands in its place when the block has ended well, and not before.

    Parameters
    ----------
    target : Path
        ``-``, or whatever standard output is, is written to as it comes.
    inputs : iterable of Path
        What is read; none of it may be the target.
    keep_from : int, optional
        If the block ends in trouble after so many pieces, what was written is kept as ``NAME.unfinished.ENDING``. If
        it ends well with fewer, nothing is put in the target's place.

    Raises
    ------
    OutputError
        ``output_is_input``, ``output_folder`` or ``output_failed``.
    """
    if _is_standard_output(target):
        sys.stdout.flush()
        buffer: Any = sys.stdout.buffer  # its raw file is no part of what a text file promises
        yield Unfinished(getattr(buffer, "raw", buffer), target, False)
        return
    place = _checked(target, inputs)
    if place.exists() and not place.is_file():  # a pipe or a device has nothing that could be lost
        with _said(target):
            file = place.open("wb", buffering=0)
        with file:
            yield Unfinished(file, target, False)
        return
    with _said(target):
        beside, file = _open_beside(place)
    written = Unfinished(file, target, True)
    try:
        with file:
            yield written
            with _said(target):
                os.fsync(file.fileno())
        with _said(target):
            if written.pieces < (keep_from or 0):
                beside.unlink()
            else:
                if place.exists():
                    shutil.copymode(place, beside)
                beside.replace(place)
    except BaseException as error:
        if keep_from is None or written.pieces < keep_from:
            beside.unlink(missing_ok=True)
        else:
            error.add_note(printable(beside))
        raise


def write_file(target: Path, content: bytes, inputs: Iterable[Path] = ()) -> None:
    """Write a whole result at once; raises as `writing`."""
    with writing(target, inputs) as file:
        file.write(content)


def check_target(target: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise what `writing` would raise before any work is done."""
    if not _is_standard_output(target):
        _checked(target, inputs)


def kept(error: BaseException) -> str | None:
    """Return the name under which the finished pieces were kept, if any were."""
    return next(iter(getattr(error, "__notes__", ())), None)


def _is_standard_output(target: Path) -> bool:
    if target == STANDARD_OUTPUT:
        return True
    try:
        there, here = target.stat(), os.fstat(1)
    except OSError:
        return False
    return os.path.samestat(there, here)


def _checked(target: Path, inputs: Iterable[Path]) -> Path:
    """Return where a target really lies; refuse folders, absent folders and what is read."""
    place = target.resolve()
    name = printable(target)
    if place.is_dir():
        raise OutputError("output_folder", f"{name} is a folder; name a file in it.")
    if not place.parent.is_dir():
        raise OutputError("output_folder", f"{name}: there is no folder {printable(place.parent)}; make it first.")
    if place.exists() and any(_same(place, path) for path in inputs):
        raise OutputError("output_is_input", f"{name} is read too, and would be lost; name another file to write.")
    return place


def _same(place: Path, path: Path) -> bool:
    try:
        return path.samefile(place)
    except OSError:
        return False


def _open_beside(place: Path) -> tuple[Path, FileIO]:
    """Open a file that did not exist; earlier unfinished ones are left alone."""
    number = 1
    while True:
        mark = "unfinished" if number == 1 else f"unfinished-{number}"
        beside = place.with_name(f"{place.stem}.{mark}{place.suffix}")
        try:
            return beside, beside.open("xb", buffering=0)
        except FileExistsError:
            number += 1


@contextmanager
def _said(target: Path) -> Iterator[None]:
    """Name the target where the system names no file, as it does when a disk is full."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "Standard output" if target == STANDARD_OUTPUT else printable(target)
        raise OutputError("output_failed", f"{name} cannot be written: {error.strerror}.") from error
