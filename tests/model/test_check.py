"""Every way in which a bundle can contradict its card is found and told in a sentence."""

import hashlib
import json
import shutil

import keras
import numpy as np
import pytest

from model.check import check_bundle
from tests.support.bundles import CODES, SIZE


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def edit(bundle, change) -> None:
    """Change the card and keep the checksums right, so that only the card is at odds."""
    path = bundle / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    sum_again(bundle)


def sum_again(bundle) -> None:
    names = [line.split("  ")[1] for line in (bundle / "SHA256SUMS").read_text().splitlines()]
    sums = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in names}
    (bundle / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))


def serve(bundle, network: keras.Model, **explain) -> None:
    """Put another network into the bundle, with its own hash, size and parameters in the card."""
    path = bundle / "weights.keras"
    network.save(path)
    weights = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": network.count_params(),
    }
    remove_export(bundle)  # it is of the other network
    edit(bundle, lambda card: (card["weights"].update(weights), card["explain"].update(explain)))


def remove_export(bundle) -> None:
    (bundle / "network.onnx").unlink()
    sums = bundle / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(True) if "network.onnx" not in line))
    edit(bundle, lambda card: card.pop("exported"))


def graph(pooling=keras.layers.GlobalAveragePooling2D, activation=None, size=SIZE):
    photo = keras.Input((size, size, 3))
    features = keras.layers.Conv2D(8, 3, strides=8, name="features")(photo)
    logits = keras.layers.Dense(len(CODES), activation=activation, name="logits")(pooling()(features))
    return keras.Model(photo, keras.layers.Activation("softmax")(logits))


def nested():
    photo = keras.Input((SIZE, SIZE, 3))
    inside = keras.Input((SIZE, SIZE, 3))
    trunk = keras.Model(inside, keras.layers.Conv2D(8, 3, strides=8)(inside), name="features")
    pooled = keras.layers.GlobalAveragePooling2D()(trunk(photo))
    return keras.Model(photo, keras.layers.Activation("softmax")(keras.layers.Dense(7, name="logits")(pooled)))


def only(found: list[str]) -> str:
    [sentence] = found
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_sound_bundle_has_nothing_to_complain_about(tiny_bundle):
    assert check_bundle(tiny_bundle) == []


def test_changed_missing_and_unlisted_files(bundle):
    (bundle / "results" / "history.csv").unlink()
    (bundle / "golden" / "photo.png").write_bytes(b"")
    (bundle / "notes.txt").write_text("left behind")
    found = check_bundle(bundle)
    assert [name for name in ("history.csv", "photo.png", "notes.txt") if any(name in each for each in found)]
    assert any("results/history.csv is listed" in each for each in found)
    assert any("golden/photo.png has changed" in each for each in found)
    assert any("notes.txt is not listed" in each for each in found)
    (bundle / "SHA256SUMS").unlink()
    assert any("SHA256SUMS is missing" in each for each in check_bundle(bundle))


def test_other_weights_than_the_card_says(bundle):
    edit(bundle, lambda card: card["weights"].update(sha256="0" * 64))
    assert "SHA-256" in check_bundle(bundle)[0]


def test_another_table_than_the_card_says(bundle):
    with (bundle / "results" / "metrics.csv").open("a") as file:
        file.write("\n")
    sum_again(bundle)
    assert "metrics.csv" in only(check_bundle(bundle))
    edit(bundle, lambda card: card["tables"]["results/confusion.csv"].update(rows=3))
    assert any("3" in each for each in check_bundle(bundle))


def test_an_input_size_that_the_network_does_not_have(bundle):
    edit(bundle, lambda card: card["input"].update(shape=[SIZE * 2, SIZE * 2, 3]))
    assert f"{SIZE * 2} x {SIZE * 2}" in only(check_bundle(bundle))


def test_another_number_of_classes(bundle):
    edit(bundle, lambda card: (card["output"]["labels"].pop(), card.pop("patient")))
    assert any("names 6 classes" in each for each in check_bundle(bundle))


