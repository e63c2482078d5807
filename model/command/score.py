"""Many photos into a table."""

import argparse
from functools import partial
from itertools import chain
from pathlib import Path

from model import scoring
from model.answer.patient import Patient
from model.card import Card, load_card
from model.command.shared import Commands, bundle_files, complain, libraries_quiet, loaded, number
from model.errors import ContractError, OutputError, printable
from model.network import engines
from model.photo import archives, folders, sources
from model.scoring import RULES, Scorer, Wanted
from model.tables import growing, output

RESUME, RETRY = "--resume", "--retry"


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to a parser; ``shared`` has the options of all commands."""
    parser = commands.add_parser("score", parents=[shared], help="calibrated probabilities of photos, as a table")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="photos, folders of photos, or ZIP archives of photos")
    parser.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="a text file of paths, one a line, also in quotation marks; - to pipe it",
    )
    parser.add_argument(
        "--output",
        type=output.named,
        metavar="FILE",
        help="the table, - for standard output (predictions.csv or predictions.parquet); photos have their exact "
        "names, so a spreadsheet may take one that begins with = + - or @ for a formula",
    )
    parser.add_argument("--format", choices=growing.FORMATS, help="default: by the ending of --output, else csv")
    parser.add_argument(RESUME, action="store_true", help="go on with the unfinished table that a stopped run has left")
    parser.add_argument(RETRY, action="store_true", help=f"as {RESUME}, and photos without a row are tried again")
    parser.add_argument("--engine", choices=engines.NAMES, help="what runs the network (default: what the model has)")
    parser.add_argument(
        "--workers",
        type=number(1, 1024),
        default=0,
        metavar="N",
        help="photos at once (default: cores and one more)",
    )
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="spread over the machines of a Ray cluster; local is this computer alone"
    )
    parser.add_argument(
        "--patients",
        type=Path,
        help="CSV: image (a photo's name), age (years), sex (female or male), site (head, trunk, upper, lower, or "
        "acral for palms and soles, or the ISIC Archive's names); empty where unknown",
    )
    parser.add_argument(
        "--decision", choices=RULES, help="add a column that names one diagnosis of the photo alone, by this rule"
    )
    parser.add_argument(
        "--answer-all",
        action="store_true",
        help="answer photos unlike those that the model was tested on too, and say in a column which they are",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Score photos."""
    named = growing.PARQUET if options.output and options.output.suffix.lower() == f".{growing.PARQUET}" else None
    kind = options.format or named or growing.CSV
    target = options.output or Path(f"predictions.{kind}")
    found = sources.find_all(chain(options.paths, sources.listed(options.list) if options.list else ()))
    places, complaints = scoring.distinct(found)
    for complaint in complaints:
        complain(complaint)
    if not places:
        return complain("There is no photo to score; name photos, or folders or ZIP archives that contain photos.")
    card = load_card(options.bundle)
    also_read = [path for path in (options.patients, options.list) if path]
    read = [*map(Path, {place.path for place in places}), *also_read, *bundle_files(card)]
    output.check_target(target, read)
    _check_not_photos(target)
    scoring.check_rule(card, options.decision)
    patients: dict[str, Patient] = {}
    if options.patients:
        patients, remarks = scoring.known_patients(options.patients, places, card)
        for remark in remarks:
            complain(remark)
    wanted = Wanted(options.decision, options.answer_all)
    engine = options.engine or engines.default_engine(card)
    made_with = scoring.made_with(card, wanted, engine, options.patients)
    layout = growing.Layout(target, wanted.header, made_with, kind)
    with growing.growing(layout, read, options.resume or options.retry, options.retry) as table:
        scorer = _scorer(options, card, engine, wanted)
        with libraries_quiet():
            failures = scoring.score(places, patients, table, scorer)
    if not table.images:
        kept = "" if target == output.STANDARD_OUTPUT else f", so {printable(target)} was not written"
        complain(f"No photo was scored{kept}.")
    if found.others:
        complain(f"Files skipped because they are no pictures: {found.others:,}.")
    return 1 if failures or complaints else 0


def _check_not_photos(target: Path) -> None:
    """Refuse to write a table over photos: a mistyped name must not cost them."""
    if not target.is_file():
        return
    with target.open("rb") as file:
        head = file.read(folders.HEAD_BYTES)
    if folders.starts_as_photo(head) or head.startswith(archives.SIGNATURES):
        name = printable(target)
        raise OutputError("output_is_photo", f"{name} is a photo or an archive, not a table; name another file.")


def _scorer(options: argparse.Namespace, card: Card, engine: str, wanted: Wanted) -> Scorer:
    if options.ray:
        try:
            from model.cluster import spread
        except ModuleNotFoundError:
            needs = "model/cluster/requirements.txt"
            raise ContractError("no_ray", f"--ray needs more packages: python -m pip install -r {needs}") from None
        return spread.Cluster(options.ray, options.workers, card.bundle_dir, engine, wanted).lines
    analyser = loaded(options.bundle, engine, threads=1)  # each photo at once has its own core
    return partial(scoring.lines, analyser, wanted=wanted, workers=options.workers)
