"""Write the bundle's network for ONNX Runtime, which serves it, and compare its answers with the Keras network's.

    python -m training.export [--bundle model/bundle] [--photos FOLDER]

`training.bundle` does this for a new bundle. The file ``network.onnx`` has the weights of ``weights.keras``: those that
half precision holds exactly are stored in it, so nothing is rounded. A file that does not answer the golden photo, a
noise picture, and 100 photos of FOLDER, as the Keras network does is not kept.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.card import bundle_folder, load_card
from model.errors import PhotoError
from model.network.engines import (
    BIAS,
    FEATURES,
    INPUT,
    KERNEL,
    LOGITS,
    MADE_FROM,
    OUTLINE,
    POOLED,
    OnnxEngine,
    origin,
)
from model.network.keras_engine import KerasEngine, load_network, load_outline, served_function
from model.photo.folders import find_photos
from model.photo.image import read_file, read_photo
from model.predict import softmax
from model.preprocess import to_tensor
from training.command import TrainingError, one_sentence
from training.data.provenance import file_sha256
from training.judging.sealing import seal, write_json

if TYPE_CHECKING:
    import onnx

FILE = "network.onnx"
OPSET = 17
WORTH_HALVING = 1000  # weights; in smaller arrays the conversion costs more than it saves
CLOSE = 1e-4  # largest difference of a probability between two float32 engines that is put down to rounding
PHOTOS = 100


class ExportError(TrainingError):
    """A network could not be exported."""


def converted(engine: KerasEngine) -> "onnx.ModelProto":
    """Return the network as an ONNX graph from photos (n, size, size, 3) to the outputs of `model.network.engines`."""
    import onnx
    import tensorflow as tf
    import tf2onnx

    forward = served_function(engine.card, engine.network, load_outline(engine.card, engine.network))

    @tf.function(input_signature=forward.input_signature)
    def exported(photos):
        constants = {KERNEL: tf.identity(tf.constant(engine.kernel)), BIAS: tf.identity(tf.constant(engine.bias))}
        return forward(photos) | constants

    graph, _ = tf2onnx.convert.from_function(exported, exported.input_signature, opset=OPSET)
    store_halved(graph)
    onnx.helper.set_model_props(graph, {MADE_FROM: origin(engine.card)})
    onnx.checker.check_model(graph)
    inputs, outputs = ([value.name for value in part] for part in (graph.graph.input, graph.graph.output))
    wanted = {LOGITS, POOLED, FEATURES, KERNEL, BIAS} | ({OUTLINE} if engine.card.outline else set())
    if inputs != [INPUT] or set(outputs) != wanted:
        raise ExportError(f"The ONNX graph has the inputs {inputs} and the outputs {outputs}.")
    return graph


def store_halved(graph: "onnx.ModelProto") -> None:
    """Store weights in half precision where it holds them exactly; the graph widens them when it is loaded."""
    from onnx import TensorProto, helper, numpy_helper

    widening = []
    for stored in list(graph.graph.initializer):
        weights = numpy_helper.to_array(stored)
        if weights.dtype != np.float32 or weights.size < WORTH_HALVING:
            continue
        with np.errstate(over="ignore"):
            half = weights.astype(np.float16)
        if np.array_equal(half.astype(np.float32), weights):
            graph.graph.initializer.remove(stored)
            narrow = numpy_helper.from_array(half, f"{stored.name}/half")
            graph.graph.initializer.append(narrow)
            widening.append(helper.make_node("Cast", [narrow.name], [stored.name], to=TensorProto.FLOAT))
    for node in reversed(widening):
        graph.graph.node.insert(0, node)


def largest_difference(one, other, photos: Iterable[np.ndarray], temperature: float) -> tuple[int, float, float]:
    """Let two engines answer photos (1, size, size, 3).

    Returns
    -------
    tuple of int, float, float
        How many photos; the largest difference of a calibrated probability; that of a cell of a feature map, over the
        largest cell.
    """
    count, probability, cell = 0, 0.0, 0.0
    for photo in photos:
        answers = [engine.run(photo, features=True) for engine in (one, other)]
        shares = [softmax(answer.logits / temperature) for answer in answers]
        maps = [answer.features for answer in answers]
        count += 1
        probability = np.fmax(probability, np.abs(shares[0] - shares[1]).max())
        cell = np.fmax(cell, np.abs(maps[0] - maps[1]).max() / max(float(np.abs(maps[0]).max()), 1e-6))
    return count, float(probability), float(cell)


def chosen_photos(folder: Path) -> list[Path]:
    """Return up to `PHOTOS` photos of a folder, at any depth, evenly spaced in the order of their names."""
    paths = find_photos(folder).photos
    if not paths:
        raise ExportError(f"{folder} holds no photo; name another folder.")
    return [paths[index] for index in np.unique(np.linspace(0, len(paths) - 1, PHOTOS).round().astype(int))]


def _tensors(paths: Iterable[Path], size: int) -> Iterator[np.ndarray]:
    """Yield a noise picture, and photos as the network gets them; one that cannot be read is named and left out."""
    yield np.random.default_rng(0).uniform(0, 255, (1, size, size, 3)).astype(np.float32)
    for path in paths:
        try:
            yield to_tensor(read_photo(read_file(path)).pixels, size)
        except PhotoError as error:
            print(f"{path}: left out, {error}", file=sys.stderr)


def export(bundle: Path, photos: Iterable[Path] = ()) -> tuple[int, float, float]:
    """Write a bundle's ``network.onnx``, enter it into the card and seal the bundle; return `largest_difference`.

    Raises
    ------
    ExportError
        The file and the card's entry being removed, if a probability differs by more than `CLOSE`.
    """
    raw = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    raw.pop("exported", None)
    write_json(bundle / "card.json", raw)
    path, card = bundle / FILE, load_card(bundle)
    keras_engine = KerasEngine(card, load_network(card))
    path.write_bytes(converted(keras_engine).SerializeToString())
    entry = {"file": FILE, "sha256": file_sha256(path), "bytes": path.stat().st_size, "opset": OPSET}
    write_json(bundle / "card.json", raw | {"exported": entry})
    golden = [place for place in [bundle / "golden" / "photo.png"] if place.is_file()]
    found = largest_difference(
        keras_engine, OnnxEngine(load_card(bundle)), _tensors([*golden, *photos], card.size), card.temperature
    )
    if not found[1] <= CLOSE:  # also when it is not a number
        path.unlink()
        write_json(bundle / "card.json", raw)
        seal(bundle)
        raise ExportError(f"{FILE} differs by {found[1]:.2g}, allowed is {CLOSE:g}; it was not kept.")
    seal(bundle)
    return found


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    parser.add_argument("--photos", type=Path, help=f"folder; {PHOTOS} of its photos are compared as well")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    photos = chosen_photos(options.photos) if options.photos else []
    count, probability, cell = export(bundle_folder(options.bundle), photos)
    maps = f"feature maps by up to {cell:.1e} of their largest value"
    print(f"{FILE}: over {count} photos probabilities differ by up to {probability:.1e}, {maps}")
    return 0
