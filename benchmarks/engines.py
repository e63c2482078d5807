"""ONNX Runtime, which serves the bundle, compared with TensorFlow and LiteRT: start, memory, and time to an answer.

    python -m benchmarks.engines [--repeats 20] [--starts 3] [--bundle FOLDER]

Each engine runs in a separate process. All stay alive and answer in turn, so that other work on the machine slows all
of them alike: the ratios are more reliable than the milliseconds. An answer is logits and feature maps, from which
probabilities and the heat maps of all classes follow. LiteRT is measured where ``pip install ai-edge-litert`` was done;
its file is made for the occasion.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.memory import peak_bytes
from model.card import Card, bundle_folder, load_card
from model.errors import LesionscopeError
from model.network.engines import INPUT, NAMES, TENSORFLOW
from model.photo.image import read_file, read_photo
from model.predict import open_engine
from model.preprocess import to_tensor

LITERT = "litert"
WARM_UP = 2  # calls that are not counted
ROOT = Path(__file__).resolve().parents[1]
Call = Callable[[np.ndarray], object]


@dataclass(frozen=True)
class Cost:
    """The cost of one engine: seconds from process start to ready, peak bytes, seconds to an answer (medians)."""

    ready: float
    peak: int
    answer: float


def engine_call(card: Card, name: str, litert: Path) -> Call:
    """Return the function that answers a photo with one engine; ``litert`` is the file that LiteRT reads."""
    if name != LITERT:
        engine = open_engine(card, name)
        return lambda photo: engine.run(photo, features=True)
    from ai_edge_litert.interpreter import Interpreter

    # LiteRT uses one thread by default; the other engines use every core
    runner = Interpreter(model_path=str(litert), num_threads=os.cpu_count()).get_signature_runner()
    return lambda photo: runner(**{INPUT: photo})


def write_litert(bundle: Path, path: Path) -> None:
    """Write the bundle's network for LiteRT, for one photo at a time."""
    import tensorflow as tf

    from model.network.keras_engine import load_network, served_function

    card = load_card(bundle)
    network = load_network(card)
    owner, forward = tf.Module(), served_function(card, network)
    owner.weights = [variable.value for variable in network.variables]  # else they are left unset in the file
    one = tf.TensorSpec((1, card.size, card.size, 3), tf.float32, name=INPUT)
    owner.answer = tf.function(forward.python_function, input_signature=[one])
    path.write_bytes(
        tf.lite.TFLiteConverter.from_concrete_functions([owner.answer.get_concrete_function()], owner).convert()
    )


def work(name: str, bundle: Path, litert: Path) -> None:
    """Load one engine, print that it is ready, answer the golden photo for each input line, and print the peak."""
    card = load_card(bundle)
    call = engine_call(card, name, litert)
    call(np.zeros((1, card.size, card.size, 3), np.float32))
    print("ready", flush=True)
    photo = to_tensor(read_photo(read_file(bundle / "golden" / "photo.png")).pixels, card.size)
    for _ in sys.stdin:
        start = time.perf_counter()
        call(photo)
        print(time.perf_counter() - start, flush=True)
    print(peak_bytes(), flush=True)


class Worker:
    """A process with one engine; ``ready`` is how many seconds it took to start and load."""

    def __init__(self, name: str, bundle: Path, litert: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.engines", "--worker", name]
        folders = ["--bundle", str(bundle.resolve()), "--litert", str(litert.resolve())]
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed with the process
        start = time.perf_counter()
        self._process = subprocess.Popen(
            command + folders, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
        )  # fmt: skip
        self._line()
        self.ready = time.perf_counter() - start

    def answer(self) -> float:
        """Return how many seconds one answer took."""
        print(file=self._process.stdin, flush=True)
        return float(self._line())

    def finish(self) -> int:
        """End the process and return its peak memory in bytes."""
        self._process.stdin.close()
        peak = int(self._line())
        self._process.stdout.close()
        self._process.wait()
        self._complaints.close()
        return peak

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._complaints.seek(0)
            said = self._complaints.read().strip().splitlines() or ["it said nothing"]
            raise LesionscopeError("engine_failed", said[-1])
        return line


def measure(names: list[str], start: Callable[[str], Worker], starts: int, repeats: int) -> dict[str, Cost]:
    """Start every engine ``starts`` times, time the last ones ``repeats`` times, always in turn."""
    ready: dict[str, list[float]] = {name: [] for name in names}
    taken: dict[str, list[float]] = {name: [] for name in names}
    workers: dict[str, Worker] = {}
    for _ in range(starts):
        for name in names:
            if name in workers:
                workers.pop(name).finish()
            workers[name] = start(name)
            ready[name].append(workers[name].ready)
    for turn in range(WARM_UP + repeats):
        for name, worker in workers.items():
            seconds = worker.answer()
            if turn >= WARM_UP:
                taken[name].append(seconds)
    median = statistics.median
    return {name: Cost(median(ready[name]), workers[name].finish(), median(taken[name])) for name in names}


def table(costs: dict[str, Cost]) -> str:
    """Return the costs, each also as a share of TensorFlow's in the same run."""
    plain = costs[TENSORFLOW]
    lines = [f"{'engine':<12}{'ready s':>9}{'ratio':>7}{'peak MB':>9}{'ratio':>7}{'answer ms':>11}{'ratio':>7}"]
    lines += [
        f"{name:<12}{cost.ready:9.2f}{cost.ready / plain.ready:7.2f}{cost.peak / 1e6:9.0f}{cost.peak / plain.peak:7.2f}"
        f"{1000 * cost.answer:11.1f}{cost.answer / plain.answer:7.2f}"
        for name, cost in costs.items()
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=20, help="timed answers of each engine (default 20)")
    parser.add_argument("--starts", type=int, default=3, help="timed starts of each engine (default 3)")
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    parser.add_argument("--worker", choices=(*NAMES, LITERT), help=argparse.SUPPRESS)
    parser.add_argument("--litert", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    bundle = bundle_folder(options.bundle)
    try:
        if options.worker:
            work(options.worker, bundle, options.litert)
            return 0
        card = load_card(bundle)
        print(f"{card.release}, {card.size} px, views: {', '.join(card.views)}")
        with tempfile.TemporaryDirectory() as folder:
            names, litert = [TENSORFLOW, *sorted({*NAMES} - {TENSORFLOW})], Path(folder) / "network.tflite"
            if find_spec("ai_edge_litert"):
                write_litert(bundle, litert)
                names.append(LITERT)
            start = lambda name: Worker(name, bundle, litert)  # noqa: E731
            print(table(measure(names, start, options.starts, options.repeats)))
    except LesionscopeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
