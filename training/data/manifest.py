"""One row an image: file, checksum, labels, lesion, and the group that must never be split.

    python -m training.data.manifest --data FOLDER [--work runs/data]

Writes ``manifest.csv`` and ``canvas.npy`` (every image once, cropped and resized by the product's own
preprocessing, so that an epoch reads memory instead of 10,000 files). Called by ``training.train`` when absent.
"""

import argparse
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from model.errors import LesionscopeError
from model.photo.image import read_photo
from model.preprocess import centre_square, crop
from model.tables.output import write_file
from training.command import one_sentence
from training.data.provenance import MADE_FROM, images_record, write_images_record
from training.data.sets.inventory import check_complete, take_stock
from training.data.sets.layouts import DatasetError, set_folder
from training.data.sets.registry import IMAGE_SETS

CANVAS = 256  # pixels; the sets are published at 450 to 1,024 px, and no recipe looks closer than this
NEAR_DUPLICATE_BITS = 30  # of 256: up to about 10 is surely one lesion, above 30 mostly chance
# From 20 bits on, smooth round naevi match by chance and chain into one group of 200 images; their thumbnails
# correlate at .5 to .9, those of true pairs at .98 or better (measured on 17,991 images).
NEAR_DUPLICATE_CORRELATION = 0.95
MAX_UNREADABLE = 0.01  # one broken file in ten thousand is skipped and named; more means a broken copy of the set

# Published under two lesion ids, seen to be one lesion.
SAME_LESION = (("ISIC_0025226", "ISIC_0030074"),)


def difference_hash(canvas: np.ndarray) -> np.ndarray:
    """Return the 256-bit difference hash (Krawetz 2013) of an image: which of two neighbours is brighter.

    Parameters
    ----------
    canvas : ndarray, uint8, shape (height, width, 3)

    Returns
    -------
    ndarray, uint64, shape (4,)
    """
    grey = cv2.resize(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), (17, 16), interpolation=cv2.INTER_AREA)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).view(np.uint64)


def near_duplicate_pairs(hashes: np.ndarray, bits: int = NEAR_DUPLICATE_BITS) -> np.ndarray:
    """Return index pairs whose hashes differ in at most ``bits`` bits, shape (pairs, 2); hashes: uint64 (n, 4)."""
    found = []
    for start in range(0, len(hashes), 256):
        block = hashes[start : start + 256]
        distance = sum(
            np.bitwise_count(block[:, word, None] ^ hashes[None, start:, word]).astype(np.uint16) for word in range(4)
        )
        first, second = np.nonzero(distance <= bits)
        pairs = np.stack([first, second], axis=1) + start
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found) if found else np.zeros((0, 2), int)


def thumbnail(canvas: np.ndarray) -> np.ndarray:
    """Return a 32 x 32 grey version with mean 0 and length 1, so that a dot product is a correlation: (1024,)."""
    grey = cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def connected_groups(size: int, pairs: np.ndarray) -> np.ndarray:
    """Return the first item of its group for each of ``size`` items; every pair is in one group."""
    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(size, size))
    groups = connected_components(graph, directed=False)[1]
    return np.unique(groups, return_index=True)[1][groups]


def group_ids(table: pd.DataFrame, hashes: np.ndarray, thumbnails: np.ndarray) -> pd.Series:
    """Return a name for each row's group: rows of one lesion, or that look the same, share it.

    Parameters
    ----------
    table : DataFrame
        With columns image_id, lesion_id and dataset.
    hashes : ndarray, uint64, shape (len(table), 4)
    thumbnails : ndarray, float32, shape (len(table), 1024)

    Returns
    -------
    Series of str
        The first lesion id of the group.
    """
    table = table.reset_index(drop=True)
    lesion = table.dataset + "/" + table.lesion_id.astype(str)
    first_row = lesion.map(dict(zip(lesion[::-1], table.index[::-1], strict=True)))
    position = {image: row for row, image in enumerate(table.image_id)}
    same = [(position[a], position[b]) for a, b in SAME_LESION if a in position and b in position]
    alike = near_duplicate_pairs(hashes)
    correlation = (thumbnails[alike[:, 0]] * thumbnails[alike[:, 1]]).sum(axis=1)
    pairs = np.concatenate(
        [
            np.stack([table.index, first_row], axis=1),
            alike[correlation >= NEAR_DUPLICATE_CORRELATION],
            np.array(same, int).reshape(-1, 2),
        ]
    )
    return table.lesion_id.iloc[connected_groups(len(table), pairs)].reset_index(drop=True)


