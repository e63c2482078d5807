"""Judge the packed bundle on photos made worse: blur, JPEG, light, colour, rotation, zoom, hair, ink.

    python -m training.judging.robustness runs/RECIPE [--bundle model/bundle] [--photos 210]
    python -m training.judging.robustness --smoke

The photos are a fixed part of the internal test, chosen by hash and as even over the classes as these allow. Every
one is read, changed and given to the same pipeline that answers in the browser. Writes ``results/robustness.csv``.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import spearmanr
from tqdm import tqdm

from model.evaluation.inputs.robustness import MELANOMA, robustness_table
from model.photo.image import read_file, read_photo
from model.pipeline import Analyser, Analysis
from training.command import one_sentence
from training.data.splits import INTERNAL_TEST, digest
from training.judging.sealing import SMOKE_BUNDLE, write_tables
from training.judging.trained_run import load_run, parse_run_and_bundle
from training.synthetic.corruptions import CORRUPTIONS, Corruption

PHOTOS = 210
STEPS = (1, 2, 3)
READERS = 2  # threads: one draws the next change while the network reads the last
AS_TAKEN = {"corruption": "none", "severity": 0, "setting": "as taken"}


def chosen_photos(images: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return so many images, each class in turn giving its next one in the order of the hash of its name."""
    order = images["image_id"].map(digest).rank(method="first")
    turn = order.groupby(images["label"]).rank()
    return images.assign(turn=turn, order=order).sort_values(["turn", "order"]).head(count).reset_index(drop=True)


def rank_agreement(before: Analysis, after: Analysis, matrix: np.ndarray) -> float:
    """Return Spearman's correlation of two maps of the class first answered, at the cells of the first.

    Parameters
    ----------
    before, after : Analysis
        Of the photo as taken and of the changed one, which has the same size.
    matrix : ndarray, shape (2, 3)
        Where each pixel of the first went; cells that left the frame are not compared.

    Returns
    -------
    float
        In [-1, 1]; NaN where the class has no evidence to show in the photo as taken or fewer than ten cells are left.
    """
    code = before.card.codes[int(before.prediction.probabilities.argmax())]
    first, second = before.explanations[code].raw, after.explanations[code].raw
    rows, columns = first.shape
    cell = before.square.side / rows
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    places = np.stack([before.square.left + x * cell, before.square.top + y * cell, np.ones_like(x)], axis=-1)
    across, down = np.moveaxis(places @ matrix.T, -1, 0).astype(np.float32)
    maps = (across - after.square.left) / cell - 0.5, (down - after.square.top) / cell - 0.5
    to = [places.astype(np.float32) for places in maps]
    moved = cv2.remap(second, to[0], to[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.all([(places >= -0.5) & (places <= rows - 0.5) for places in maps], axis=0)
    if not before.explanations[code].informative or inside.sum() < 10:
        return float("nan")
    return float(spearmanr(first[inside], moved[inside]).statistic)


def answers_of(
    analyser: Analyser, image: pd.Series, corruptions: dict[str, Corruption] = CORRUPTIONS
) -> Iterator[dict]:
    """Yield one row a state of one photo: as taken, then every corruption at every step."""
    names = [f"p_{code}" for code in analyser.card.codes]
    identity = image[["image_id", "lesion_id", "dataset", "split", "label"]].to_dict()
    data = read_file(Path(image["path"]))
    before, pixels = analyser.analyse(data), read_photo(data).pixels

    def row(state: dict, analysis: Analysis, agreement: float) -> dict:
        values = dict(zip(names, analysis.prediction.probabilities, strict=True))
        return identity | state | {"agreement": agreement, "named": analysis.decision.named} | values

    yield row(AS_TAKEN, before, 1.0)
    for name, corruption in corruptions.items():
        for step in STEPS:
            random = np.random.default_rng(digest(image["image_id"], name))
            worse, matrix = corruption.apply(pixels, step, random)
            after = analyser.analyse(_file_of(worse))
            setting = corruption.setting.format(corruption.amounts[step - 1])
            state = {"corruption": name, "severity": step, "setting": setting}
            yield row(state, after, rank_agreement(before, after, matrix))


def _file_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")  # nothing is lost, and nothing is spent on compression
    return buffer.getvalue()


def judge(analyser: Analyser, images: pd.DataFrame, corruptions: dict[str, Corruption] = CORRUPTIONS) -> pd.DataFrame:
    """Return the answers to every state of every photo, as `robustness_table` takes them."""
    with ThreadPoolExecutor(READERS) as readers:
        work = readers.map(
            lambda row: list(answers_of(analyser, row, corruptions)), [row for _, row in images.iterrows()]
        )
        found = list(tqdm(work, total=len(images), desc="photos, all states", unit=" photos", file=sys.stderr))
    answers = pd.DataFrame([row for rows in found for row in rows])
    return answers.sort_values(["corruption", "severity"], key=_registered, kind="stable", ignore_index=True)


def _registered(column: pd.Series) -> pd.Series:
    """Order corruptions as they are registered, the photo as taken first, and severities by their number."""
    order = ["none", *CORRUPTIONS]
    return column.map(order.index) if column.name == "corruption" else column


def measure(run: Path, bundle: Path, count: int) -> pd.DataFrame:
    """Judge and write the table into the bundle; return it."""
    analyser, used = Analyser(bundle), load_run(run)[2]
    raw = analyser.card.raw
    home = raw["calibration"].get("dataset", used.dataset.iloc[0])
    test = used[(used.split == INTERNAL_TEST) & (used.dataset == home)]
    thresholds = [point["value"] for point in raw["thresholds"] if point["subject"] == MELANOMA]
    answers = judge(analyser, chosen_photos(test, count))
    threshold = thresholds[0] if thresholds else None
    table = robustness_table(answers, analyser.card.labels, threshold, np.random.default_rng(2018)).round(6)
    write_tables(bundle, {"results/robustness.csv": table})
    return table


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=PHOTOS, help=f"how many, each in 25 states (default {PHOTOS})")
    options = parse_run_and_bundle(parser, arguments, smoke=f"judge {SMOKE_BUNDLE}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    start = time.monotonic()
    table = measure(options.run, options.bundle, options.photos)
    print(f"{options.photos:,} photos in every state in {(time.monotonic() - start) / 60:.1f} minutes")
    wide = table.pivot_table(index=["corruption", "severity"], columns="metric", values="value", sort=False)
    print(wide.round(3).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
