"""How long an answer takes, compared with Keras' predict and a tf-keras-vis Grad-CAM call.

    python -m benchmarks.speed [--repeats 20] [--bundle FOLDER]

All methods are timed in turn within one run, so that other work on the machine slows all of them alike: the ratios are
more reliable than the milliseconds. The one-pass way computes all of the card's views and the maps of all classes;
predict and Grad-CAM do one view and one class. Goals are printed with the measurements: a photo against the forward
pass alone, the one-pass way against a plain MobileNetV2 in the same engine, and, from a separate process, the seconds
to the app's first answer and its peak memory.
"""

import argparse
import io
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks import memory
from model.card import BUNDLE_VARIABLE, Card
from model.explain import explain_all
from model.pipeline import Analyser
from model.preprocess import to_tensor
from training.synthetic.lesions import render_lesion

if TYPE_CHECKING:
    import keras

UPLOAD = "upload to answer, 600 x 450 JPEG"
PHONE = "upload to answer, 12-megapixel JPEG"
ONE_PASS = "prediction and maps of all classes, one pass"
BARE = "forward pass, no map"
PREDICT = "Keras predict, one view, no map"
GRADCAM = "tf-keras-vis Gradcam, one view, one class"
PLAIN = "plain MobileNetV2 at 224 px, one view, no map"
PLAIN_SIZE = 224
PLAIN_LIMIT = 5  # times the plain network that a prediction with all maps may take
UPLOAD_LIMIT = 1.3  # times the bare forward pass that a photo may take, from its file to its answer
START_LIMIT = 4  # seconds from the start of the app to its first answer
MEMORY_LIMIT = 450e6  # bytes that the app may use
WARM_UP = 2  # calls that are not counted


def jpeg(width: int, height: int) -> bytes:
    """Return a synthetic lesion as the bytes of a JPEG file."""
    square = Image.fromarray(render_lesion("mel", np.random.default_rng(0), 600))
    buffer = io.BytesIO()
    square.crop((0, 75, 600, 525)).resize((width, height)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def ways(analyser: Analyser) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name."""
    from model.network.keras_engine import load_network  # brings TensorFlow, which `jpeg` does without

    classifier, card = analyser.classifier, analyser.card
    network = load_network(card)
    small, large = jpeg(600, 450), jpeg(4032, 3024)
    tensor = to_tensor(analyser.analyse(small).photo.pixels, card.size)

    def one_pass():
        raw = classifier.run(tensor)
        return classifier.predictions(raw.logits), explain_all(card.codes, raw.features[0], classifier.kernel)

    return {
        UPLOAD: lambda: analyser.analyse(small),
        PHONE: lambda: analyser.analyse(large),
        ONE_PASS: one_pass,
        BARE: lambda: classifier.run(tensor, features=False),
        PREDICT: lambda: network.predict(tensor, verbose=0),
        GRADCAM: library_call(card, network, tensor),
        PLAIN: plain_call(),
    }


def plain_call() -> Callable[[], object]:
    """Return one call of MobileNetV2 (Sandler 2018) as it was published, untrained, in ONNX Runtime."""
    import keras
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    network = keras.applications.MobileNetV2((PLAIN_SIZE, PLAIN_SIZE, 3), weights=None)
    photo = tf.TensorSpec((1, PLAIN_SIZE, PLAIN_SIZE, 3), tf.float32, name="photo")
    forward = tf.function(lambda batch: network(batch, training=False), input_signature=[photo])
    graph, _ = tf2onnx.convert.from_function(forward, [photo], opset=17)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    batch = {graph.graph.input[0].name: np.zeros(photo.shape, np.float32)}
    return lambda: session.run(None, batch)


def library_call(card: Card, network: "keras.Model", tensor: np.ndarray) -> Callable[[], object]:
    """Return one Grad-CAM call of tf-keras-vis, its cloned model built beforehand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore

    gradcam = Gradcam(network, model_modifier=ReplaceToLinear(), clone=True)
    melanoma = CategoricalScore(card.codes.index("mel"))
    return lambda: gradcam(melanoma, tensor, penultimate_layer=card.feature_layer)


def measure(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median milliseconds of each call, all of them timed in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + repeats):
        for name, call in calls.items():
            call()  # so that each is timed with its own data in the caches, not that of the call before
            start = time.perf_counter()
            call()
            if turn >= WARM_UP:
                seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(taken) for name, taken in seconds.items()}


def table(medians: dict[str, float]) -> str:
    """Return the medians, each as a multiple of the one-pass way, and the ratio that the design aims at."""
    lines = [f"{'median of one call':<50}{'ms':>8}{'times one pass':>16}"]
    lines += [f"{name:<50}{taken:8.1f}{taken / medians[ONE_PASS]:16.1f}" for name, taken in medians.items()]
    ratio = (medians[PREDICT] + medians[GRADCAM]) / medians[ONE_PASS]
    lines.append(f"\npredict and Gradcam together take {ratio:.1f} times as long as the one-pass way")
    upload = medians[UPLOAD] / medians[BARE]
    lines.append(f"a photo takes {upload:.2f} times as long as the forward pass alone, {limit(upload, UPLOAD_LIMIT)}")
    plain = medians[ONE_PASS] / medians[PLAIN]
    lines.append(f"the one-pass way takes {plain:.1f} times as long as the plain network, {limit(plain, PLAIN_LIMIT)}")
    return "\n".join(lines)


def limit(value: float, highest: float) -> str:
    """Return how a value compares with its limit."""
    return f"{'within' if value <= highest else 'ABOVE'} the limit of {highest:g}"


def new_user(bundle: Path | None) -> str:
    """Return a sentence on the app's first answer and its peak memory."""
    found = memory.measure(os.environ | ({BUNDLE_VARIABLE: str(bundle.resolve())} if bundle else {}))
    if found is None:
        return "the app's start and memory were not measured: it did not answer a photo"
    seconds, peak = found
    return (
        f"the app's first answer comes {seconds:.1f} s after its start, {limit(seconds, START_LIMIT)} s; "
        f"it holds {peak / 1e6:.0f} MB at most, {limit(peak / 1e6, MEMORY_LIMIT / 1e6)} MB"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=20, help="timed calls of each way (default 20)")
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the one in the repository)")
    options = parser.parse_args(arguments)
    analyser = Analyser(options.bundle)
    card = analyser.card
    print(f"{card.release}, {card.size} px, views: {', '.join(card.views)}")
    print(table(measure(ways(analyser), options.repeats)))
    print(new_user(options.bundle))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
