"""The photos that gauges are fitted and judged on, what is measured of them, and what is known of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from model.answer.lesion import largest_edge_share, lesion_edge_share
from model.answer.quality import CUT_OFF, GEL, HAIR, RESOLUTION, measured
from model.pipeline import Analyser
from model.preprocess import centre_square, crop
from training.data.masks import cut_mask, mask_path
from training.data.sets.layouts import set_folder
from training.data.sets.milk10k import metadata as milk10k_metadata
from training.data.splits import EXTERNAL, INTERNAL_TEST, TRAIN, VALIDATION
from training.gate.pictures import AS_TAKEN, READERS, Picture, as_row, dermoscopic, few, read, seeded
from training.synthetic.corruptions import CORRUPTIONS

MOST = {
    TRAIN: {"milk10k": 4000, "ham10000": 1500},
    VALIDATION: {"milk10k": 1000, "ham10000": 1500, "isic2019": 400},
    INTERNAL_TEST: {"milk10k": 1000, "ham10000": 1512, "isic2019": 400},
    EXTERNAL: {"ph2": 200},
}
COPIED = ("ham10000", "milk10k")
COPIES = {VALIDATION: 40, INTERNAL_TEST: 80}  # photos with copies of every corruption and step
SCORES = {HAIR: "MONET_hair", GEL: "MONET_gel_water_drop_fluid_dermoscopy_liquid"}
TOP = 0.9  # share of the training photos whose score is lower than that of a photo which counts as having it
CUT = 0.5  # share of an edge of the frame that is on the lesion; from this share on the lesion counts as cut off
MASK_SIZE = 224


def gauge_pictures(images: pd.DataFrame, corruptions: tuple[str, ...]) -> list[Picture]:
    """Return photos as taken, and copies of some of them in which something is wrong that a gauge should tell.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split.
    corruptions : tuple of str
        Names in `CORRUPTIONS`.
    """
    return [*dermoscopic(images, MOST), *_copies(images, corruptions)]


def _copies(images: pd.DataFrame, corruptions: tuple[str, ...]) -> Iterator[Picture]:
    for split, count in COPIES.items():
        chosen = few(images[(images.split == split) & images.dataset.isin(COPIED)], count)
        for row in chosen.itertuples():
            for name in corruptions:
                for step in (1, 2, 3):
                    yield Picture(
                        as_row(row, name, step),
                        lambda path=row.path, c=CORRUPTIONS[name], s=step: c.apply(read(path), s, seeded(path, s))[0],
                    )


def on_pixels(pictures: list[Picture], analyser: Analyser) -> pd.DataFrame:
    """Return what is measured on what the network sees, a column a gauge, a row a picture; NaN for training photos.

    Of photos as they were taken also what the lesion's outline covers of an edge, where the model draws outlines.
    """
    size, entry = analyser.card.size, analyser.card.outline

    def one(picture: Picture) -> dict[str, float]:
        if picture.row["split"] == TRAIN:
            return {}  # nothing is fitted to them
        pixels = picture.pixels()
        square = centre_square(*pixels.shape[:2])
        view = crop(pixels, square, size)
        found = measured(view) | {RESOLUTION: square.side / size}
        if entry is not None and picture.row["corruption"] == AS_TAKEN:
            mask = analyser.classifier.run(view[None].astype(np.float32)).outline
            assert mask is not None  # this model draws outlines
            found[CUT_OFF] = lesion_edge_share(mask[0], entry.threshold)
        return found

    with ThreadPoolExecutor(READERS) as pool:
        found = tqdm(pool.map(one, pictures), total=len(pictures), desc="pixels", mininterval=20)
        return pd.DataFrame(list(found), index=range(len(pictures)))


def truths_of(rows: pd.DataFrame, images: pd.DataFrame, data: Path) -> dict[str, pd.DataFrame]:
    """Return what is known of the photos as taken, by gauge: a row a picture, score (NaN where unknown) and true.

    Parameters
    ----------
    rows : DataFrame
        A row a picture: image_id, kind, split, corruption.
    images : DataFrame
        Manifest rows.
    data : Path
        Folder of the image sets, with MILK10k's metadata.
    """
    table = milk10k_metadata(set_folder(data, "milk10k"))
    mine = (rows.kind == "milk10k") & (rows.corruption == AS_TAKEN)
    found = {}
    for code, column in SCORES.items():
        scores = rows.image_id.map(table[column]).where(mine)
        found[code] = _truth(scores, scores[rows.split == TRAIN].quantile(TOP), f"top tenth of {column}")
    masked = images[images.image_id.isin(rows.image_id)].drop_duplicates("image_id")
    covered = pd.Series({row.image_id: _mask_edge_share(mask_path(row)) for row in masked.itertuples()}, dtype=float)
    found[CUT_OFF] = _truth(
        rows.image_id.map(covered).where(rows.corruption == AS_TAKEN), CUT, f"a mask over {CUT:.0%} of an edge"
    )
    return found


def _truth(scores: pd.Series, limit: float, name: str) -> pd.DataFrame:
    truth = pd.DataFrame({"score": scores, "true": scores > limit})
    truth.attrs["name"] = name
    return truth


def _mask_edge_share(path: Path | None) -> float:
    """Return the largest share of an edge of the central square that a mask covers; NaN where there is no mask."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path and path.is_file() else None
    if mask is None:
        return float("nan")
    return largest_edge_share(cut_mask(mask, centre_square(*mask.shape), MASK_SIZE))
