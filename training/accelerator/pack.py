"""Pack what a GPU machine needs: the images of training and validation, and each recipe's starting weights.

    python -m training.accelerator.pack RECIPE ... --work runs/data --splits model/bundle/dataset/splits.csv \\
        --out packed [--part-mib 55] [--quality 80] [--per-class N]

Images that the split table does not list join training, unless they share a near-duplicate group with validation or
test. Test images are not packed. The parts can be carried one by one; they hold compressed photos of the size of
`training.data.manifest.CANVAS`, so licences that forbid sharing the images forbid sharing the parts.
"""

import argparse
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from training.accelerator.plan import check_followed
from training.accelerator.weights import halved
from training.command import at_least, one_sentence
from training.data.batches import open_canvas
from training.data.label_sets import CODES
from training.data.manifest import CANVAS
from training.data.provenance import check_canvas, read_manifest
from training.data.splits import learnt_and_validated, read_split_table
from training.recipe import Recipe, load_recipe, trunk_in

MIB = 2**20


def encode(canvas, rows: np.ndarray, quality: int) -> Iterator[np.ndarray]:
    """Yield each image as the bytes of a WebP file: ndarray, uint8, shape (bytes,)."""

    def one(row: int) -> np.ndarray:
        bgr = cv2.cvtColor(np.ascontiguousarray(canvas[row]), cv2.COLOR_RGB2BGR)
        return cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].ravel()

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(one, rows)


def write_parts(photos: Iterator[np.ndarray], folder: Path, most: int) -> int:
    """Write ``part_00.npz`` and so on, each with at most about ``most`` bytes; return how many there are."""
    for earlier in folder.glob("part_*.npz"):  # of a packing that had more of them
        earlier.unlink()
    held: list[np.ndarray] = []
    part, size = 0, 0

    def flush() -> None:
        nonlocal part, held, size
        ends = np.cumsum([len(photo) for photo in held])
        np.savez(folder / f"part_{part:02d}.npz", data=np.concatenate(held), ends=ends)
        part, held, size = part + 1, [], 0

    for photo in photos:
        if held and size + len(photo) > most:
            flush()
        held.append(photo)
        size += len(photo)
    if held:
        flush()
    return part


def write_start(recipe: Recipe, folder: Path) -> None:
    """Build a recipe's network with its pretrained trunk and write the weights that training begins with."""
    from training.networks.architectures import build_network, logits_model

    network = logits_model(build_network(recipe, len(CODES)))
    np.savez(folder / f"start_{recipe.architecture}.npz", **halved(network.get_weights()))


def beginning(names: list[str], weights: str) -> list[Recipe]:
    """Return the recipes that begin with pretrained weights, one of each architecture, and where those are.

    Raises
    ------
    TrainingError
        If a recipe cannot be trained on a GPU machine, or there are no such weights.
    """
    recipes = [load_recipe(name) for name in names]
    for recipe in recipes:
        check_followed(recipe)
    first = {recipe.architecture: recipe for recipe in recipes if not recipe.start_from}
    return [dataclasses.replace(recipe, weights=trunk_in(weights, name)) for name, recipe in first.items()]


def few(images: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep that many images of each set, split and class, for a rehearsal."""
    if not per_class:
        return images
    return images.groupby(["dataset", "split", "label"]).head(per_class).reset_index(drop=True)


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--work", type=Path, default=Path("runs/data"), help="folder of manifest.csv and canvas.npy")
    parser.add_argument("--splits", type=Path, default=Path("model/bundle/dataset/splits.csv"))
    parser.add_argument("--weights", default="imagenet", help="imagenet, or a folder with the pretrained trunks")
    parser.add_argument("--out", type=Path, default=Path("runs/packed"))
    parser.add_argument("--part-mib", type=at_least(1, float), default=55)
    parser.add_argument("--quality", type=at_least(1, int, 100), default=80)
    parser.add_argument(
        "--per-class", type=at_least(1, int), help="rehearse with that many images of each set and class"
    )
    options = parser.parse_args(arguments)
    starts = beginning(options.recipes, options.weights)
    splits, manifest = read_split_table(options.splits, ("image_id", "split", "dataset")), read_manifest(options.work)
    check_canvas(options.work, manifest, CANVAS)
    images = few(learnt_and_validated(manifest, splits), options.per_class)
    options.out.mkdir(parents=True, exist_ok=True)
    images[["image_id", "lesion_id", "dataset", "label", "split"]].to_csv(options.out / "images.csv", index=False)
    photos = encode(open_canvas(options.work), images.canvas_row.to_numpy(), options.quality)
    parts = write_parts(photos, options.out, round(options.part_mib * MIB))
    for recipe in starts:
        write_start(recipe, options.out)
    print(f"{len(images):,} images in {parts} parts; next: python -m training.accelerator.train, on the GPU machine")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
