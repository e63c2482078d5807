"""After the four commands: measure how far each kind of heat map can be trusted.

    python -m training.faithfulness --data DATA [--bundle model/bundle] [--photos 20] [--curves 3] [--slow 1]

On photos of HAM10000's internal test with their published lesion masks: whether heat lies in the lesion, what happens
to the answer as cells appear or vanish, whether a map changes with the network, and whether it stays as it is with a
slightly changed photo. Maps that need many passes are measured on fewer photos. Those that need at most one are also
compared on validation, where a rule written down beforehand chooses the default. Writes ``results/faithfulness.csv``.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from model.maps.methods import SMOOTHGRAD
from model.predict import Classifier
from training.command import one_sentence
from training.data.splits import INTERNAL_TEST, VALIDATION
from training.faithfulness import photos as pictures
from training.faithfulness.figures import curves, looks, spearman
from training.faithfulness.judged import BASELINES, CANDIDATES, MAPS, SLOW, Map, on_grid
from training.faithfulness.photos import CHANGES, Seen, again, seen
from training.faithfulness.randomised import DEEPER, HEAD, other_head
from training.faithfulness.rows import CHEAP, RULE, earned, faithfulness_table, with_gains
from training.judging.sealing import write_tables

PHOTOS, CURVES, SLOW_PHOTOS = 20, 3, 1  # of each class
WORKERS = 2  # photos at once, the network on one core each
QUICK = {name: make for name, make in MAPS.items() if name in CHEAP}
MANY_PASSES = {name: make for name, make in MAPS.items() if name in SLOW}
CHANGED_WHERE_SLOW = ("stability, one pixel",)

Rows = Iterator[dict]
Judge = Callable[[Seen], Rows]


def row(method: str, metric: str, value: float) -> dict:
    """Return one figure of one map of a photo."""
    return {"method": method, "metric": metric, "value": value}


def each(images: pd.DataFrame, classifier: Classifier, judge: Judge, said: str) -> Rows:
    """Yield what is found on every photo, with what is known of the photo."""

    def one(image) -> list[dict]:
        known = {name: getattr(image, name) for name in ("dataset", "split", "image_id", "lesion_id", "label")}
        return [known | found for found in judge(seen(image, classifier))]

    with ThreadPoolExecutor(WORKERS) as pool:
        work = pool.map(one, images.itertuples())
        for rows in tqdm(work, total=len(images), desc=said, mininterval=20):
            yield from rows


def where(maps: dict[str, Map], classifier: Classifier) -> Judge:
    """Return what judges where maps look."""

    def judge(photo: Seen) -> Rows:
        for name, make in maps.items():
            for metric, value in looks(make(photo, classifier), photo.mask).items():
                yield row(name, metric, value)

    return judge


def what(maps: dict[str, Map], classifier: Classifier) -> Judge:
    """Return what judges what cells do to the answer."""

    def judge(photo: Seen) -> Rows:
        for name, make in maps.items():
            for metric, value in curves(make(photo, classifier), photo, classifier).items():
                yield row(name, metric, value)

    return judge


def changed(maps: dict[str, Map], classifier: Classifier, changes: Iterable[str]) -> Judge:
    """Return what judges how a map changes with a slightly changed photo and with a shuffled head."""

    def judge(photo: Seen) -> Rows:
        before = {name: make(photo, classifier) for name, make in maps.items()}
        yield from _changed(before, photo, classifier, changes)

    return judge


def _changed(before: dict[str, np.ndarray], photo: Seen, classifier: Classifier, changes: Iterable[str]) -> Rows:
    for change in changes:
        other = again(photo, CHANGES[change](photo.view, photo.name), classifier)
        for name, array in before.items():
            yield row(name, change, spearman(array, MAPS[name](other, classifier)))
    head = other_head(classifier, photo.name)
    for name, array in before.items():
        if name != SMOOTHGRAD:  # it follows the Keras file, whose head is as it was
            yield row(name, HEAD, spearman(array, MAPS[name](photo, head)))


def deeper(maps: dict[str, Map], classifier: Classifier, metric: str, other: Classifier) -> Judge:
    """Return what judges how a map changes with shuffled layers."""

    def judge(photo: Seen) -> Rows:
        forgotten = again(photo, photo.view, other)
        for name, make in maps.items():
            yield row(name, metric, spearman(make(photo, classifier), make(forgotten, other)))

    return judge


def all_of(maps: dict[str, Map], slow: dict[str, Map], classifier: Classifier) -> Judge:
    """Return what judges slow maps, and how far each pair of maps agrees."""

    def judge(photo: Seen) -> Rows:
        made = {name: make(photo, classifier) for name, make in (maps | slow).items()}
        kept: dict[str, Map] = {name: partial(_kept, made[name]) for name in slow}
        yield from where(kept, classifier)(photo)
        yield from what(kept, classifier)(photo)
        for name, array in made.items():
            for other, another in made.items():
                if name != other:
                    yield row(name, f"agreement with {other}", spearman(on_grid(array), on_grid(another)))
        yield from _changed({name: made[name] for name in slow}, photo, classifier, CHANGED_WHERE_SLOW)

    return judge


def _kept(array: np.ndarray, photo: Seen, classifier: Classifier) -> np.ndarray:
    return array


def found_on(
    images: pd.DataFrame, classifier: Classifier, photos: int, curve_photos: int, slow_photos: int
) -> Iterator[dict]:
    """Yield every figure of every map of every photo, as `faithfulness_table` takes them."""
    compared = QUICK | CANDIDATES
    validation = pictures.chosen(images, VALIDATION, curve_photos)
    yield from each(validation, classifier, what(compared, classifier), "choice, on validation")
    test = pictures.chosen(images, INTERNAL_TEST, photos)
    few = test.groupby("label").head(curve_photos)
    fewest = test.groupby("label").head(slow_photos)
    yield from each(test, classifier, where(QUICK | BASELINES, classifier), "where maps look")
    yield from each(few, classifier, changed(QUICK, classifier, CHANGES), "what changes maps")
    for metric, build in DEEPER.items():
        yield from each(few, classifier, deeper(QUICK, classifier, metric, build(classifier.card)), metric)
    baselines = {name: make for name, make in BASELINES.items() if name != "uniform"}  # its order is that of random
    yield from each(few, classifier, what(QUICK | baselines, classifier), "what cells do")
    yield from each(fewest, classifier, all_of(QUICK, MANY_PASSES, classifier), "slow maps")


def measure(
    images: pd.DataFrame, bundle: Path, photos: int = PHOTOS, curve_photos: int = CURVES, slow_photos: int = SLOW_PHOTOS
) -> pd.DataFrame:
    """Measure, write the table into the bundle and return it; numbers are of photos of each class."""
    classifier = Classifier.load(bundle, threads=1)
    found = pd.DataFrame(list(found_on(images, classifier, photos, curve_photos, slow_photos)))
    table = faithfulness_table(with_gains(found), classifier.card.codes, np.random.default_rng(2018)).round(6)
    write_tables(bundle, {"results/faithfulness.csv": table})
    return table


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the image sets")
    parser.add_argument("--bundle", type=Path, default=Path("model/bundle"))
    parser.add_argument("--photos", type=int, default=PHOTOS, help=f"of each class (default {PHOTOS})")
    parser.add_argument("--curves", type=int, default=CURVES, help=f"of these, with many passes (default {CURVES})")
    parser.add_argument(
        "--slow", type=int, default=SLOW_PHOTOS, help=f"of these, slow maps too (default {SLOW_PHOTOS})"
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    start, images = time.monotonic(), pictures.listed(options.data, options.bundle)
    table = measure(images, options.bundle, options.photos, options.curves, options.slow)
    print(f"measured in {(time.monotonic() - start) / 60:.1f} minutes")
    shown = table[table.subject == "all"]
    print(shown.drop(columns=["dataset", "subject", "n_lesions", "interval"]).round(3).to_string(index=False))
    print(RULE, f"By this rule the default is: {earned(table, (*CHEAP, *CANDIDATES))}.")
    return 0