@pytest.mark.parametrize(
    ("network", "explain", "words"),
    [
        (lambda: graph(pooling=keras.layers.GlobalMaxPooling2D), {"layer": "features"}, "average pooling"),
        (lambda: graph(pooling=keras.layers.Flatten), {"layer": "features"}, "average pooling"),
        (lambda: graph(activation="relu"), {"layer": "features"}, "without activation"),
        (lambda: graph(size=SIZE // 2), {"layer": "features"}, f"{SIZE // 2}"),
        (nested, {"layer": "features"}, "not flat"),
        (graph, {"layer": "logits"}, "pooled layer is 'features'"),
    ],
)
def test_networks_that_closed_form_maps_do_not_hold_for(bundle, network, explain, words):
    serve(bundle, network(), **explain)
    assert any(words in each for each in check_bundle(bundle))


def give(bundle, name: str, channels: int, **entry) -> None:
    """Give a bundle a gate, or gauges with one head, for so many features."""
    arrays = {"gate": ("kernel", "bias"), "gauges": ("hair_kernel", "hair_bias")}[name]
    path = bundle / f"{name}.npz"
    np.savez(path, **dict(zip(arrays, (np.zeros(channels, np.float32), np.float32(-9)), strict=True)))
    limits = {"limit": 0.5, "limits": [{"code": "hair", "low": None, "high": 0.5}]}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (bundle / "SHA256SUMS").write_text((bundle / "SHA256SUMS").read_text() + f"{digest}  {path.name}\n")
    edit(bundle, lambda card: card.update({name: {"file": path.name, "sha256": digest} | limits | entry}))


@pytest.mark.parametrize("name", ["gate", "gauges"])
def test_a_gate_or_gauges_that_do_not_belong_to_the_network(bundle, analyser, name):
    channels = len(analyser.classifier.kernel)
    give(bundle, name, channels)
    assert check_bundle(bundle) == []
    give(bundle, name, channels, weights_sha256="0")
    assert "fitted to other weights" in only(check_bundle(bundle))
    give(bundle, name, channels + 1)
    assert "does not read" in only(check_bundle(bundle))
    (bundle / f"{name}.npz").unlink()
    assert "is missing" in only(check_bundle(bundle))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights_sha256": "0"}, "fitted to other weights"),
        ({"layers": ["nowhere"]}, "'nowhere', which the network lacks"),
    ],
)
def test_an_outline_that_does_not_belong_to_the_network(bundle, change, words):
    edit(bundle, lambda card: card["outline"].update(change))
    assert words in only(check_bundle(bundle))


def test_a_wrong_number_of_parameters(bundle):
    edit(bundle, lambda card: card["weights"].update(parameters=1))
    assert "parameters" in only(check_bundle(bundle))


def test_another_answer_to_the_golden_photo(bundle):
    expected = json.loads((bundle / "golden" / "expected.json").read_text())
    expected["probabilities"]["mel"] += 0.02
    (bundle / "golden" / "expected.json").write_text(json.dumps(expected))
    sum_again(bundle)
    assert "golden photo gives mel" in only(check_bundle(bundle))


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card["calibration"].update(temperature=3.0),
        lambda card: card["inference"].update(views=["identity"]),
        lambda card: card["output"].update(labels=_swapped(card["output"]["labels"])),
    ],
)
def test_the_golden_photo_betrays_a_card_that_serves_another_answer(bundle, change):
    remove_export(bundle)  # which would be refused for its views
    edit(bundle, change)
    assert any("golden photo" in each for each in check_bundle(bundle))


def _swapped(labels: list[dict]) -> list[dict]:
    """Give melanoma the place of naevus and the other way round."""
    codes = {"mel": "nv", "nv": "mel"}
    return [label | {"code": codes.get(label["code"], label["code"])} for label in labels]


def test_a_preprocessing_that_scales_is_found(tiny_bundle, monkeypatch):
    from model import check

    real = check.to_tensor
    monkeypatch.setattr(check, "to_tensor", lambda *arguments: real(*arguments) / np.float32(255))
    assert any("values" in each for each in check_bundle(tiny_bundle))
    monkeypatch.setattr(check, "to_tensor", lambda pixels, size: real(pixels, size + 1))
    assert any("Preprocessing gives" in each for each in check_bundle(tiny_bundle))


def test_no_bundle_at_all(tmp_path):
    assert "card.json is missing" in only(check_bundle(tmp_path))