def _read(path: str) -> tuple[str, np.ndarray] | str:
    try:
        data = Path(path).read_bytes()
        pixels = read_photo(data).pixels
        return hashlib.sha256(data).hexdigest(), crop(pixels, centre_square(*pixels.shape[:2]), CANVAS)
    except (LesionscopeError, OSError) as error:
        return str(error)


def list_images(
    data: Path, datasets: list[str], per_class: int | None = None, incomplete: bool = False
) -> pd.DataFrame:
    """Read the label tables of the named sets and keep rows whose image is there; say what was left out.

    ``per_class`` keeps that many images of each set and class, for rehearsals; ``incomplete`` accepts a set of which
    fewer than half of the images are there.

    Raises
    ------
    DatasetError
        When a set is missing, has no image or fewer than half of them, or none of its images has a label.
    """
    stocks = [take_stock(name, set_folder(data, name)) for name in datasets]
    for stock in stocks:
        if not incomplete:
            check_complete(stock, set_folder(data, stock.name))
        print(*stock.gaps(), sep="\n", end="\n" if stock.gaps() else "")
    table = pd.concat([stock.here for stock in stocks], ignore_index=True)
    if per_class:
        keys = [key for key in ("dataset", "source_label", "preset_split") if key in table]
        table = table.groupby(keys, dropna=False).head(per_class).reset_index(drop=True)
    return table


def build_manifest(table: pd.DataFrame, work: Path, per_class: int | None = None) -> pd.DataFrame:
    """Read every image once; write ``work/canvas.npy`` and ``work/manifest.csv``; return the manifest.

    Parameters
    ----------
    table : DataFrame
        Rows of `training.data.sets.registry` with a path each.
    work : Path
        Folder for the two files, and for a third that says what they were made from.
    per_class : int, optional
        How many images of each class the rows were limited to.

    Raises
    ------
    DatasetError
        When more than 1 % of the images cannot be read.
    """
    work.mkdir(parents=True, exist_ok=True)
    partial = work / "canvas.partial.npy"
    checksums, unreadable = [], []
    hashes, thumbnails = np.zeros((len(table), 4), np.uint64), np.zeros((len(table), 1024), np.float32)
    # Written in order, not through mapped memory: there a full disk ends the program without a word.
    with ThreadPoolExecutor(4) as pool, _discarded_on_trouble(partial) as file:
        shape = (len(table), CANVAS, CANVAS, 3)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        results = tqdm(pool.map(_read, table.path), total=len(table), desc="reading images", unit=" images")
        for row, result in enumerate(results):
            if isinstance(result, str):
                unreadable.append(row)
                checksums.append("")
                file.write(bytes(CANVAS * CANVAS * 3))
                print(f"skipped {table.image_id[row]}: {result}")
                continue
            checksums.append(result[0])
            file.write(result[1].tobytes())
            hashes[row], thumbnails[row] = difference_hash(result[1]), thumbnail(result[1])
    if len(unreadable) > MAX_UNREADABLE * len(table):
        raise DatasetError(
            f"{len(unreadable):,} of {len(table):,} images cannot be read; the copy of the set is broken."
        )
    if unreadable:
        print(f"{len(unreadable):,} of {len(table):,} images cannot be read and are left out")
    (work / MADE_FROM).unlink(missing_ok=True)  # until both files are new, they are nobody's
    partial.replace(work / "canvas.npy")
    manifest = table.assign(sha256=checksums, canvas_row=np.arange(len(table)))
    keep = np.setdiff1d(np.arange(len(table)), unreadable)
    manifest = manifest.iloc[keep].reset_index(drop=True)
    manifest["group"] = group_ids(manifest, hashes[keep], thumbnails[keep])
    write_file(work / "manifest.csv", manifest.to_csv(index=False).encode())
    write_images_record(work, images_record(table, per_class, CANVAS))
    return manifest


@contextmanager
def _discarded_on_trouble(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is removed if the block does not end well."""
    try:
        with path.open("wb") as file:
            yield file
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and not error.filename:  # a full disk names no file
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with ham10000/, milk10k/, isic2019/, ph2/")
    parser.add_argument("--datasets", nargs="+", default=["ham10000"], choices=list(IMAGE_SETS))
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="where manifest and canvas go")
    parser.add_argument("--incomplete", action="store_true", help="accept a set with fewer than half of its images")
    options = parser.parse_args(arguments)
    table = list_images(options.data, options.datasets, incomplete=options.incomplete)
    manifest = build_manifest(table, options.work)
    print(f"{len(manifest):,} images, {manifest.lesion_id.nunique():,} lesions, {manifest.group.nunique():,} groups")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
