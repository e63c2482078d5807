"""Ends a command with one sentence when something goes wrong that its user can change."""

import errno
import functools
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

from model.errors import LesionscopeError, printable
from model.installed import need_packages

need_packages(("numpy", "pandas", "sklearn", "keras", "cv2", "tqdm"), "make train")
if os.environ.get("KERAS_BACKEND") == "torch":
    need_packages(("torch",), "python -m pip install torch")

import pandas as pd  # noqa: E402

INTERRUPTED = 130  # what shells give a program that Ctrl-C ended
UNREADABLE = (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError)


def at_least(least: float, kind: Callable[[str], float], most: float = math.inf) -> Callable[[str], float]:
    """Return a type for argparse: a finite number from ``least`` to ``most``, read by ``kind``."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most or math.isinf(value):
            raise ValueError
        return value

    read.__name__ = f"number from {least:g} on" if most == math.inf else f"number from {least:g} to {most:g}"
    return read


class TrainingError(Exception):
    """Trouble that a person can do something about; its text is the sentence that a command ends with."""


def one_sentence(main: Callable[..., int]) -> Callable[..., int]:
    """Return a command that says its trouble on standard error and returns 1, or 130 after Ctrl-C."""

    @functools.wraps(main)
    def told(*arguments, **options) -> int:
        if Path(sys.argv[0]).name == "__main__.py":  # argparse would call the command so
            sys.argv[0] = f"python -m {main.__module__.rpartition('.')[0]}"
        try:
            return main(*arguments, **options)
        except (LesionscopeError, TrainingError) as error:
            return _complain(str(error))
        except UNREADABLE as error:
            return _complain(f"A table cannot be read ({_first_line(error)}); make it again, or copy it again.")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                place = f" where {printable(error.filename)} lies" if error.filename else ""
                return _complain(f"The disk is full{place}; make room, then give the same command again.")
            name = printable(error.filename) if error.filename else "A file"
            return _complain(
                f"{name}: {error.strerror or error}; check the path, its rights and the space on the disk."
            )
        except MemoryError:
            return _complain("There is not enough memory; close other programs, or use fewer images.")
        except KeyboardInterrupt:
            _complain("Stopped. What was finished is kept; the same command goes on from there where it can.")
            return INTERRUPTED

    return told


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1
