"""The pictures that the gate learns from and is measured on, and the features that the served network has of them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from model.errors import PhotoError
from model.evaluation.inputs.gate import TAKEN as AS_TAKEN
from model.photo.folders import find_photos
from model.photo.image import read_file, read_photo
from model.pipeline import Analyser
from model.preprocess import to_tensor
from training.data.sets.layouts import DatasetError, set_folder
from training.data.sets.milk10k import metadata as milk10k_metadata
from training.data.splits import EXTERNAL, INTERNAL_TEST, TRAIN, VALIDATION, draw
from training.synthetic.corruptions import CORRUPTIONS
from training.synthetic.negatives import DRAWN, IMPOSSIBLE

CLOSE_UP, PHOTOGRAPH = "close_up", "photograph"
CLOSE_UPS = "clinical_close_up"  # folder of MILK10k's clinical photos
MOST = {  # dermoscopic photos of a set and split that are looked at; all where it has fewer
    TRAIN: {"ham10000": 1500, "milk10k": 4000, "isic2019": 600, "isic2019_bcn_84px": 400, "isic2020_melanoma": 150},
    VALIDATION: {"ham10000": 1500, "milk10k": 800, "isic2019": 400},
    INTERNAL_TEST: {"ham10000": 1512, "milk10k": 763, "isic2019": 386},
    EXTERNAL: {"ph2": 200},
}
DRAWN_EACH = {TRAIN: 70, VALIDATION: 25, INTERNAL_TEST: 50}
IMPOSSIBLE_EACH = {TRAIN: 60, VALIDATION: 20, INTERNAL_TEST: 40}
CORRUPTED_EACH = {TRAIN: 120, VALIDATION: 15, INTERNAL_TEST: 40}  # photos for each corruption and step
VIEWS_OF_NEGATIVES = 6  # in training: the picture, and parts of it
SHARES = (0.55, 0.70)  # training, then validation, of close-ups and photographs; by hash
CHUNK = 256  # pictures whose features are kept in one file
READERS = 2
BATCH = 4  # pictures; larger batches are no faster and need more memory


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: what it is, and how to get its pixels (uint8 RGB)."""

    row: dict
    pixels: Callable[..., np.ndarray]  # called with nothing; a loop's names are kept as defaults


def seeded(*words: object) -> np.random.Generator:
    """Return a generator that depends on the words alone."""
    return np.random.default_rng(int(draw(*words) * 2**53))


