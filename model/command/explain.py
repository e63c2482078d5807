"""The heat map of a class over a photo."""

import argparse
import sys
from pathlib import Path

from model.card import load_card
from model.command.shared import Commands, bundle_files, complain, libraries_quiet, loaded
from model.errors import OutputError, PhotoError, printable
from model.tables import output

PICTURE_ENDING = ".png"  # the one kind of picture that explain writes


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to a parser; ``shared`` has the options of all commands."""
    parser = commands.add_parser(
        "explain", parents=[shared], help="the heat map of one class over a photo, as a PNG file"
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("--class", dest="code", required=True, metavar="CODE", help="for example mel")
    parser.add_argument(
        "--output",
        type=output.named,
        default=Path("overlay.png"),
        metavar="FILE",
        help="a .png file, - for standard output (%(default)s)",
    )
    parser.add_argument("--contours", action="store_true", help="draw lines instead of filling")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the map."""
    from model import report
    from model.photo.image import read_file
    from model.scoring import abstained

    card = load_card(options.bundle)
    _check_ending(options.output)
    output.check_target(options.output, [options.photo, *bundle_files(card)])
    label = card.label(options.code.lower())
    analyser = loaded(options.bundle)
    try:
        with libraries_quiet():
            analysis = analyser.analyse(read_file(options.photo))
    except PhotoError as error:
        return complain(f"{printable(options.photo)}: {error}")
    if analysis.prediction.abstained:
        return complain(f"{printable(options.photo)}: {abstained(analysis.prediction.reason)}")
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
