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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from model.installed import need_packages

need_packages()  # otherwise a system's own Python fails at the next line with a traceback

from model.answer.patient import Patient  # noqa: E402
from model.card import Card, load_card  # noqa: E402
from model.errors import ContractError, LesionscopeError, OutputError, PhotoError, printable  # noqa: E402
from model.network import engines  # noqa: E402
from model.scoring import RULES, Scorer, Wanted  # noqa: E402
from model.tables import growing, output  # noqa: E402

RESUME, RETRY = "--resume", "--retry"
INTERRUPTED = 130  # the exit status that shells give after Ctrl-C
PICTURE_ENDING = ".png"  # the one kind of picture that explain writes


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for success, 1 for an error, which is written to standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except LesionscopeError as error:
        return _complain(f"{error}{_kept(error, arguments)}")
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        name = printable(error.filename or "A file")
        return _complain(f"{name}: {error.strerror or error}.{_kept(error, arguments)}")
    except MemoryError as error:
        return _complain(f"There is not enough memory; close other programs.{_kept(error, arguments)}")
    except KeyboardInterrupt as error:
        _complain(f"Stopped.{_kept(error, arguments)}")
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
    score = commands.add_parser("score", parents=[shared], help="calibrated probabilities of photos, as a table")
    score.add_argument("paths", nargs="*", metavar="PATH", help="photos, folders of photos, or ZIP archives of photos")
    score.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="a text file of paths, one a line, also in quotation marks; - to pipe it",
    )
    score.add_argument(
        "--output",
        type=output.named,
        metavar="FILE",
        help="the table, - for standard output (predictions.csv or predictions.parquet); photos have their exact "
        "names, so a spreadsheet may take one that begins with = + - or @ for a formula",
    )
    score.add_argument("--format", choices=growing.FORMATS, help="default: by the ending of --output, else csv")
    score.add_argument(RESUME, action="store_true", help="go on with the unfinished table that a stopped run has left")
    score.add_argument(RETRY, action="store_true", help=f"as {RESUME}, and photos without a row are tried again")
    score.add_argument("--engine", choices=engines.NAMES, help="what runs the network (default: what the model has)")
    score.add_argument(
        "--workers",
        type=_number(1, 1024),
        default=0,
        metavar="N",
        help="photos at once (default: cores and one more)",
    )
    score.add_argument(
        "--ray", metavar="ADDRESS", help="spread over the machines of a Ray cluster; local is this computer alone"
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
        "--output",
        type=output.named,
        default=Path("overlay.png"),
        metavar="FILE",
        help="a .png file, - for standard output (%(default)s)",
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
    from model.photo import sources

    named = growing.PARQUET if options.output and options.output.suffix.lower() == f".{growing.PARQUET}" else None
    kind = options.format or named or growing.CSV
    target = options.output or Path(f"predictions.{kind}")
    found = sources.find_all(chain(options.paths, sources.listed(options.list) if options.list else ()))
    places, complaints = scoring.distinct(found)
    for complaint in complaints:
        _complain(complaint)
    if not places:
        return _complain("There is no photo to score; name photos, or folders or ZIP archives that contain photos.")
    card = load_card(options.bundle)
    also_read = [path for path in (options.patients, options.list) if path]
    read = [*map(Path, {place.path for place in places}), *also_read, *_bundle_files(card)]
    output.check_target(target, read)
    _check_not_photos(target)
    scoring.check_rule(card, options.decision)
    patients: dict[str, Patient] = {}
    if options.patients:
        patients, remarks = scoring.known_patients(options.patients, places, card)
        for remark in remarks:
            _complain(remark)
    wanted = Wanted(options.decision, options.answer_all)
    engine = options.engine or engines.default_engine(card)
    made_with = scoring.made_with(card, wanted, engine, options.patients)
    layout = growing.Layout(target, wanted.header, made_with, kind)
    with growing.growing(layout, read, options.resume or options.retry, options.retry) as table:
        scorer = _scorer(options, card, engine, wanted)
        with _libraries_quiet():
            failures = scoring.score(places, patients, table, scorer)
    if not table.images:
        kept = "" if target == output.STANDARD_OUTPUT else f", so {printable(target)} was not written"
        _complain(f"No photo was scored{kept}.")
    if found.others:
        _complain(f"Files skipped because they are no pictures: {found.others:,}.")
    return 1 if failures or complaints else 0


def _check_not_photos(target: Path) -> None:
    """Refuse to write a table over photos: a mistyped name must not cost them."""
    from model.photo import archives, folders

    if not target.is_file():
        return
    with target.open("rb") as file:
        head = file.read(folders.HEAD_BYTES)
    if folders.starts_as_photo(head) or head.startswith(archives.SIGNATURES):
        name = printable(target)
        raise OutputError("output_is_photo", f"{name} is a photo or an archive, not a table; name another file.")


def _scorer(options: argparse.Namespace, card: Card, engine: str, wanted: Wanted) -> Scorer:
    from model import scoring

    if options.ray:
        try:
            from model.cluster import spread
        except ModuleNotFoundError:
            needs = "model/cluster/requirements.txt"
            raise ContractError("no_ray", f"--ray needs more packages: python -m pip install -r {needs}") from None
        return spread.Cluster(options.ray, options.workers, card.bundle_dir, engine, wanted).lines
    threads = 0 if options.workers == 1 else 1  # with several photos at once, each has its own core
    analyser = _analyser(options.bundle, engine, threads)
    return partial(scoring.lines, analyser, wanted=wanted, workers=options.workers)


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


def _analyser(bundle: Path | None, engine: str | None = None, threads: int = 0):
    with _quiet():
        from model.pipeline import Analyser  # takes a moment; a mistyped option should not wait for it

        return Analyser(bundle, engine, threads)


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
