"""Assess photos without the page.

python -m model score PATH... --output predictions.csv
python -m model explain PHOTO --class mel --output overlay.png
python -m model check
python -m model serve --port 8600
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model.installed import need_packages

need_packages()  # otherwise a system's own Python fails at the next line with a traceback

from model.answer.patient import Patient  # noqa: E402
from model.card import Card, load_card  # noqa: E402
from model.errors import LesionscopeError, OutputError, PhotoError, printable  # noqa: E402
from model.scoring import RULES  # noqa: E402
from model.tables import output  # noqa: E402

INTERRUPTED = 130  # the exit status that shells give after Ctrl-C
PICTURE_ENDING = ".png"  # the one kind of picture that explain writes


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for success, 1 for an error, which is written to standard error."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except LesionscopeError as error:
        return _complain(f"{error}{_kept(error)}")
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        return _complain(f"{printable(error.filename or 'A file')}: {error.strerror or error}.{_kept(error)}")
    except MemoryError as error:
        return _complain(f"There is not enough memory; close other programs or score fewer photos.{_kept(error)}")
    except KeyboardInterrupt as error:
        _complain(f"Stopped.{_kept(error)}")
        return INTERRUPTED


def _kept(error: BaseException) -> str:
    name = output.kept(error)
    return f" The rows that were finished are in {name}." if name else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    commands = parser.add_subparsers(required=True)
    score = commands.add_parser("score", parents=[shared], help="calibrated probabilities of photos, as a CSV file")
    score.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photos, or folders of photos")
    score.add_argument(
        "--output", type=Path, default=Path("predictions.csv"), help="the table, - for standard output (%(default)s)"
    )
    score.add_argument(
        "--patients",
        type=Path,
        help="CSV: image (a photo's name), age (years), sex (female or male), site (head, trunk, upper, lower, or "
        "acral for palms and soles, or the ISIC Archive's names); empty where unknown",
    )
    score.add_argument(
        "--decision", choices=RULES, help="add a column that names one diagnosis of the photo alone, by this rule"
    )
    score.add_argument(
        "--answer-all",
        action="store_true",
        help="answer photos unlike those that the model was tested on too, and say in a column which they are",
    )
    score.set_defaults(run=_score)
    explain = commands.add_parser(
        "explain", parents=[shared], help="the heat map of one class over a photo, as a PNG file"
    )
    explain.add_argument("photo", type=Path)
    explain.add_argument("--class", dest="code", required=True, metavar="CODE", help="for example mel")
    explain.add_argument(
        "--output", type=Path, default=Path("overlay.png"), help="a .png file, - for standard output (%(default)s)"
    )
    explain.add_argument("--contours", action="store_true", help="draw lines instead of filling")
    explain.set_defaults(run=_explain)
    check = commands.add_parser(
        "check", parents=[shared], help="check the model's card against its files and its answers"
    )
    check.set_defaults(run=_check)
    serve = commands.add_parser(
        "serve",
        parents=[shared],
        help="answer photos that other programs send over HTTP, without authentication",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    serve.add_argument("--port", type=_number(0, 65535), default=8600, help="0 takes a free one")
    serve.add_argument("--queue", type=_number(0, 1000), default=16, help="requests that may wait; more get status 503")
    serve.add_argument("--workers", type=_number(1, 64), default=1, help="photos computed at once")
    serve.set_defaults(run=_serve)
    return parser


def _number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a whole number of an option."""

    def read(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is needed, not {text!r}")
        return int(text)

    return read


def _score(options: argparse.Namespace) -> int:
    from model import scoring
    from model.photo import folders

    found = folders.find_all(options.paths)
    distinct, complaints = scoring.distinct(found)
    for complaint in complaints:
        _complain(complaint)
    if not distinct:
        return _complain("There is no photo to score; name photos or folders that contain photos.")
    card = load_card(options.bundle)
    read = [*distinct, *([options.patients] if options.patients else []), *_bundle_files(card)]
    output.check_target(options.output, read)
    scoring.check_rule(card, options.decision)
    patients: dict[Path, Patient] = {}
    if options.patients:
        patients, remarks = scoring.known_patients(options.patients, distinct, card)
        for remark in remarks:
            _complain(remark)
    wanted = scoring.Wanted(options.decision, options.answer_all)
    analyser = _analyser(options.bundle)
    with _libraries_quiet():
        failures = scoring.score(analyser, distinct, patients, options.output, wanted)
    if found.others:
        _complain(f"Files skipped because they are no pictures: {found.others:,}.")
    return 1 if failures or complaints else 0


def _bundle_files(card: Card) -> list[Path]:
    return [path for path in card.bundle_dir.rglob("*") if path.is_file()]


def _explain(options: argparse.Namespace) -> int:
    from model import report
    from model.photo.image import read_file
    from model.scoring import abstained

    card = load_card(options.bundle)
    _check_ending(options.output)
    output.check_target(options.output, [options.photo, *_bundle_files(card)])
    label = card.label(options.code.lower())
    analyser = _analyser(options.bundle)
    try:
        with _libraries_quiet():
            analysis = analyser.analyse(read_file(options.photo))
    except PhotoError as error:
        return _complain(f"{printable(options.photo)}: {error}")
    if analysis.prediction.abstained:
        return _complain(f"{printable(options.photo)}: {abstained(analysis.prediction.reason)}")
    picture = report.overlay_png(analysis, label.code, contours=options.contours)
    output.write_file(options.output, picture, [options.photo])
    if not analysis.explanations[label.code].informative:
        said = sys.stderr if options.output == output.STANDARD_OUTPUT else sys.stdout
        print(f"Nothing in this photo is evidence for {label.name}; the picture shows only the photo.", file=said)
    return 0


def _check_ending(target: Path) -> None:
    streamed = target == output.STANDARD_OUTPUT or (target.exists() and not target.is_file())
    if not streamed and target.suffix.lower() != PICTURE_ENDING:
        name = printable(target)
        raise OutputError("output_ending", f"{name}: a PNG picture is written; name a file that ends in .png.")


def _check(options: argparse.Namespace) -> int:
    with _quiet():
        from model.check import check_bundle

        found = check_bundle(options.bundle)
    for sentence in found:
        _complain(sentence)
    if not found:
        print("The card agrees with the weights, the preprocessing, the golden photo and the tables.")
    return 1 if found else 0


def _serve(options: argparse.Namespace) -> int:
    from model import serve

    serve.need_extra()
    with serve.open_door(options.host, options.port) as door:
        analyser = _analyser(options.bundle)
        model = f"{analyser.card.model_id} {analyser.card.version}"
        print(f"{model} answers at {serve.address(door)}; Ctrl-C ends it.", flush=True)
        with _libraries_quiet():
            serve.serve(door, analyser, options.queue, options.workers)
    return 0


def _analyser(bundle: Path | None):
    with _quiet():
        from model.pipeline import Analyser  # takes a moment; a mistyped option should not wait for it

        return Analyser(bundle)


@contextmanager
def _quiet() -> Iterator[None]:
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
def _libraries_quiet() -> Iterator[None]:
    """Let only this program's messages through to standard error, not those of decoders."""
    program, own = sys.stderr, os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    if program is sys.__stderr__ and program is not None:
        program.flush()
        sys.stderr = own
    try:
        with _quiet():
            yield
    finally:
        sys.stderr = program
        own.close()


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def run() -> int:
    """Run as a program: a second Ctrl-C while the first one is handled gives no traceback."""
    status = main()
    if status == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return status


if __name__ == "__main__":
    raise SystemExit(run())
