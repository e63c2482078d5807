"""Whether frames beside the lesion are refused, and frames on it are not, as the packed model answers them."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from model.evaluation.inputs.outline import BARE, ON_LESION
from model.photo.image import read_file, read_photo
from model.pipeline import Analyser
from model.preprocess import Square
from training.data.masks import photo_with_mask
from training.data.splits import HOME, VALIDATION, digest
from training.gate.pictures import few

SHARES = (0.2, 0.35, 0.5)  # side of the frame, as a share of the photo's shorter side
PHOTOS = 600
APART = 0.02  # of the shorter side: bare skin begins so far from the mask, which experts do not draw to the pixel
TRIES = 30  # to find a place without a lesion


def beside_records(images: pd.DataFrame, analyser: Analyser, photos: int = PHOTOS) -> pd.DataFrame:
    """Return a row a frame for `beside_table`; frames lie where chance puts them, in HAM10000's validation photos.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split.
    analyser : Analyser
        Of the packed model, with its outline.
    photos : int
    """
    chosen = few(images[(images.dataset == HOME) & (images.split == VALIDATION)], photos)
    found = []
    for row in tqdm(chosen.itertuples(), total=len(chosen), desc="frames beside lesions", mininterval=20):
        photo, mask = read_photo(read_file(Path(row.path))), photo_with_mask(row)[1] > 0
        random, centred = np.random.default_rng(digest("beside", row.image_id)), analyser.look(photo)
        for share in SHARES:
            for shows, square in frames(mask, share, random).items():
                refused = analyser.look(photo, square, known=centred).prediction.abstained
                found.append({
                    "lesion_id": f"{row.dataset}/{row.lesion_id}", "dataset": row.dataset, "split": row.split,
                    "share": share, "shows": shows, "refused": refused,
                })  # fmt: skip
    return pd.DataFrame(found)


def frames(mask: np.ndarray, share: float, random: np.random.Generator) -> dict[str, Square]:
    """Return a frame on bare skin and one around a point of the lesion; a kind that no place was found for is left out.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
        The lesion.
    share : float
        Side of the frame, as a share of the shorter side.
    random : Generator
    """
    height, width = mask.shape
    side = round(share * min(mask.shape))
    apart = max(round(APART * min(mask.shape)), 1)
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * apart + 1, 2 * apart + 1), np.uint8))
    found = {}
    for _ in range(TRIES):
        left, top = int(random.integers(width - side + 1)), int(random.integers(height - side + 1))
        if not grown[top : top + side, left : left + side].any():
            found[BARE] = Square(left, top, side)
            break
    rows, columns = np.nonzero(mask)
    if len(rows):
        point = random.integers(len(rows))
        left, top = np.clip([columns[point] - side // 2, rows[point] - side // 2], 0, [width - side, height - side])
        found[ON_LESION] = Square(int(left), int(top), side)
    return found
