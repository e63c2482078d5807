"""Assess photos without the page.

python -m model score PATH... --output predictions.csv
python -m model explain PHOTO --class mel --output overlay.png
python -m model check
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from model.card import Card
from model.errors import ContractError, LesionscopeError, PhotoError
from model.patient import UNKNOWN, Patient, read_patients

COLUMNS = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")  # as the ISIC 2018 challenge orders them
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".mpo", ".gif")
DIGITS = 9  # after the point; seven of them add up to 1 within a few billionths


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 well, 1 trouble that was named on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except LesionscopeError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    commands = parser.add_subparsers(required=True)
    score = commands.add_parser("score", parents=[shared], help="calibrated probabilities of photos, as a CSV file")
    score.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photos, or folders of photos")
    score.add_argument("--output", type=Path, default=Path("predictions.csv"))
    score.add_argument(
        "--patients",
        type=Path,
        help="CSV: image (a photo's name without its ending), age (years), sex (female or male), site (head, trunk, "
        "upper, lower, or acral for palms and soles); empty where unknown",
    )
    score.set_defaults(run=_score)
    explain = commands.add_parser(
        "explain", parents=[shared], help="the heat map of one class over a photo, as a PNG file"
    )
    explain.add_argument("photo", type=Path)
    explain.add_argument("--class", dest="code", required=True, metavar="CODE", help="for example mel")
    explain.add_argument("--output", type=Path, default=Path("overlay.png"))
    explain.add_argument("--contours", action="store_true", help="draw lines instead of filling")
    explain.set_defaults(run=_explain)
    check = commands.add_parser(
        "check", parents=[shared], help="hold the model's card against its files and its answers"
    )
    check.set_defaults(run=_check)
    return parser


def _score(options: argparse.Namespace) -> int:
    photos, complaints = _distinct(list(_photos(options.paths)))
    for complaint in complaints:
        _complain(complaint)
    if not photos:
        return _complain("There is no photo to score; name photos or folders that hold some.")
    from model.pipeline import informed

    analyser = _analyser(options.bundle)
    patients = _patients(options.patients, analyser.card) if options.patients else {}
    unused = sorted(set(patients) - {photo.stem for photo in photos})
    if unused:
        _complain(f"{options.patients} names {len(unused):,} images that are not scored here, {unused[0]} first.")
    order = [analyser.card.codes.index(analyser.card.label(code.lower()).code) for code in COLUMNS]
    failures = len(complaints)
    with options.output.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("image", *COLUMNS))
        for scored in tqdm(analyser.score(photos), total=len(photos), unit="photo", file=sys.stderr):
            reason = scored.error or (scored.prediction.abstained and _abstained(scored.prediction.reason))
            if reason:
                failures += 1
                tqdm.write(f"{scored.path}: {reason}", file=sys.stderr)
                continue
            told = informed(scored.prediction, patients.get(scored.path.stem, UNKNOWN), analyser.card)
            row = (f"{told.probabilities[index]:.{DIGITS}f}" for index in order)
            table.writerow((scored.path.stem, *row))
    return 1 if failures else 0


def _patients(path: Path, card: Card) -> dict[str, Patient]:
    if card.effects is None:
        raise ContractError("no_patient", "This model takes a photo alone; leave out --patients.")
    return read_patients(path, card.effects)


def _abstained(reason: str) -> str:
    sentences = {"blank": "The photo shows an even surface without a lesion, so it has no answer."}
    return sentences.get(reason, f"The model gives no answer ({reason}).")


def _photos(paths: list[Path]) -> Iterator[Path]:
    """Yield files as they are named, and the photos of folders, at any depth, in the order of their names."""
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix.lower() in PHOTO_ENDINGS and file.is_file())
            yield from sorted(inside)
        else:
            yield path


def _distinct(photos: list[Path]) -> tuple[list[Path], list[str]]:
    """Keep the first photo of each name, since rows are told apart by it; return what to complain about."""
    first: dict[str, Path] = {}
    complaints = []
    for photo in photos:
        earlier = first.setdefault(photo.stem, photo)
        if earlier.resolve() != photo.resolve():
            complaints.append(f"{photo}: not scored, its row would carry the same name as {earlier}; rename one.")
    return list(first.values()), complaints


def _explain(options: argparse.Namespace) -> int:
    from model import report
    from model.image import read_file

    analyser = _analyser(options.bundle)
    name = analyser.card.label(options.code).name
    try:
        analysis = analyser.analyse(read_file(options.photo))
    except PhotoError as error:
        return _complain(f"{options.photo}: {error}")
    if analysis.prediction.abstained:
        return _complain(f"{options.photo}: {_abstained(analysis.prediction.reason)}")
    options.output.write_bytes(report.overlay_png(analysis, options.code, contours=options.contours))
    if not analysis.explanations[options.code].informative:
        print(f"Nothing in this photo speaks for {name}; the picture shows the photo alone.")
    return 0


def _check(options: argparse.Namespace) -> int:
    with _quiet():
        from model.check import check_bundle

        found = check_bundle(options.bundle)
    for sentence in found:
        _complain(sentence)
    if not found:
        print("The card agrees with the weights, the preprocessing, the golden photo and the tables.")
    return 1 if found else 0


def _analyser(bundle: Path | None):
    with _quiet():
        from model.pipeline import Analyser  # seconds; a mistyped option should not have to wait for it

        return Analyser(bundle)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's start-up remarks, which no setting turns off, away from standard error."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
