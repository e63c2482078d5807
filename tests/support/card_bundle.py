"""A bundle without a network: a card, and the tables that a page reads; and what a page drew from them."""

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd

from training.data.label_sets import LABELS
from training.judging.sealing import seal

RECIPE = {
    "name": "second", "datasets": ["ham10000", "milk10k"], "architecture": "mobilenetv2", "weights": "trunk.h5",
    "size": 192, "serve_size": 224, "epochs": 5, "batch": 32, "rate": 0.0003, "dropout": 0.2, "balancing": "power",
    "balancing_options": {"exponent": 0.6}, "loss": "cross_entropy", "loss_options": {}, "refit_head": False,
    "freeze_until": "", "views": ["identity", "flip_left_right"], "seed": 2018, "start_from": "first",
}  # fmt: skip
FIRST = RECIPE | {"name": "first", "datasets": ["ham10000"], "size": 160, "serve_size": 0, "start_from": ""}
BUILT = {
    "recipe": RECIPE, "stages": [{"recipe": FIRST, "epochs": 7, "minutes": 34.1}], "epochs": 5, "minutes": 46.7,
    "pretrained_weights": "trunk.h5", "git_commit": "0123456789abcdef", "manifest_sha256": "fedcba9876543210",
    "libraries": {"keras": "3"}, "train_datasets": ["ham10000", "milk10k"], "train_images": 1234, "train_lesions": 987,
}  # fmt: skip
HUMAN = {
    "intended_use": "Tests only.", "not_for": ["Patients"], "limitations": ["Made up & <b>small</b>"],
    "under_represented": [], "licences": ["MIT"], "citations": ["Somebody. Something (2018)"],
}  # fmt: skip


def write_bundle(folder: Path, tables: dict[str, pd.DataFrame], **changes) -> Path:
    """Write a card and tables, by their names in the bundle, into a new folder and return it."""
    labels = [{"index": i, "code": code, "name": name, "malignant": bad} for i, (code, name, bad) in enumerate(LABELS)]
    card = {
        "schema": 1, "model_id": "second", "version": "0.0.1", "change_date": "2026-11-21", "built": BUILT,
        "weights": {"file": "weights.keras", "sha256": "", "parameters": 2266951},
        "input": {"shape": [64, 64, 3], "dtype": "float32", "range": [0, 255]},
        "output": {"labels": labels}, "inference": {"views": ["identity"]},
        "calibration": {"temperature": 1.5, "dataset": "ham10000", "fitted_on": "validation", "n_images": 40,
                        "n_lesions": 30},
        "explain": {"layer": "none", "logits_layer": "logits"}, "thresholds": [], "tables": {}, "human": HUMAN,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(card | changes))
    for name, table in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        table.to_csv(folder / name, index=False)
    seal(folder)
    return folder


def charts(page) -> list[dict]:
    """Return the charts of a page under test, their numbers as lists."""
    return [_plain(json.loads(chart.proto.spec)) for chart in page.get("plotly_chart")]


def _plain(value):
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "bdata" in value:  # how Plotly sends an array
        return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"]).tolist()
    return {name: _plain(part) for name, part in value.items()}


def text(page) -> str:
    """Return everything that is written on a page under test, less the style sheet."""
    html = [element.value for element in page.get("html") if "<style" not in element.value]
    kinds = (page.caption, page.info, page.markdown, page.header, page.code)
    return " ".join(html + [element.value for kind in kinds for element in kind])
