"""Exported files answer as the bundle does; what is missing or wrong is said in one sentence."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from model.card import load_card
from model.photo.image import read_file, read_photo
from model.predict import Classifier, softmax
from model.preprocess import to_tensor
from training.export import convert as export
from training.export import engines

FORMATS = list(export.WRITERS)


def needs_packages(kind: str) -> None:
    for package in (*export.CONVERTERS[kind], engines.RUNNERS[kind]):
        pytest.importorskip(package, reason=f"{package} is not installed, see {engines.REQUIREMENTS}")


@pytest.fixture(scope="module", params=FORMATS)
def exported(request, tiny_bundle, tmp_path_factory):
    """One exported file of the small bundle, by the command, compared over photos drawn here as well."""
    needs_packages(request.param)
    folder, photos = tmp_path_factory.mktemp("exported"), tmp_path_factory.mktemp("photos")
    shutil.copy(tiny_bundle / "golden/photo.png", photos / "a.png")
    (photos / "b.png").write_bytes(b"not a photo")
    arguments = ["--bundle", str(tiny_bundle), "--out", str(folder), "--format", request.param]
    assert export.main([*arguments, "--photos", str(photos)]) == 0
    return engines.exported_path(folder, load_card(tiny_bundle), request.param)


def test_an_exported_file_answers_other_photos_as_the_bundle_does(exported, analyser, lesion_png):
    analysis = analyser.analyse(lesion_png)
    answer = engines.load(exported)(to_tensor(analysis.photo.pixels, analyser.card.size))
    np.testing.assert_allclose(answer.probabilities, analysis.prediction.probabilities, atol=export.CLOSE)
    for found, code in zip(answer.maps, analyser.card.codes, strict=True):
        expected = analysis.explanations[code].raw
        np.testing.assert_allclose(found, expected, atol=1e-3 * max(1, abs(expected).max()))
    cells = answer.features.shape[0] * answer.features.shape[1]
    from_features = np.moveaxis(answer.features @ analyser.classifier.kernel, -1, 0) / cells
    np.testing.assert_allclose(answer.maps, from_features, rtol=1e-3, atol=1e-4)


def test_the_description_says_what_the_app_needs_to_know(exported, tiny_bundle):
    said, card = json.loads(engines.described_by(exported).read_text()), load_card(tiny_bundle)
    assert said["input"]["shape"] == [1, card.size, card.size, 3]
    assert set(said["outputs"]) == set(engines.OUTPUTS)
    assert [label["code"] for label in said["labels"]] == list(card.codes)
    assert (said["temperature"], said["views"]) == (card.temperature, list(card.views))
    assert said["largest_difference"]["golden"]["probability"] <= export.CLOSE
    assert said["largest_difference"]["photos"]["photos"] == 1, "the file that is no photo is left out"


def test_a_changed_file_is_refused(exported, tmp_path):
    for path in (exported, engines.described_by(exported)):
        shutil.copy(path, tmp_path)
    changed = tmp_path / exported.name
    changed.write_bytes(changed.read_bytes() + b" ")
    with pytest.raises(engines.ExportError, match="export it again"):
        engines.load(changed)


def test_the_views_are_combined_as_the_card_says():
    logits = np.random.default_rng(0).normal(scale=5, size=(4, 7))
    views = softmax(logits / 1.5).astype(np.float32)
    expected = softmax(logits.mean(axis=0, keepdims=True) / 1.5)[0]
    np.testing.assert_allclose(engines.combine(views), expected, rtol=1e-5)


def test_a_probability_of_zero_in_one_view_leaves_an_answer():
    combined = engines.combine(np.array([[1, 0], [0.5, 0.5]], np.float32))
    assert np.isfinite(combined).all()
    assert combined.sum() == pytest.approx(1)
    assert combined[0] > 0.99


def test_the_exported_function_answers_as_the_bundle_does(analyser, tiny_bundle):
    """What every format is made from, checked where none of the packages is installed."""
    photo = to_tensor(read_photo(read_file(tiny_bundle / "golden/photo.png")).pixels, analyser.card.size)
    answer = export.answering(analyser.classifier)

    def engine(batch):
        found = {name: value.numpy() for name, value in answer(batch).items()}
        return engines.Answer(engines.combine(found["probabilities"]), found["features"], found["maps"])

    expected = [(seen, export.own_answer(analyser.classifier, seen)) for seen in (photo, photo[:, ::2].repeat(2, 1))]
    found = export.compare(engine, expected)
    assert found.photos == 2
    assert found.probability < 1e-5
    assert found.evidence < 1e-3


def test_a_file_that_disagrees_is_not_kept(analyser, tmp_path, monkeypatch):
    def wrong(photo):
        right = export.own_answer(analyser.classifier, photo)
        return dataclasses.replace(right, probabilities=right.probabilities[::-1])

    monkeypatch.setitem(export.WRITERS, "onnx", lambda classifier, path: path.write_bytes(b"written"))
    monkeypatch.setattr(export, "Engine", lambda path: wrong)
    with pytest.raises(engines.ExportError, match="not kept"):
        export.export(analyser.classifier, tmp_path / "wrong.onnx", export.expectations(analyser.classifier, []))
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named_before_anything_is_loaded(tiny_bundle, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    monkeypatch.setattr(Classifier, "load", lambda bundle: pytest.fail("loaded all the same"))
    assert export.main(["--bundle", str(tiny_bundle), "--out", str(tmp_path / "out")]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert "tf2onnx" in sentence and "ai_edge_litert" in sentence
    assert "pip install -r training/export/requirements.txt" in sentence
    assert not (tmp_path / "out").exists()


def test_a_folder_without_photos_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: name)
    assert export.main(["--photos", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "holds no photo" in capsys.readouterr().err


def test_photos_of_which_none_can_be_read_are_an_error(analyser, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"not a photo")
    with pytest.raises(engines.ExportError, match="None of the photos"):
        export.expectations(analyser.classifier, [tmp_path / "broken.png"])


@pytest.mark.parametrize(("files", "chosen"), [(3, 3), (250, export.PHOTOS)])
def test_photos_are_chosen_over_the_whole_folder(tmp_path, files, chosen):
    for number in range(files):
        (tmp_path / f"{number:03d}.jpg").touch()
    (tmp_path / "notes.txt").touch()
    found = export.chosen_photos(tmp_path)
    assert len(set(found)) == chosen
    assert (found[0].stem, found[-1].stem) == ("000", f"{files - 1:03d}")
