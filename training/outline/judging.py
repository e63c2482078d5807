"""What the served network and the outline say of photos: agreement with masks, measurements, heat, another frame."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from model.answer.abcd import Measurements, measure
from model.answer.lesion import CUT, EMPTY, SEVERAL, Outline, heat_inside, outline, square_around
from model.card import Card
from model.evaluation.inputs.outline import MEASURES
from model.explain import class_maps, explain
from model.predict import softmax
from model.preprocess import Square, centre_square, to_tensor
from training.data.masks import photo_with_mask
from training.data.splits import VALIDATION
from training.fitting.last_layer import Folds
from training.gate.pictures import READERS, few, read
from training.outline.examples import BATCH, cut
from training.outline.network import layers_read, overlap

MARGINS = (0.25, 0.5, 1.0)  # on each side of the lesion, as a share of its longer side
FRAMED = ("ham10000", "milk10k")
FRAMED_EACH = 600  # validation photos of a set in another frame


@dataclass(frozen=True, eq=False)
class Seen:
    """One photo through the served network: logits (classes,), maps (rows, columns, channels), chances (size, size)."""

    logits: np.ndarray
    features: np.ndarray
    chance: np.ndarray


class Judge:
    """The bundle's network and the outline's as one, with one pass for both.

    Parameters
    ----------
    card : Card
    network : Model
        The bundle's.
    drawn : Model
        From `training.outline.network`; reads maps of the bundle's network, see `layers_read`.
    """

    def __init__(self, card: Card, network: keras.Model, drawn: keras.Model) -> None:
        self.card = card
        self.kernel = np.array(network.get_layer(card.logits_layer).get_weights()[0])
        inside = drawn([network.get_layer(name).output for name in layers_read(drawn)])
        outputs = [network.get_layer(name).output for name in (card.logits_layer, card.feature_layer)]
        self.model = keras.Model(network.input, [*outputs, inside])

    def see(self, tensors: np.ndarray) -> list[Seen]:
        """Return what is seen of each of some views, float32 (n, size, size, 3)."""
        logits, features, inside = self.model.predict_on_batch(tensors)
        return [Seen(*one) for one in zip(logits, features, inside[..., 0], strict=True)]


def photo_records(images: pd.DataFrame, judge: Judge, threshold: float) -> pd.DataFrame:
    """Return a row a photo for `model.evaluation.inputs.outline`: agreement with its mask, and measurements.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split, of sets with masks.
    judge : Judge
    threshold : float
    """
    found = []
    for rows, pictures in _in_batches(images, lambda row: _centred(row, judge.card.size), "outlines"):
        seen = judge.see(np.stack([view for view, _ in pictures]).astype(np.float32))
        for row, (view, mask), one in zip(rows, pictures, seen, strict=True):
            found.append(_record(row, view, mask > 0, one, judge, threshold))
    return pd.DataFrame(found)


def _centred(row, size: int) -> tuple[np.ndarray, np.ndarray]:
    pixels, mask = photo_with_mask(row)
    return cut(pixels, mask, centre_square(*mask.shape), size)


def _record(row, view: np.ndarray, mask: np.ndarray, seen: Seen, judge: Judge, threshold: float) -> dict:
    found = outline(seen.chance, threshold)
    dice, jaccard = overlap(found.inside, mask)
    heat = explain(row.label, class_maps(seen.features, judge.kernel)[judge.card.codes.index(row.label)]).heat
    return {
        "image_id": row.image_id, "lesion_id": f"{row.dataset}/{row.lesion_id}", "dataset": row.dataset,
        "split": row.split, "label": row.label, "dice": float(dice), "jaccard": float(jaccard),
        **{code: code in found.codes for code in (EMPTY, SEVERAL, CUT)},
        **dict.fromkeys(MEASURES, float("nan")), **flat(measure(found, view)),
        "heat_inside": _number(heat_inside(heat, found.inside)),
    }  # fmt: skip


def flat(measured: Measurements | None) -> dict[str, float]:
    """Return measurements as numbers by the names of `MEASURES`; what is unknown is NaN or left out."""
    if measured is None:
        return {}
    long, short = measured.asymmetry or (float("nan"), float("nan"))
    return {
        "area": measured.area, "asymmetry_long": long, "asymmetry_short": short,
        "compactness": _number(measured.compactness), "solidity": _number(measured.solidity),
        **(measured.colours or {}), "colour_count": _number(measured.colour_count),
    }  # fmt: skip


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _in_batches(images: pd.DataFrame, make, said: str) -> Iterator[tuple[list, list]]:
    """Yield rows and what ``make`` returns for each, some at a time."""
    rows = list(images.itertuples())
    with ThreadPoolExecutor(READERS) as pool:
        for start in tqdm(range(0, len(rows), BATCH), desc=said, mininterval=20):
            part = rows[start : start + BATCH]
            yield part, list(pool.map(make, part))


def frame_records(images: pd.DataFrame, judge: Judge, threshold: float, folds: Folds | None = None) -> pd.DataFrame:
    """Return a row a photo and margin for `frame_table`: the chance of melanoma in the usual and the fitted square.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split; only validation photos of `FRAMED` are looked at.
    judge : Judge
    threshold : float
    folds : Folds, optional
        Of a network whose last layer has learnt from validation, from the usual square of these very photos.
    """
    chosen = [
        few(images[(images.dataset == dataset) & (images.split == VALIDATION)], FRAMED_EACH) for dataset in FRAMED
    ]
    found = []
    for rows, photos in _in_batches(pd.concat(chosen), lambda row: read(row.path), "frames"):
        usual = [centre_square(*pixels.shape[:2]) for pixels in photos]
        seen = _seen(photos, usual, judge)
        outlines = [outline(one.chance, threshold) for one in seen]
        for margin in MARGINS:
            squares = [
                _fitted(drawn, square, pixels, margin)
                for drawn, square, pixels in zip(outlines, usual, photos, strict=True)
            ]
            again = _seen(photos, squares, judge)
            for row, before, after in zip(rows, seen, again, strict=True):
                found.append({
                    "lesion_id": f"{row.dataset}/{row.lesion_id}", "dataset": row.dataset, "split": row.split,
                    "margin": margin, "melanoma": row.label == "mel",
                    "usual": _melanoma(before, row.image_id, judge.card, folds),
                    "fitted": _melanoma(after, row.image_id, judge.card, folds),
                })  # fmt: skip
    return pd.DataFrame(found)


def _fitted(drawn: Outline, square: Square, pixels: np.ndarray, margin: float) -> Square:
    height, width = pixels.shape[:2]
    return square_around(drawn.inside, square, height, width, margin)


def _seen(photos: list[np.ndarray], squares: list[Square], judge: Judge) -> list[Seen]:
    size = judge.card.size
    tensors = [to_tensor(pixels, size, square) for pixels, square in zip(photos, squares, strict=True)]
    return judge.see(np.concatenate(tensors))


def _melanoma(seen: Seen, image_id: str, card: Card, folds: Folds | None) -> float:
    logits = seen.logits[None]
    if folds is not None and image_id in folds:  # not one of a class that the layer does not learn
        logits = folds.logits(seen.features.mean(axis=(0, 1))[None], [image_id])
    return float(softmax(logits / card.temperature)[0, card.codes.index("mel")])
