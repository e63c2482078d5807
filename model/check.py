"""Check a bundle's card against everything it describes: weights, network, preprocessing, golden photo, tables."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.answer.check_decision import decision_faults
from model.card import VIEWS, Card, load_card
from model.errors import LesionscopeError
from model.evaluation.tables import load_table
from model.network.keras_engine import keras, load_network, load_outline  # Keras with its backend chosen
from model.pipeline import Analyser
from model.predict import softmax
from model.preprocess import to_tensor

CHECKSUMS = "SHA256SUMS"
PROBE = (48, 72)  # height and width of a photo that has to be cropped and enlarged
CLOSE = 1e-4  # of a float32 network computed in two ways


def check_bundle(bundle_dir: Path | str | None = None) -> list[str]:
    """Return one sentence for each disagreement; an empty list means that bundle and card agree.

    Parameters
    ----------
    bundle_dir : path, optional
        Folder of the bundle; by default ``LESIONSCOPE_BUNDLE`` or the one in the repository.
    """
    try:
        card = load_card(bundle_dir)
        found = [*_checksums(card), *_weights_files(card), *_tables(card), *decision_faults(card)]
        network = load_network(card)
    except LesionscopeError as error:
        return [str(error)]
    found += [*_network(card, network), *_readings(card, network)]
    return found or [
        *_input(card, network),
        *_golden(card),
    ]  # the answers of a wrong network would only repeat the error


def _checksums(card: Card) -> Iterator[str]:
    """Compare every file with ``SHA256SUMS``, and the list with the folder."""
    listing = card.bundle_dir / CHECKSUMS
    if not listing.is_file():
        yield f"{CHECKSUMS} is missing."
        return
    listed = {}
    for line in listing.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    present = {
        path.relative_to(card.bundle_dir).as_posix()
        for path in card.bundle_dir.rglob("*")
        if path.is_file() and path != listing
    }
    for name in sorted(listed.keys() - present):
        yield f"{name} is listed in {CHECKSUMS} but missing."
    for name in sorted(present - listed.keys()):
        yield f"{name} is not listed in {CHECKSUMS}."
    for name in sorted(present & listed.keys()):
        if _sha256(card.bundle_dir / name) != listed[name]:
            yield f"{name} has changed since {CHECKSUMS} was written."


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _weights_files(card: Card) -> Iterator[str]:
    """Compare the network's files, for Keras and for ONNX Runtime, with the card."""
    for part in ("weights", "exported"):
        promised = card.raw.get(part)
        if promised is None or not (path := card.bundle_dir / promised["file"]).is_file():
            continue  # loading the network reports it
        if _sha256(path) != promised["sha256"]:
            yield f"{path.name} is not the file in the card: its SHA-256 differs."
        if path.stat().st_size != promised.get("bytes"):
            yield f"{path.name} has {path.stat().st_size} bytes, the card says {promised.get('bytes')}."


def _tables(card: Card) -> Iterator[str]:
    for name in card.raw.get("tables", {}):
        try:
            load_table(card, name)
        except LesionscopeError as error:
            yield str(error)


def _network(card: Card, network: "keras.Model") -> Iterator[str]:
    """Compare the graph with the card: size, classes, layers, and a form for which closed-form Grad-CAM is valid."""
    shape, outputs = tuple(network.input_shape), tuple(network.output_shape)
    if shape != (None, card.size, card.size, 3):
        yield f"The network takes {shape}, the card says {card.size} x {card.size} x 3."
    if outputs != (None, len(card.labels)):
        yield f"The network gives {outputs}, the card names {len(card.labels)} classes."
    parameters = card.raw["weights"].get("parameters")
    if network.count_params() != parameters:
        yield f"The network has {network.count_params()} parameters, the card says {parameters}."
    nested = [layer.name for layer in network.layers if isinstance(layer, keras.Model)]
    if nested:
        yield f"The network is not flat: '{nested[0]}' is a model inside it."
    logits = network.get_layer(card.logits_layer)
    if not isinstance(logits, keras.layers.Dense) or logits.activation is not keras.activations.linear:
        yield f"The layer '{logits.name}' must be a dense layer without activation."
    if network.layers[-1].name != logits.name and _source(network.layers[-1]) is not logits:
        yield f"The network's output does not follow directly from '{logits.name}'."
    pooling = _source(logits)
    while isinstance(pooling, keras.layers.Dropout):
        pooling = _source(pooling)
    if not isinstance(pooling, keras.layers.GlobalAveragePooling2D):
        yield f"The layer before '{logits.name}' is '{pooling.name}', not the global average pooling that maps need."
    elif _source(pooling).name != card.feature_layer:
        yield f"The pooled layer is '{_source(pooling).name}', the card says '{card.feature_layer}'."


