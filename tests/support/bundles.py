"""A whole bundle in seconds: a small untrained network with everything that a published one carries."""

import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from PIL import Image

from model.card import load_card
from model.evaluation.summary import summarise
from model.pipeline import Analyser
from training.data.label_sets import LABELS
from training.export.convert import export
from training.judging.sealing import seal
from training.networks.architectures import tiny
from training.synthetic.lesions import render_lesion

SIZE = 64
NEVER_SUPPORTED = "df"  # the network holds no evidence for this class, so its map is never informative
CODES = tuple(code for code, _, _ in LABELS)
PATIENT = {  # made up: melanoma rises with age, and vascular lesions are of men's heads
    "power": 0.5, "youngest": 20, "oldest": 85, "typical_age": 50.0,
    "log_factors": {
        "decade": [0, 0, 0, 0, 0.4, -0.4, 0],
        "sex": {"female": [0, 0, 0, 0, 0, 0, -0.6], "male": [0, 0, 0, 0, 0, 0, 0.6]},
        "site": {"head": [0, 0, 0, 0, 0, 0, 1.0], "trunk": [0, 0, 0, 0, 0, 0, -1.0], "upper": [0] * 7,
                 "lower": [0] * 7, "acral": [0] * 7},
    },
}  # fmt: skip
SPREAD = 40  # random weights hardly tell photos apart; this much more contrast makes answers differ


def build_bundle(folder: Path) -> Path:
    """Write weights, card, tables, a golden photo and checksums into a new folder and return it."""
    for name in ("results", "dataset", "golden"):
        (folder / name).mkdir(parents=True)
    network = small_network()
    network.save(folder / "weights.keras")
    drawn = dark_is_lesion(network)
    drawn.save(folder / "outline.keras")
    card = _card(folder / "weights.keras", network)
    card["outline"] = {
        "file": "outline.keras",
        "sha256": hashlib.sha256((folder / "outline.keras").read_bytes()).hexdigest(),
        "weights_sha256": card["weights"]["sha256"],
        "layers": [one.name for one in drawn.inputs],
        "threshold": 0.5,
    }
    (folder / "card.json").write_text(json.dumps(card))
    _write_tables(folder)
    seal(folder)
    export(folder)
    write_golden(folder)
    seal(folder)
    return folder


def small_network() -> "keras.Model":
    """Return a flat network with fixed random weights whose answers differ between photos."""
    keras.utils.set_random_seed(0)
    network = tiny(SIZE, len(CODES), dropout=0.1)
    logits = network.get_layer("logits")
    kernel, bias = logits.get_weights()
    kernel *= SPREAD
    kernel[:, CODES.index(NEVER_SUPPORTED)] = -np.abs(kernel[:, CODES.index(NEVER_SUPPORTED)]) / SPREAD
    logits.set_weights([kernel, bias])
    return network


def dark_is_lesion(network: "keras.Model") -> "keras.Model":
    """Return a network that calls dark pixels the lesion, from the photo as the other network scales it."""
    scaled = next(layer for layer in network.layers if isinstance(layer, keras.layers.Rescaling))
    photo = keras.Input((SIZE, SIZE, 3), name=scaled.name)
    smooth = keras.layers.AveragePooling2D(5, strides=1, padding="same")(photo)
    inside = keras.layers.Conv2D(1, 1, activation="sigmoid", name="inside")
    drawn = keras.Model(photo, inside(smooth))
    inside.set_weights([np.full((1, 1, 3, 1), -10.0), np.array([3.0])])
    return drawn


def _card(weights: Path, network: "keras.Model") -> dict:
    content = weights.read_bytes()
    return {
        "schema": 1,
        "model_id": "untrained",
        "version": "0.0.1",
        "change_date": "2026-11-21",
        "built": {"recipe": "untrained", "git_commit": "none", "manifest_sha256": "", "libraries": {}},
        "weights": {
            "file": weights.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "parameters": network.count_params(),
        },
        "input": {"shape": [SIZE, SIZE, 3], "dtype": "float32", "range": [0, 255], "resize": "bicubic"},
        "output": {
            "labels": [
                {"index": index, "code": code, "name": name, "malignant": malignant}
                for index, (code, name, malignant) in enumerate(LABELS)
            ],
            "activation": "softmax",
        },
        "inference": {"views": ["identity", "flip_left_right", "flip_up_down", "rotate_180"]},
        "calibration": {"method": "temperature", "temperature": 1.5, "fitted_on": "validation"},
        "patient": PATIENT,
        "thresholds": [],
        "abstention": [],
        "explain": {
            "method": "Grad-CAM, closed form",
            "layer": network.get_layer("pool").input._keras_history.operation.name,
            "logits_layer": "logits",
        },
        "tables": {},
        "human": {
            "intended_use": "Tests only.",
            "not_for": ["Patients"],
            "limitations": ["Untrained"],
            "under_represented": [],
            "licences": [],
            "citations": [],
        },
    }


def _write_tables(folder: Path) -> None:
    """Write made-up predictions and the tables that follow from them."""
    predictions = _predictions(np.random.default_rng(0))
    predictions.to_csv(folder / "results/predictions.csv", index=False)
    metrics = summarise(predictions, load_card(folder).labels, np.random.default_rng(0), resamples=50)
    metrics.to_csv(folder / "results/metrics.csv", index=False)
    predicted = predictions[[f"p_{code}" for code in CODES]].to_numpy().argmax(axis=1)
    named = predictions.assign(predicted=np.array(CODES)[predicted])
    confusion = named.groupby(["dataset", "split", "label", "predicted"]).size().rename("count")
    confusion.reset_index().to_csv(folder / "results/confusion.csv", index=False)
    history = pd.DataFrame({"epoch": [1, 2], "loss": [1.9, 1.4], "val_loss": [1.8, 1.5]})
    history.to_csv(folder / "results/history.csv", index=False)
    splits = predictions[["image_id", "lesion_id", "dataset", "label", "split"]]
    splits = splits.assign(group=splits.lesion_id)
    splits.to_csv(folder / "dataset/splits.csv", index=False)
    counts = splits.groupby(["dataset", "split", "label"]).agg(
        images=("image_id", "size"), lesions=("lesion_id", "nunique")
    )
    counts.reset_index().to_csv(folder / "dataset/class_counts.csv", index=False)


def _predictions(random: np.random.Generator, images: int = 280) -> pd.DataFrame:
    lesions = np.arange(images) // 2
    targets = lesions % len(CODES)
    logits = random.normal(size=(images, len(CODES)))
    logits[np.arange(images), targets] += 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "image_id": [f"IMAGE_{number:04d}" for number in range(images)],
            "lesion_id": [f"LESION_{number:04d}" for number in lesions],
            "dataset": "ham10000",
            "split": np.where(lesions < images // 4, "validation", "internal_test"),
            "label": np.array(CODES)[targets],
        }
        | {f"p_{code}": probabilities[:, index] for index, code in enumerate(CODES)}
    )


def write_golden(folder: Path) -> None:
    """Render the golden photo and store what the bundle answers to it."""
    Image.fromarray(render_lesion("mel", np.random.default_rng(7), 160)).save(folder / "golden/photo.png")
    prediction = Analyser(folder).analyse((folder / "golden/photo.png").read_bytes()).prediction
    expected = {
        "probabilities": dict(zip(CODES, map(float, prediction.probabilities), strict=True)),
        "tolerance": 0.005,
    }
    (folder / "golden/expected.json").write_text(json.dumps(expected))
