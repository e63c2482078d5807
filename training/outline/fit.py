"""After the four commands: teach the bundle to draw the lesion's outline, and measure how well it does.

    python -m training.outline [--work runs/data] [--bundle model/bundle]

A small network learns HAM10000's masks from maps that the bundle's network has anyway; that network stays as it is.
Epoch and threshold are chosen on validation. HAM10000's internal test and PH2 are measured once, at the end, through
both networks as they are served. Writes ``outline.keras``, the card's entry "outline", ``results/outline.csv``,
``results/outline_measures.csv`` (what is usual of each measurement by class), ``results/outline_frame.csv`` (what a
square around the lesion does to the melanoma AUC, on validation; out of fold where the last layer has learnt from it,
so the run's folder must lie beside the work folder) and ``results/outline_beside.csv`` (how many frames beside the
lesion, and on it, get no answer, on validation). What was learnt is kept in the folder ``outline`` of
the work folder, and used again for the same network until that is removed.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from model.answer.lesion import outline
from model.card import load_card
from model.evaluation.cases import ALL
from model.evaluation.inputs.outline import (
    DIFFERENCE,
    JACCARD,
    beside_table,
    frame_table,
    measures_table,
    outline_table,
)
from model.network.keras_engine import load_network
from model.pipeline import Analyser
from training.command import one_sentence
from training.data.provenance import file_sha256
from training.data.splits import EXTERNAL, INTERNAL_TEST, VALIDATION
from training.export.convert import export
from training.fitting.last_layer import read_folds
from training.gate.fit import folders, split_images
from training.judging.sealing import write_json, write_tables
from training.outline.beside import beside_records
from training.outline.examples import (
    LEARNT_FROM,
    Examples,
    examples_of,
    reader,
    training_photos,
    validation_photos,
)
from training.outline.judging import Judge, frame_records, photo_records
from training.outline.network import EPOCHS, LAYERS, chances, layers_read, learn, outline_network, overlap

THRESHOLDS = tuple(np.round(np.arange(0.3, 0.71, 0.05), 2).tolist())
JUDGED_EACH_EPOCH = 500  # validation photos; all of them fit the threshold
BESIDE = "results/outline_beside.csv"
MEASURED = ((LEARNT_FROM, VALIDATION), (LEARNT_FROM, INTERNAL_TEST), ("ph2", EXTERNAL))


def fit_threshold(chance: np.ndarray, masks: np.ndarray) -> float:
    """Return the threshold of the highest mean Jaccard index of outlines, as they are shown, with the masks.

    Parameters
    ----------
    chance : ndarray of float, shape (n, size, size)
    masks : ndarray, shape (n, size, size)
        Above 0 inside the lesion.
    """
    means = [np.mean([
        overlap(outline(one, threshold).inside, mask > 0)[1] for one, mask in zip(chance, masks, strict=True)
    ]) for threshold in THRESHOLDS]  # fmt: skip
    return THRESHOLDS[int(np.argmax(means))]


def learnt(
    images: pd.DataFrame, network: keras.Model, folder: Path, layers: tuple[str, ...] = LAYERS, epochs: int = EPOCHS
) -> tuple[keras.Model, float]:
    """Return the network that draws outlines, and its threshold.

    Parameters
    ----------
    images : DataFrame
        Manifest rows with a split.
    network : Model
        The bundle's.
    folder : Path
        Where maps and the learnt network are kept, for this network alone.
    layers : tuple of str
        Of that network, from fine to coarse.
    epochs : int
    """
    frozen, path = reader(network, layers), folder / "learnt.keras"
    judged = examples_of(validation_photos(images), frozen, folder)
    if not path.is_file():
        part = Examples([maps[:JUDGED_EACH_EPOCH] for maps in judged.maps], judged.masks[:JUDGED_EACH_EPOCH])
        train = examples_of(training_photos(images), frozen, folder)
        plain(learn(layers, train, part, epochs)).save(path)
    drawn = keras.models.load_model(path, compile=False)
    return drawn, fit_threshold(chances(drawn, judged), judged.masks)


def plain(drawn: keras.Model) -> keras.Model:
    """Return the same network without what training added to it."""
    shapes = {name: tuple(one.shape[1:]) for name, one in zip(layers_read(drawn), drawn.inputs, strict=True)}
    copy = outline_network(shapes, drawn.output_shape[1])
    copy.set_weights(drawn.get_weights())
    return copy


def pack(bundle: Path, drawn: keras.Model, threshold: float, tables: dict[str, pd.DataFrame]) -> None:
    """Write the network, the card's entry, the tables, and what is served again; ``tables`` by path in the bundle."""
    path = bundle / "outline.keras"
    drawn.save(path)
    card = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    agreement = tables["results/outline.csv"]
    overall = agreement[(agreement.label == ALL) & (agreement.metric == JACCARD)]
    frame = tables["results/outline_frame.csv"]
    card["outline"] = {
        "file": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size,
        "parameters": drawn.count_params(), "weights_sha256": card["weights"]["sha256"],
        "layers": list(layers_read(drawn)), "output": "chance of each pixel of the view to be in the lesion",
        "threshold": threshold, "fitted_on": VALIDATION, "learnt_from": f"masks of {LEARNT_FROM}, training split",
        "jaccard": _rows(overall, ["dataset", "split"]),
        "frame": _rows(frame[frame.frame == DIFFERENCE], ["dataset", "split", "margin"]),
    }  # fmt: skip
    write_json(bundle / "card.json", card)
    write_tables(bundle, {name: table.round(6) for name, table in tables.items()})
    export(bundle)


def _rows(table: pd.DataFrame, keys: list[str]) -> list[dict]:
    """Return figures of a table as entries of the card."""
    return json.loads(
        table[[*keys, "value", "low", "high", "n_images", "n_lesions"]].round(6).to_json(orient="records")
    )


def run(
    images: pd.DataFrame, bundle: Path, work: Path, layers: tuple[str, ...] = LAYERS, epochs: int = EPOCHS
) -> dict[str, pd.DataFrame]:
    """Learn, measure and pack; return the tables by their path in the bundle. Parameters as `learnt`."""
    card = load_card(bundle)
    network = load_network(card)
    drawn, threshold = learnt(images, network, work / "outline" / card.raw["weights"]["sha256"][:16], layers, epochs)
    judge = Judge(card, network, drawn)
    folds = read_folds(work.parent / card.model_id, card.raw.get("built", {}))
    frames = frame_table(frame_records(images, judge, threshold, folds))
    parts = [images[(images.dataset == dataset) & (images.split == split)] for dataset, split in MEASURED]
    records = photo_records(pd.concat(parts), judge, threshold)
    usual = records[(records.dataset == LEARNT_FROM) & (records.split == INTERNAL_TEST)]
    tables = {
        "results/outline.csv": outline_table(records),
        "results/outline_measures.csv": measures_table(usual),
        "results/outline_frame.csv": frames,
    }
    pack(bundle, drawn, threshold, tables)
    beside = {BESIDE: beside_table(beside_records(images, Analyser(bundle)))}  # as it is served, so after packing
    write_tables(bundle, {name: table.round(6) for name, table in beside.items()})
    return tables | beside


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    options = folders(__doc__, arguments, data=False)
    tables = run(split_images(options.work, options.bundle), options.bundle, options.work)
    agreement = tables["results/outline.csv"]
    print(agreement[agreement.label == ALL].round(3).to_string(index=False))
    print(tables["results/outline_frame.csv"].round(4).to_string(index=False))
    print(tables[BESIDE].round(3).to_string(index=False))
    return 0
