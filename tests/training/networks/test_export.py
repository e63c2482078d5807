"""The exported network answers as the Keras network does; what is missing or wrong is said in one sentence."""

import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from model.card import load_card
from model.check import check_bundle
from model.pipeline import Analyser
from training.export import convert


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def test_the_command_writes_a_file_that_is_served(bundle, tmp_path, capsys):
    (bundle / "network.onnx").unlink()
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(bundle / "golden/photo.png", photos / "a.png")
    (photos / "b.png").write_bytes(b"not a photo")
    assert convert.main(["--bundle", str(bundle), "--photos", str(photos)]) == 0
    said = capsys.readouterr()
    assert "over 3 photos" in said.out, "noise, the golden photo and one of the folder"
    assert "b.png: left out" in said.err
    assert check_bundle(bundle) == []
    assert load_card(bundle).exported_path == bundle / "network.onnx"


def test_weights_are_halved_only_where_nothing_is_lost():
    exact = np.arange(2000, dtype=np.float32).reshape(40, 50)
    weights = {"exact": exact, "rounded": exact + np.float32(1e-3), "huge": exact * np.float32(1e3), "few": exact[:2]}
    initializers = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name in weights]
    outputs = [
        helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, values.shape)
        for name, values in weights.items()
    ]
    graph = helper.make_model(
        helper.make_graph(nodes, "graph", [], outputs, initializers),
        opset_imports=[helper.make_opsetid("", convert.OPSET)],
    )
    graph.ir_version = 8
    convert.store_halved(graph)
    onnx.checker.check_model(graph)
    assert {each.name for each in graph.graph.initializer} == {"exact/half", "rounded", "huge", "few"}
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    for found, values in zip(session.run(None, {}), weights.values(), strict=True):
        assert np.array_equal(found, values)


class Shifted:
    """An engine whose answers are off by one class."""

    def __init__(self, card):
        self.right = convert.KerasEngine(card, convert.load_network(card))

    def run(self, photos, features):
        raw = self.right.run(photos, features)
        return type(raw)(np.roll(raw.logits, 1), raw.pooled, raw.features)


def test_a_file_that_disagrees_is_not_kept_and_the_bundle_still_answers(bundle, monkeypatch, lesion_png):
    before = Analyser(bundle).analyse(lesion_png).prediction.probabilities
    monkeypatch.setattr(convert, "OnnxEngine", Shifted)
    with pytest.raises(convert.ExportError, match="not kept"):
        convert.export(bundle)
    assert not (bundle / "network.onnx").exists()
    assert "exported" not in json.loads((bundle / "card.json").read_text())
    assert check_bundle(bundle) == []
    assert Analyser(bundle).analyse(lesion_png).prediction.probabilities == pytest.approx(before, abs=1e-4)


def test_differences_are_of_the_photo_where_they_are_largest(tiny_bundle):
    card = load_card(tiny_bundle)
    right, wrong = convert.KerasEngine(card, convert.load_network(card)), Shifted(card)
    photos = [
        np.zeros((1, card.size, card.size, 3), np.float32),
        np.full((1, card.size, card.size, 3), 200, np.float32),
    ]
    assert convert.largest_difference(right, right, photos, card.temperature) == (2, 0, 0)
    each = [convert.largest_difference(right, wrong, [photo], card.temperature)[1] for photo in photos]
    assert convert.largest_difference(right, wrong, photos, card.temperature)[1] == max(each) > 0


def test_a_folder_without_photos_is_named(tmp_path, capsys):
    assert convert.main(["--photos", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no photo; name another folder.\n"


@pytest.mark.parametrize(("files", "chosen"), [(3, 3), (250, convert.PHOTOS)])
def test_photos_are_chosen_over_the_whole_folder(tmp_path, files, chosen):
    for number in range(files):
        (tmp_path / f"{number:03d}.jpg").touch()
    (tmp_path / "notes.txt").touch()
    found = convert.chosen_photos(tmp_path)
    assert len(set(found)) == chosen
    assert (found[0].stem, found[-1].stem) == ("000", f"{files - 1:03d}")
