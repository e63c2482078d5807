"""Results are written to a temporary file and put in place at the end; finished rows of a stopped run are kept."""

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
    """A file that is written in whole pieces; a piece that does not fit is removed, so that no row is cut.

    Parameters
    ----------
    file : raw binary file
        Without a buffer: data left in a buffer when a disk is full would fail again later.
    target : Path
        Its name in a message.
    takes_back : bool
        Whether pieces can be removed: true for a file, not for a pipe or a terminal.
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
    """Open a result; it is put in its place only when the block has ended without an error.

    Parameters
    ----------
    target : Path
        ``-``, or the file of standard output, is written directly.
    inputs : iterable of Path
        What is read; none of it may be the target.
    keep_from : int, optional
        If the block ends with an error after at least this many pieces, they are kept as ``NAME.unfinished.ENDING``. If
        it ends without an error but with fewer, nothing is put in the target's place.

    Raises
    ------
    OutputError
        ``output_is_input``, ``output_folder`` or ``output_failed``.
    """
    if _is_standard_output(target):
        sys.stdout.flush()
        buffer: Any = sys.stdout.buffer  # the interface of a text file does not include its raw file
        yield Unfinished(getattr(buffer, "raw", buffer), target, False)
        return
    place = _checked(target, inputs)
    if place.exists() and not place.is_file():  # a pipe or a device has no content to lose
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
    """Return the real path of a target; refuse folders, absent folders and input files."""
    place = target.resolve()
    name = printable(target)
    if place.is_dir():
        raise OutputError("output_folder", f"{name} is a folder; name a file in it.")
    if not place.parent.is_dir():
        raise OutputError("output_folder", f"{name}: there is no folder {printable(place.parent)}; create it first.")
    if place.exists() and any(_same(place, path) for path in inputs):
        raise OutputError("output_is_input", f"{name} is also read and would be overwritten; name another file.")
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
    """Name the target in errors in which the system names no file, for example when a disk is full."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "Standard output" if target == STANDARD_OUTPUT else printable(target)
        raise OutputError("output_failed", f"{name} cannot be written: {error.strerror}.") from error
