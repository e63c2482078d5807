"""What the commands share: messages, the model, and quiet libraries."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from model.card import Card

if TYPE_CHECKING:  # the pipeline takes a moment to import; a mistyped option should not wait for it
    from model.pipeline import Analyser

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what a command is added to


def complain(sentence: str) -> int:
    """Write a sentence to standard error; return the exit status for an error."""
    print(sentence, file=sys.stderr)
    return 1


def number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a whole number of an option."""

    def read(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is needed, not {text!r}")
        return int(text)

    return read


def bundle_files(card: Card) -> list[Path]:
    """Return the files of a model, which no result may replace."""
    return [path for path in card.bundle_dir.rglob("*") if path.is_file()]


def loaded(bundle: Path | None, engine: str | None = None, threads: int = 0) -> "Analyser":
    """Load a model; parameters as `Analyser`."""
    with quiet():
        from model.pipeline import Analyser

        return Analyser(bundle, engine, threads)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' own messages, which no setting turns off, out of standard error."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def libraries_quiet() -> Iterator[None]:
    """Let only this program's messages through to standard error, not those of decoders."""
    program, own = sys.stderr, os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    if program is sys.__stderr__ and program is not None:
        program.flush()
        sys.stderr = own
    try:
        with quiet():
            yield
    finally:
        sys.stderr = program
        own.close()
