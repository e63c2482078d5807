"""The page that answers a photo as a person uses it, with bundles that have levels, tables or a gate."""

import hashlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from streamlit.testing.v1 import AppTest

from model.card import load_card
from training.judging.sealing import seal
from training.synthetic.lesions import render_frame

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = "ISIC_0000288"
LEVELS = {"rule_out": 0.0001, "balanced": 0.3, "confirm": 0.9999}  # every answer lies between the first and the last
SETS = (("ham10000", "internal_test", 0.9, 200), ("ph2", "external", 0.8, 40))  # dataset, split, found, images


def open_app() -> AppTest:
    """A fresh session."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def drawn_photo(seed: int = 23) -> bytes:
    """A drawn lesion left of the middle of an 800 x 600 photo, as a JPEG file."""
    buffer = io.BytesIO()
    picture = render_frame("mel", np.random.default_rng(seed), (600, 800), (0.29, 0.54))
    Image.fromarray(picture).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def upload(app: AppTest, data: bytes, name: str = "photo.jpg") -> AppTest:
    [uploader] = app.get("file_uploader")
    return uploader.upload(name, data, "image/jpeg").run()


def html(app: AppTest) -> str:
    """Everything written as HTML, less style sheet and scripts."""
    written = [element.value for element in app.get("html")]
    return " ".join(text for text in written if "<style" not in text and "<script" not in text)


def headline(app: AppTest) -> str | None:
    """The heading of the answer, if there is one."""
    found = re.search(r'<h1 class="headline"[^>]*>(.*?)</h1>', html(app))
    return found and found.group(1)


def bars(app: AppTest) -> str | None:
    """The table of probabilities, if there is one."""
    found = re.search(r'<table class="differential">.*?</table>', html(app))
    return found and found.group()


def picture(app: AppTest, alt: str) -> str:
    """Address of the one picture whose description starts so; it changes with the pixels."""
    [address] = [image.value[0] for image in app.get("image") if image.proto.imgs[0].alt.startswith(alt)]
    return address


def judged_bundle(tiny: Path, folder: Path) -> Path:
    """Copy a bundle and give it levels, a rule, sets and what was measured of them."""
    shutil.copytree(tiny, folder)
    card = json.loads((folder / "card.json").read_text())
    card["calibration"]["dataset"] = "ham10000"
    card["thresholds"] = [
        {"name": f"{subject} {role}", "subject": subject, "role": role, "value": value, "chosen_for": "a test"}
        for subject in ("mel", "malignant")
        for role, value in LEVELS.items()
    ]
    card["decision"] = {"rule": "balanced", "log_offsets": [0, 0, 0, 20, 0, 0, 0]}  # whatever it is, it is named df
    levels = [{"level": level, "malignant": limit, "benign": limit} for level, limit in ((0.9, 0.9), (0.95, 0.0))]
    card["prediction_sets"] = {"method": "a test", "levels": levels, "fitted_on": "validation"}
    (folder / "card.json").write_text(json.dumps(card))
    pd.DataFrame(_points(card)).to_csv(folder / "results/operating_points.csv", index=False)
    like_this = [
        {"dataset": dataset, "split": split, "above": 0.0, "below": 1.0, "n_images": images, "n_lesions": images,
         "n_malignant": images // 4, "value": 0.25, "low": 0.2, "high": 0.3, "interval": "invented"}
        for dataset, split, _, images in SETS
    ]  # fmt: skip
    pd.DataFrame(like_this).to_csv(folder / "results/answers_like_this.csv", index=False)
    seal(folder)
    return folder


def _points(card: dict) -> list[dict]:
    return [
        {"dataset": dataset, "split": split, "point": point["name"], "subject": point["subject"],
         "threshold": point["value"], "metric": metric, "value": value, "low": value - 0.05, "high": value + 0.05,
         "n_images": images, "n_lesions": images}
        for dataset, split, found, images in SETS
        for point in card["thresholds"]
        for metric, value in (("sensitivity", found), ("specificity", 0.75))
    ]  # fmt: skip


def gated_bundle(judged: Path, folder: Path) -> Path:
    """Copy a bundle and let its gate refuse every photo."""
    shutil.copytree(judged, folder)
    channels = _channels(folder)
    np.savez(folder / "gate.npz", kernel=np.zeros(channels, np.float32), bias=np.float32(5))
    card = json.loads((folder / "card.json").read_text())
    digest = hashlib.sha256((folder / "gate.npz").read_bytes()).hexdigest()
    card["gate"] = {"file": "gate.npz", "sha256": digest, "limit": 0.5}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def _channels(bundle: Path) -> int:
    """Count the features that the gate reads."""
    import keras

    network = keras.models.load_model(load_card(bundle).weights_path, compile=False)
    return network.get_layer("logits").get_weights()[0].shape[0]
