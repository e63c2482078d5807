"""Assess photos without the page.

python -m model score PATH... --output predictions.csv
python -m model explain PHOTO --class mel --output overlay.png
python -m model check
python -m model serve --port 8600
"""

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path

from model.installed import need_packages

need_packages()  # otherwise a system's own Python fails at the next line with a traceback

from model.command import check, explain, score, serve  # noqa: E402
from model.command.score import RESUME, RETRY  # noqa: E402
from model.command.shared import complain  # noqa: E402
from model.errors import LesionscopeError, printable  # noqa: E402
from model.tables import output  # noqa: E402

INTERRUPTED = 130  # the exit status that shells give after Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for success, 1 for an error, which is written to standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except LesionscopeError as error:
        return complain(f"{error}{_kept(error, arguments)}")
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        name = printable(error.filename or "A file")
        return complain(f"{name}: {error.strerror or error}.{_kept(error, arguments)}")
    except MemoryError as error:
        return complain(f"There is not enough memory; close other programs.{_kept(error, arguments)}")
    except KeyboardInterrupt as error:
        complain(f"Stopped.{_kept(error, arguments)}")
        return INTERRUPTED


def _kept(error: BaseException, arguments: list[str]) -> str:
    """Say where finished rows are and which command goes on from there; nothing if there are none."""
    name = output.kept(error)
    command = shlex.join([*(word for word in arguments if word not in (RESUME, RETRY)), RESUME])
    return f" The rows that were finished are in {name}. Go on with: python -m model {command}" if name else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    commands = parser.add_subparsers(required=True)
    for command in (score, explain, check, serve):
        command.add(commands, shared)
    return parser


def run() -> int:
    """Run as a program: a second Ctrl-C while the first one is handled gives no traceback."""
    status = main()
    if status == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return status


if __name__ == "__main__":
    raise SystemExit(run())
