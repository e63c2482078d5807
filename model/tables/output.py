"""Results are written to a temporary file and put in place at the end."""

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
    end : int
        How many bytes it has already.
    """

    def __init__(self, file: RawIOBase, target: Path, takes_back: bool, end: int = 0) -> None:
        self.file, self.target, self.takes_back, self.end = file, target, takes_back, end

    def write(self, piece: bytes) -> None:
        """Write one piece through to the system."""
        try:
            with said(self.target):
                rest = memoryview(piece)
                while rest:
                    rest = rest[self.file.write(rest) :]
        except BaseException:
            if self.takes_back:
                with suppress(OSError):
                    os.ftruncate(self.file.fileno(), self.end)
            raise
        self.end += len(piece)


@contextmanager
def writing(target: Path, inputs: Iterable[Path] = ()) -> Iterator[Unfinished]:
    """Open a result; it is put in its place only when the block has ended without an error.

    Parameters
    ----------
    target : Path
        ``-``, or the file of standard output, is written directly.
    inputs : iterable of Path
        What is read; none of it may be the target.

    Raises
    ------
    OutputError
        ``output_is_input``, ``output_folder`` or ``output_failed``.
    """
    place = place_of(target, inputs)
    if place is None:
        with direct(target) as file:
            yield file
        return
    with said(target):
        beside, raw = open_beside(place, place.suffix)
    try:
        with raw:
            yield Unfinished(raw, target, True)
        put(beside, place, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def direct(target: Path) -> Iterator[Unfinished]:
    """Open what cannot be replaced at the end: standard output, a pipe or a device, which have no content to lose."""
    if _is_standard_output(target):
        sys.stdout.flush()
        buffer: Any = sys.stdout.buffer  # the interface of a text file does not include its raw file
        yield Unfinished(getattr(buffer, "raw", buffer), target, False)
        return
    with said(target):
        file = target.open("wb", buffering=0)
    with file:
        yield Unfinished(file, target, False)


def put(beside: Path, place: Path, target: Path) -> None:
    """Replace a result by a complete one, which is on the disk before the old one is gone; rights stay as they were."""
    with said(target):
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)


def write_file(target: Path, content: bytes, inputs: Iterable[Path] = ()) -> None:
    """Write a whole result at once; raises as `writing`."""
    with writing(target, inputs) as file:
        file.write(content)


def place_of(target: Path, inputs: Iterable[Path] = ()) -> Path | None:
    """Return the real path of a file to be replaced, None for what is written directly; raises as `writing`."""
    if _is_standard_output(target):
        return None
    place = _checked(target, inputs)
    return None if place.exists() and not place.is_file() else place


def named(text: str) -> Path:
    """Return the path of a result that a person has typed.

    Raises
    ------
    OutputError
        ``output_folder`` if it is empty or a folder; a path would no longer tell that it ended in a slash.
    """
    if not text:
        raise OutputError("output_folder", "The name of the output is empty; name a file.")
    if text.endswith(("/", os.sep)) or Path(text).is_dir():
        raise _folder(text)
    return Path(text)


def check_target(target: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise what `writing` would raise before any work is done."""
    place_of(target, inputs)


def kept(error: BaseException) -> str | None:
    """Return the name under which finished rows were kept, if any were, see `growing`."""
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
        raise _folder(target)
    if not place.parent.is_dir():
        raise OutputError("output_folder", f"{name}: there is no folder {printable(place.parent)}; create it first.")
    if place.exists() and any(_same(place, path) for path in inputs):
        raise OutputError("output_is_input", f"{name} is also read and would be overwritten; name another file.")
    return place


def _folder(target: Path | str) -> OutputError:
    return OutputError("output_folder", f"{printable(target)} is a folder; name a file in it.")


def _same(place: Path, path: Path) -> bool:
    try:
        return path.samefile(place)
    except OSError:
        return False


def unfinished(place: Path, suffix: str, number: int) -> Path:
    """Return the name of a result's unfinished file; there are several where earlier ones were left."""
    mark = "unfinished" if number == 1 else f"unfinished-{number}"
    return place.with_name(f"{place.stem}.{mark}{suffix}")


def open_beside(place: Path, suffix: str) -> tuple[Path, FileIO]:
    """Open a file that did not exist; earlier unfinished ones are left alone."""
    number = 1
    while True:
        beside = unfinished(place, suffix, number)
        try:
            return beside, beside.open("xb", buffering=0)
        except FileExistsError:
            number += 1


@contextmanager
def said(target: Path) -> Iterator[None]:
    """Name the target in errors in which the system names no file, for example when a disk is full."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "Standard output" if target == STANDARD_OUTPUT else printable(target)
        raise OutputError("output_failed", f"{name} cannot be written: {error.strerror}.") from error
