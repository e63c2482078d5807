"""Photos a second of `python -m model score`, compared with batches in TensorFlow, as before release 1.9.

    python -m benchmarks.throughput [--photos 200] [--bundle FOLDER]

Photos are synthetic lesions of 600 x 450 pixels in JPEG files. Both ways answer the same files in turn, three times
each; the ratio is more reliable than the photos per second.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.speed import jpeg
from model.network.engines import TENSORFLOW
from model.photo.image import read_file, read_photo
from model.photo.parallel import cores
from model.pipeline import Analyser
from model.predict import Classifier
from model.preprocess import to_tensor

BATCH, READERS = 32, 2  # of the former way
ROUNDS = 3


def former_way(classifier: Classifier, photos: list[Path]) -> int:
    """Answer photos as before release 1.9: batches of 32 in TensorFlow, the next one read by two threads meanwhile.

    Gate and notes follow from all feature maps, as they did then.
    """
    answered, card = 0, classifier.card
    size = card.size
    read = lambda path: to_tensor(read_photo(read_file(path)).pixels, size)  # noqa: E731
    with ThreadPoolExecutor(READERS) as pool:
        batches = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
        coming = [pool.submit(read, path) for path in batches[0]]
        for following in [*batches[1:], []]:
            tensors = [future.result() for future in coming]
            coming = [pool.submit(read, path) for path in following]
            views = np.concatenate(tensors)
            raw = classifier.run(views)
            answered += len(classifier.predictions(raw.logits))
            if card.gate:
                card.gate.score(raw.features.mean(axis=(1, 2)))
            for view, maps in zip(views, raw.features, strict=True):
                view.std(axis=(0, 1))  # whether it shows anything
                if card.gauges:
                    card.gauges.measure(view.astype(np.uint8), size, maps.mean(axis=(0, 1)))
    return answered


def measure(ways: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Return the median photos a second of each way, all of them run in turn."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            answered = way()
            rates[name].append(answered / (time.perf_counter() - start))
    return {name: statistics.median(found) for name, found in rates.items()}


def table(rates: dict[str, float]) -> str:
    """Return photos a second, each also as a multiple of the first way."""
    first = next(iter(rates.values()))
    lines = [f"{'way':<40}{'photos a second':>16}{'ratio':>7}{'1 million, core-hours':>23}"]
    for name, rate in rates.items():
        lines.append(f"{name:<40}{rate:16.1f}{rate / first:7.2f}{1e6 / rate / 3600 * cores():23.0f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    options = parser.parse_args(arguments)
    former = Classifier.load(options.bundle, TENSORFLOW)
    served = Analyser(options.bundle, threads=1)
    content = jpeg(600, 450)
    with tempfile.TemporaryDirectory() as folder:
        photos = [Path(folder) / f"{number}.jpg" for number in range(options.photos)]
        for photo in photos:
            photo.write_bytes(content)
        ways: dict[str, Callable[[], int]] = {
            "TensorFlow, batches of 32": lambda: former_way(former, photos),
            "served, one photo on each core": lambda: sum(1 for _ in served.score(photos)),
        }
        print(f"{cores()} cores, {options.photos} photos")
        print(table(measure(ways)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
