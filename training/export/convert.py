"""Write the bundle's network as ONNX and TFLite files, and hold their answers against the bundle's own.

    python -m training.export [--bundle model/bundle] [--out exported] [--format onnx tflite] [--photos FOLDER]

Each file comes with a JSON file that says what goes in and what comes out; `networks.engines` runs them. A file that
does not answer the golden photo, and 100 photos of FOLDER, as the bundle does is not kept.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.card import VIEWS, Card, bundle_folder
from model.errors import PhotoError
from model.explain import class_maps
from model.photo.folders import find_photos
from model.photo.image import read_file, read_photo
from model.preprocess import to_tensor
from training.command import one_sentence
from training.data.provenance import file_sha256
from training.export.engines import (
    INPUT,
    OUTPUTS,
    RUNNERS,
    Answer,
    Engine,
    ExportError,
    described_by,
    exported_path,
    require,
)

if TYPE_CHECKING:
    import tensorflow as tf

    from model.predict import Classifier

CONVERTERS = {"onnx": ("onnx", "tf2onnx"), "tflite": ()}  # format -> packages, besides TensorFlow, that write it
CLOSE = 1e-3  # largest difference of a probability between two float32 engines that is put down to rounding
PHOTOS = 100
ONNX_OPSET = 17


@dataclass(frozen=True)
class Agreement:
    """How far an exported file is from the bundle, over some photos.

    Parameters
    ----------
    photos : int
    probability : float
        Largest absolute difference of a calibrated probability.
    evidence : float
        Largest absolute difference of a cell of a class's map, in logit units.
    """

    photos: int
    probability: float
    evidence: float


def answering(classifier: "Classifier") -> "tf.types.experimental.GenericFunction":
    """Return the function that is exported: a photo (1, size, size, 3) -> `training.export.engines.OUTPUTS`.

    Views are made by slicing with constants: a tensor of axes would become an input of the ONNX graph.
    """
    import keras
    import tensorflow as tf

    card, network = classifier.card, classifier.network
    inner = keras.Model(network.input, [network.get_layer(n).output for n in (card.logits_layer, card.feature_layer)])
    views = [_reversing(VIEWS[view]) for view in card.views]

    @tf.function(input_signature=[tf.TensorSpec((1, card.size, card.size, 3), tf.float32, name=INPUT)])
    def answer(photo):
        logits, features = inner(tf.concat([photo[view] for view in views], axis=0), training=False)
        seen = zip(tf.split(features, len(views)), views, strict=True)
        upright = tf.add_n([part[view] for part, view in seen])[0] / len(views)
        evidence = tf.tensordot(upright, classifier.kernel, 1) / (upright.shape[0] * upright.shape[1])
        maps = tf.transpose(evidence, (2, 0, 1))
        found = (tf.nn.softmax(logits / card.temperature), upright, maps)
        return dict(zip(OUTPUTS, found, strict=True))

    return answer


def _reversing(axes: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index that reverses these axes of a batch (n, height, width, 3); applied twice it undoes itself."""
    return tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(4))


def write_onnx(classifier: "Classifier", path: Path) -> None:
    """Write an ONNX file; ExportError ``inputs`` if a constant of the network turned into one more input."""
    import onnx
    import tf2onnx

    answer = answering(classifier)
    written, _ = tf2onnx.convert.from_function(answer, answer.input_signature, opset=ONNX_OPSET)
    onnx.checker.check_model(written)
    inputs = [value.name for value in written.graph.input]
    if inputs != [INPUT]:
        raise ExportError("inputs", f"The ONNX graph must have the one input {INPUT}, but it has {', '.join(inputs)}.")
    path.write_bytes(written.SerializeToString())


def write_tflite(classifier: "Classifier", path: Path) -> None:
    """Write a TFLite file in float32."""
    import tensorflow as tf

    owner = tf.Module()  # a variable that the converter cannot find here is left unset: the file then answers NaN
    owner.weights = [variable.value for variable in classifier.network.variables]
    owner.answer = answering(classifier)
    concrete = owner.answer.get_concrete_function()
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner).convert())


WRITERS: dict[str, Callable[["Classifier", Path], None]] = {"onnx": write_onnx, "tflite": write_tflite}


def own_answer(classifier: "Classifier", photo: np.ndarray) -> Answer:
    """Return what the bundle itself says about a photo: ndarray, float32, shape (1, size, size, 3)."""
    raw = classifier.run(photo)
    probabilities = classifier.predictions(raw.logits)[0].probabilities
    return Answer(probabilities, raw.features[0], class_maps(raw.features[0], classifier.kernel))


def compare(engine: Callable[[np.ndarray], Answer], expected: list[tuple[np.ndarray, Answer]]) -> Agreement:
    """Let an engine answer every photo (1, size, size, 3) and keep the largest differences from what is expected."""
    pairs = [(engine(photo), answer) for photo, answer in expected]
    probability = np.max([np.abs(found.probabilities - answer.probabilities).max() for found, answer in pairs])
    evidence = np.max([np.abs(found.maps - answer.maps).max() for found, answer in pairs])
    return Agreement(len(pairs), float(probability), float(evidence))