def few(images: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return so many images, chosen by the hash of their names."""
    return images.assign(order=images.image_id.map(draw)).sort_values("order").head(count).drop(columns="order")


def read(path: str | Path) -> np.ndarray:
    """Return a photo's pixels as the application reads them; DatasetError names one that cannot be read."""
    try:
        return read_photo(read_file(Path(path))).pixels
    except PhotoError as error:
        raise DatasetError(f"{path}: {error}") from None


def dermoscopic(images: pd.DataFrame, most: Mapping[str, Mapping[str, int]] = MOST) -> Iterator[Picture]:
    """Yield photos as they were taken.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split.
    most : mapping
        How many at most, by split and set.
    """
    for split, sets in most.items():
        for dataset, count in sets.items():
            for row in few(images[(images.dataset == dataset) & (images.split == split)], count).itertuples():
                yield Picture(as_row(row, AS_TAKEN, 0), lambda path=row.path: read(path))


def as_row(row, corruption: str, step: int, kind: str = "") -> dict:
    """Return what is known of a picture made from a manifest row; ``kind`` where it is no dermoscopic photo."""
    return {
        "name": f"{row.image_id}/{corruption}/{step}/{kind}", "kind": kind or row.dataset, "real": not kind,
        "split": row.split, "lesion_id": f"{row.dataset}/{row.lesion_id}", "label": row.label, "age": row.age,
        "skin_tone": row.skin_tone, "corruption": corruption, "step": step, "image_id": row.image_id,
    }  # fmt: skip


def corrupted(images: pd.DataFrame) -> Iterator[Picture]:
    """Yield photos with what can go wrong without changing the lesion: these must pass."""
    for split, count in CORRUPTED_EACH.items():
        chosen = images[(images.split == split) & images.dataset.isin(["ham10000", "milk10k"])]
        some = few(chosen, len(chosen))
        for name, corruption in CORRUPTIONS.items():
            for step in (1, 2, 3):
                start = int(draw(name, step, split) * max(1, len(some) - count))
                for row in some.iloc[start : start + count].itertuples():
                    yield Picture(
                        as_row(row, name, step),
                        lambda path=row.path, c=corruption, s=step: c.apply(read(path), s, seeded(path, s))[0],
                    )


def impossible(images: pd.DataFrame) -> Iterator[Picture]:
    """Yield photos changed into what no dermatoscope gives."""
    for split, count in IMPOSSIBLE_EACH.items():
        chosen = images[(images.split == split) & images.dataset.isin(["ham10000", "milk10k"])]
        for kind, change in IMPOSSIBLE.items():
            for row in few(chosen.assign(image_id=chosen.image_id + kind), count).itertuples():
                yield Picture(
                    as_row(row, AS_TAKEN, 0, kind),
                    lambda path=row.path, c=change, k=kind: c(read(path), seeded(path, k)),
                )


def drawn() -> Iterator[Picture]:
    """Yield the pictures of `training.synthetic.negatives.DRAWN`."""
    for split, count in DRAWN_EACH.items():
        for kind, make in DRAWN.items():
            for number in range(count):
                name = f"{kind}/{split}/{number}"
                yield Picture(_negative(name, kind, split, name), lambda n=name, make=make: make(seeded(n)))


def _negative(name: str, kind: str, split: str, lesion: str) -> dict:
    return {"name": name, "kind": kind, "real": False, "split": split, "lesion_id": lesion, "corruption": AS_TAKEN,
            "step": 0}  # fmt: skip


def photographs(folder: Path, kind: str, owner: Callable[[Path], str]) -> Iterator[Picture]:
    """Yield photographs of a folder and, for training, parts of them; ``owner`` names what must not be divided.

    Raises
    ------
    DatasetError
        If there is none.
    """
    paths = sorted(find_photos(folder).photos) if folder.is_dir() else []
    if not paths:
        raise DatasetError(f"{folder} holds no photo; the gate learns from such pictures, see docs/training.md.")
    for path in paths:
        place = draw("split", owner(path))
        split = TRAIN if place < SHARES[0] else VALIDATION if place < SHARES[1] else INTERNAL_TEST
        for view in range(VIEWS_OF_NEGATIVES if split == TRAIN else 1):
            row = _negative(f"{kind}/{path.stem}/{view}", kind, split, owner(path))
            yield Picture(row, lambda path=path, view=view: _part(read(path), view, seeded(path.name, view)))


def _part(pixels: np.ndarray, view: int, random: np.random.Generator) -> np.ndarray:
    """Return the picture, or for a view after the first a square of it, mirrored by chance."""
    if not view:
        return pixels
    side = int(min(pixels.shape[:2]) * random.uniform(0.3, 0.9))
    top, left = (int(random.integers(0, edge - side + 1)) for edge in pixels.shape[:2])
    part = pixels[top : top + side, left : left + side]
    return np.ascontiguousarray(part[:, :: int(random.choice([-1, 1]))])


def all_pictures(images: pd.DataFrame, data: Path) -> list[Picture]:
    """Return every picture of the study.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split.
    data : Path
        Folder of the image sets, with ``milk10k/clinical_close_up`` and ``not_skin``.
    """
    milk10k = set_folder(data, "milk10k")
    close_ups = milk10k / CLOSE_UPS
    return [
        *dermoscopic(images),
        *drawn(),
        *impossible(images),
        *photographs(close_ups, CLOSE_UP, close_up_lesions(milk10k)),
        *photographs(data / "not_skin", PHOTOGRAPH, lambda path: path.stem),
        *corrupted(images),
    ]


def close_up_lesions(root: Path) -> Callable[[Path], str]:
    """Return what names the lesion of a close-up: two of one lesion must not be divided."""
    table = milk10k_metadata(root).lesion_id
    return lambda path: str(table.get(path.stem, path.stem))


def features_of(pictures: list[Picture], analyser: Analyser, folder: Path) -> np.ndarray:
    """Return the means over the cells of the last feature maps: float32, shape (pictures, channels).

    What was computed is kept in ``folder`` by the pictures' names: an interrupted run goes on, two commands share it,
    and another network has its own. Empty the folder after changing how pictures are drawn.
    """
    place = folder / analyser.card.raw["weights"]["sha256"][:16]
    place.mkdir(parents=True, exist_ok=True)
    known = _kept(place)
    missing = [picture for picture in pictures if picture.row["name"] not in known]
    for start in tqdm(range(0, len(missing), CHUNK), desc="features", mininterval=20):
        part = missing[start : start + CHUNK]
        names, found = [picture.row["name"] for picture in part], _features(part, analyser)
        partial = place / "partial.npz"
        np.savez(partial, names=names, features=found)
        partial.replace(place / f"{hashlib.sha256('/'.join(names).encode()).hexdigest()[:24]}.npz")
        known |= dict(zip(names, found, strict=True))
    return np.stack([known[picture.row["name"]] for picture in pictures]).astype(np.float32)


def _kept(place: Path) -> dict[str, np.ndarray]:
    """Return the features kept in a folder, by the name of their picture."""
    known: dict[str, np.ndarray] = {}
    for path in place.glob("*.npz"):
        if path.stem != "partial":
            with np.load(path) as piece:
                known |= dict(zip(piece["names"].tolist(), piece["features"], strict=True))
    return known


def _features(pictures: list[Picture], analyser: Analyser) -> np.ndarray:
    size, found = analyser.card.size, []
    with ThreadPoolExecutor(READERS) as pool:
        tensors = list(pool.map(lambda picture: to_tensor(picture.pixels(), size), pictures))
    for start in range(0, len(tensors), BATCH):
        raw = analyser.classifier.run(np.concatenate(tensors[start : start + BATCH]), features=False)
        found.append(raw.pooled.astype(np.float16))
    return np.concatenate(found)
