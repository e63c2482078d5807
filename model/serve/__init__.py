"""An HTTP service for other programs: one photo in, its answer as JSON out. Its packages are an optional extra."""

import signal
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from model.errors import LesionscopeError

if TYPE_CHECKING:  # the pipeline takes a moment to import
    import uvicorn

    from model.pipeline import Analyser

REQUIREMENTS = "model/serve/requirements.txt"
NEEDED = ("fastapi", "uvicorn", "h11", "starlette", "python_multipart")  # by the names that code imports
FINISHING = 30  # seconds that requests get after the service was told to end


def need_extra() -> None:
    """Raise LesionscopeError, which says how to install them, if packages of the extra are missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise LesionscopeError(
            "no_serve_packages",
            f"The package {missing[0]} is missing; run `{sys.executable} -m pip install -r {REQUIREMENTS}` once.",
        )


def open_door(host: str, port: int) -> socket.socket:
    """Return a socket that listens; with port 0, at a free one.

    Raises
    ------
    LesionscopeError
        If this cannot be, for example because another program listens there.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]  # Python adds the address once more
        raise LesionscopeError("no_port", f"{host}, port {port}: {reason}; choose another with --port.") from None


def address(door: socket.socket) -> str:
    """Return the address that programs send photos to."""
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(door: socket.socket, analyser: "Analyser", queue: int, workers: int) -> None:
    """Answer what comes in at a socket until SIGTERM, which is status 0, or Ctrl-C; what has begun is finished.

    Parameters
    ----------
    door : socket
        From `open_door`.
    analyser, queue, workers
        As `server`.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server raises it again when it has ended
    try:
        server(analyser, queue, workers).run(sockets=[door])
    finally:
        signal.signal(signal.SIGTERM, before)


def server(analyser: "Analyser", queue: int, workers: int) -> "uvicorn.Server":
    """Return the server: at most ``queue`` requests wait while ``workers`` photos are computed."""
    import uvicorn

    from model.serve.app import service
    from model.serve.connection import Connection

    config = uvicorn.Config(
        service(analyser, queue, workers),
        access_log=False,  # its lines contain age, sex and site
        log_config=None,
        log_level="warning",
        http=Connection,
        ws="none",
        timeout_graceful_shutdown=FINISHING,
    )
    return uvicorn.Server(config)