def chosen_photos(folder: Path) -> list[Path]:
    """Return up to `PHOTOS` photos of a folder, at any depth, evenly spaced in the order of their names."""
    paths = find_photos(folder).photos
    if not paths:
        raise ExportError("no_photos", f"{folder} holds no photo; name another folder.")
    return [paths[index] for index in np.unique(np.linspace(0, len(paths) - 1, PHOTOS).round().astype(int))]


def tensors(paths: Iterable[Path], size: int) -> Iterator[np.ndarray]:
    """Yield photos as the network gets them, (1, size, size, 3); one that cannot be read is named and left out."""
    for path in paths:
        try:
            yield to_tensor(read_photo(read_file(path)).pixels, size)
        except PhotoError as error:
            print(f"{path}: left out, {error}", file=sys.stderr)


def description(card: Card, path: Path, agreement: dict[str, Agreement]) -> dict:
    """Return the content of the JSON file of an exported file; ``agreement`` is by the photos' name."""
    return {
        "model_id": card.model_id,
        "version": card.version,
        "file": path.name,
        "sha256": file_sha256(path),
        "bytes": path.stat().st_size,
        "weights_sha256": card.raw["weights"]["sha256"],
        "input": {"name": INPUT, "shape": [1, card.size, card.size, 3], "dtype": "float32", "range": [0, 255]},
        "outputs": {
            "probabilities": "(views, classes), calibrated, each view alone; their geometric mean over the views, "
            "made to sum to 1, is the answer",
            "features": "(rows, columns, channels), averaged over the views, a flipped view's flipped back",
            "maps": "(classes, rows, columns), Grad-CAM before its ReLU in logit units, from these features",
        },
        "labels": card.raw["output"]["labels"],
        "temperature": card.temperature,
        "temperature_applied": True,
        "views": list(card.views),
        "largest_difference": {name: asdict(found) for name, found in agreement.items()},
    }


def expectations(classifier: "Classifier", photos: list[Path]) -> dict[str, list[tuple[np.ndarray, Answer]]]:
    """Return the tensors that exported files are tried on, each with the bundle's answer, by the photos' name."""
    card = classifier.card
    sets = {"golden": [card.bundle_dir / "golden" / "photo.png"]} | ({"photos": photos} if photos else {})
    expected = {}
    for name, paths in sets.items():
        expected[name] = [(photo, own_answer(classifier, photo)) for photo in tensors(paths, card.size)]
        if not expected[name]:
            raise ExportError("no_photos", f"None of the photos ({name}) can be read; name another folder.")
    return expected


def export(classifier: "Classifier", path: Path, expected: dict[str, list]) -> dict[str, Agreement]:
    """Write one file, its format given by its ending, and its description; return how well it agrees.

    Raises
    ------
    ExportError
        ``disagrees``, the file being removed, if a probability differs by more than `CLOSE`.
    """
    described_by(path).unlink(missing_ok=True)  # what it says would not hold for the file that comes now
    WRITERS[path.suffix[1:]](classifier, path)
    engine = Engine(path)
    agreement = {name: compare(engine, pairs) for name, pairs in expected.items()}
    for name, found in agreement.items():
        if not found.probability <= CLOSE:  # also when it is not a number
            path.unlink()
            difference = f"differs by {found.probability:.2g} over {found.photos} photos ({name})"
            raise ExportError("disagrees", f"{path.name} {difference}, allowed is {CLOSE:g}; it was not kept.")
    text = json.dumps(description(classifier.card, path, agreement), indent=1, ensure_ascii=False)
    described_by(path).write_text(text + "\n", encoding="utf-8")
    return agreement


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    parser.add_argument("--out", type=Path, default=Path("exported"), help="where to write (default exported)")
    parser.add_argument("--format", nargs="+", choices=WRITERS, default=list(WRITERS), help="default: all of them")
    parser.add_argument("--photos", type=Path, help=f"folder; {PHOTOS} of its photos are compared as well")
    return parser


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require(*sorted({package for name in options.format for package in (*CONVERTERS[name], RUNNERS[name])}))
    photos = chosen_photos(options.photos) if options.photos else []
    from model.predict import Classifier  # brings TensorFlow, seconds that a mistake above should not wait for

    classifier = Classifier.load(bundle_folder(options.bundle))
    expected = expectations(classifier, photos)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.format:
        path = exported_path(options.out, classifier.card, name)
        for subject, found in export(classifier, path, expected).items():
            print(f"{path}: over {found.photos} photos ({subject}) probabilities differ by up to "
                  f"{found.probability:.1e}, maps by up to {found.evidence:.1e} logits")  # fmt: skip
    return 0