def _readings(card: Card, network: "keras.Model") -> Iterator[str]:
    """Gate, gauges and outline have to be fitted to these weights, and to read features that there are."""
    try:
        load_outline(card, network)
    except LesionscopeError as error:
        yield str(error)
    kernels = {"gate": [card.gate.kernel]} if card.gate else {}
    if card.gauges:
        kernels["gauges"] = [head.kernel for head in card.gauges.heads.values()]
    for name, parts in kernels.items():
        channels = network.get_layer(card.logits_layer).input.shape[-1]
        if card.raw.get(name, {}).get("weights_sha256", card.raw["weights"]["sha256"]) != card.raw["weights"]["sha256"]:
            yield f"The {name} in the card was fitted to other weights; run training.{name} again."
        elif any(len(kernel) != channels for kernel in parts):
            yield f"The {name} in the card does not read the {channels} features of the network."


def _source(layer: "keras.layers.Layer") -> "keras.layers.Layer":
    """Return the layer that feeds this one (a list input has no single one and is returned as itself)."""
    feeding = layer.input
    return layer if isinstance(feeding, list) else feeding._keras_history.operation


def _input(card: Card, network: "keras.Model") -> Iterator[str]:
    """Run the real preprocessing on a made-up photo and compare the served answer with the plain network's."""
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (*PROBE, 3), dtype=np.uint8)
    tensor = to_tensor(photo, card.size)
    promised = (1, *card.raw["input"]["shape"])
    if tensor.shape != promised or str(tensor.dtype) != card.raw["input"]["dtype"]:
        yield f"Preprocessing gives {tensor.dtype} {tensor.shape}, the card says {promised}."
        return
    low, high = card.raw["input"]["range"]
    if tensor.min() < low or tensor.max() > high or tensor.max() <= (low + high) / 2:
        yield f"Preprocessing gives values {tensor.min():g} to {tensor.max():g}, the card says {low} to {high}."
    analyser = Analyser(card.bundle_dir)
    yield from _views(analyser, tensor, network)
    yield from _additive(analyser, tensor)


def _views(analyser: Analyser, tensor: np.ndarray, network: "keras.Model") -> Iterator[str]:
    """Average the Keras network's views here and compare what is served, by whatever engine, with the result."""
    card = analyser.card
    logits_only = keras.Model(network.input, network.get_layer(card.logits_layer).output)
    seen = [np.flip(tensor, VIEWS[view]) for view in card.views]
    mean = np.mean([np.asarray(logits_only(view, training=False)) for view in seen], axis=0)
    served = analyser.classifier.predictions(analyser.classifier.run(tensor).logits)[0].probabilities
    if np.abs(softmax(mean / card.temperature)[0] - served).max() > CLOSE:
        yield "The served probabilities are not the calibrated mean of the Keras network's views."


def _additive(analyser: Analyser, tensor: np.ndarray) -> Iterator[str]:
    """Each class's map, summed, plus its bias has to give its logit."""
    raw = analyser.classifier.run(tensor)
    pooled = raw.features[0].mean(axis=(0, 1)) @ analyser.classifier.kernel + analyser.classifier.bias
    if np.abs(pooled - raw.logits[0]).max() > CLOSE * max(1, np.abs(raw.logits).max()):
        yield "The heat maps do not add up to the logits, so they do not explain this network."


def _golden(card: Card) -> Iterator[str]:
    """Assess the pinned photo as the application does."""
    folder = card.bundle_dir / "golden"
    if not (folder / "photo.png").is_file() or not (folder / "expected.json").is_file():
        yield "The golden photo or its expected answer is missing."
        return
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    answer = Analyser(card.bundle_dir).analyse((folder / "photo.png").read_bytes()).prediction
    for code, probability in zip(card.codes, answer.probabilities, strict=True):
        wanted = expected["probabilities"].get(code)
        if wanted is None or abs(wanted - probability) > expected["tolerance"]:
            yield f"The golden photo gives {code} {probability:.4f}, expected {wanted}."
