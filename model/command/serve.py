"""An HTTP service for other programs."""

import argparse

from model.command.shared import Commands, libraries_quiet, loaded, number


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to a parser; ``shared`` has the options of all commands."""
    parser = commands.add_parser(
        "serve",
        parents=[shared],
        help="answer photos that other programs send over HTTP, without authentication",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=number(0, 65535), default=8600, help="0 takes a free one")
    parser.add_argument("--queue", type=number(0, 1000), default=16, help="requests that may wait; more get status 503")
    parser.add_argument("--workers", type=number(1, 64), default=1, help="photos computed at once")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until the service is told to end."""
    from model import serve

    serve.need_extra()
    with serve.open_door(options.host, options.port) as door:
        analyser = loaded(options.bundle)
        model = analyser.card.release
        print(f"{model} answers at {serve.address(door)}; Ctrl-C ends it.", flush=True)
        with libraries_quiet():
            serve.serve(door, analyser, options.queue, options.workers)
    return 0
