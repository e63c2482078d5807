"""The same lines as `scoring.lines`, made by Ray Data on many machines.

Each worker loads the model once and scores one photo at a time on a core of its own. All machines must see the photos
and this folder of code under the same paths. What a lost worker had in hand is done again by another one.
"""

import logging
import os
import pickle
import re
import socket
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import ray
import ray.data

from model.errors import LesionscopeError
from model.scoring import Line, Task, Wanted, lines

ROOT = Path(__file__).resolve().parents[2]
PHOTOS_A_PIECE = 16  # one after another on one worker; what is done again if the worker is lost
RETRIES = 5  # of one piece; a photo that ends each worker must not be tried for ever
SECONDS_TO_ANSWER = 10.0
TASKS, LINES = "tasks", "lines"  # columns of the pieces, pickled


@dataclass(frozen=True)
class Cluster:
    """How photos are scored on a Ray cluster.

    Parameters
    ----------
    address : str
        Of the cluster, as in `ray.init`; ``local`` starts one on this computer and stops it at the end.
    workers : int
        How many at once; 0 for one on each core of the cluster.
    bundle : Path
        Folder of the model, the same on all machines.
    engine : str
        Of `engines.NAMES`.
    wanted : Wanted
        Further columns.
    """

    address: str
    workers: int
    bundle: Path
    engine: str
    wanted: Wanted

    def lines(self, tasks: Iterable[Task]) -> Generator[Line, None, None]:
        """Score photos; yields a line for each task, in their order, as pieces of the work are finished.

        Raises
        ------
        LesionscopeError
            ``ray`` if there is no such cluster, or its workers cannot load the model.
        """
        pieces = [{TASKS: piece} for piece in _pieces(tasks)]
        if not pieces:
            return
        _check_reachable(self.address)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anybody
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # Ray's messages; the table may go there
            yield from self._connected(pieces)

    def _connected(self, pieces: list[dict[str, bytes]]) -> Iterator[Line]:
        try:
            ray.init(
                self.address,
                num_cpus=(self.workers or None) if self.address == "local" else None,
                include_dashboard=False if self.address == "local" else None,
                runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            yield from self._scored(pieces)
        except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise LesionscopeError("ray", f"The Ray cluster {self.address} cannot do it: {reason}") from None
        finally:
            ray.shutdown()

    def _scored(self, pieces: list[dict[str, bytes]]) -> Iterator[Line]:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are raised too
        workers = min(self.workers or int(ray.cluster_resources().get("CPU", 1)), len(pieces))
        with warnings.catch_warnings(action="ignore"):  # of names that change in later versions; this one is pinned
            scored = ray.data.from_items(pieces, override_num_blocks=len(pieces)).map_batches(
                Worker,
                fn_constructor_args=(str(self.bundle.resolve()), self.engine, self.wanted),
                batch_size=1,
                num_cpus=1,
                compute=ray.data.ActorPoolStrategy(size=workers),
                ray_remote_args_fn=lambda: {"max_task_retries": RETRIES},
            )
        for row in scored.iter_rows():
            yield from pickle.loads(row[LINES])


class Worker:
    """A process of a cluster, with a loaded model."""

    def __init__(self, bundle: str, engine: str, wanted: Wanted) -> None:
        from model.pipeline import Analyser

        self.analyser, self.wanted = Analyser(bundle, engine, threads=1), wanted

    def __call__(self, pieces: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        """Score the tasks of some pieces."""
        return {LINES: [pickle.dumps(self._lines(pickle.loads(piece))) for piece in pieces[TASKS]]}

    def _lines(self, tasks: list[Task]) -> list[Line]:
        with closing(lines(self.analyser, tasks, self.wanted, workers=1)) as answers:
            return list(answers)


def _check_reachable(address: str) -> None:
    """Raise LesionscopeError if nobody answers at ``HOST:PORT``, for which Ray itself would wait for minutes."""
    found = re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address)
    try:
        if found:
            socket.create_connection((found[1], int(found[2])), SECONDS_TO_ANSWER).close()
    except (OSError, OverflowError) as error:
        raise LesionscopeError("ray", f"There is no Ray cluster at {address}: {error}.") from None


def _pieces(tasks: Iterable[Task]) -> Iterator[bytes]:
    waiting = (task._replace(place=task.place.absolute()) for task in tasks)
    while piece := list(islice(waiting, PHOTOS_A_PIECE)):
        yield pickle.dumps(piece)
