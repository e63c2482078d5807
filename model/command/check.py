"""Whether the model's card agrees with its files."""

import argparse

from model.command.shared import Commands, complain, quiet


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to a parser; ``shared`` has the options of all commands."""
    parser = commands.add_parser(
        "check", parents=[shared], help="check the model's card against its files and its answers"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check the model."""
    with quiet():
        from model.check import check_bundle

        found = check_bundle(options.bundle)
    for sentence in found:
        complain(sentence)
    if not found:
        print("The card agrees with the weights, the preprocessing, the golden photo and the tables.")
    return 1 if found else 0
