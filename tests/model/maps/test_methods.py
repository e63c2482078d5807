"""Methods find what was planted, give the same map twice, say how far they are and can be stopped."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model.errors import ContractError
from model.explain import class_maps
from model.maps import smooth
from model.maps.methods import (
    FINER,
    GRADCAM,
    LAYERCAM,
    METHODS,
    OCCLUSION,
    SCORECAM,
    compute,
    finished,
    heat_of,
)
from model.maps.perturbed import additive, half_a_cell_on
from model.network.engines import RawOutput
from model.predict import Classifier

SIZE, CELLS = 64, 4
PATCH = slice(32, 48), slice(16, 32)  # the cell in row 2 and column 1
QUICK = [name for name, method in METHODS.items() if not method.tensorflow]


class Counting:
    """An engine that sees how red, green and blue each cell is; red speaks for class 0 and blue against it."""

    def __init__(self, classes: int) -> None:
        self.kernel = np.zeros((3, classes), np.float32)
        self.kernel[:, 0] = 40, 0, -10
        self.bias = np.full(classes, 0.5, np.float32)
        self.copies = 0

    def run(self, photos: np.ndarray, features: bool) -> RawOutput:
        self.copies += len(photos)
        cell = SIZE // CELLS
        maps = photos.reshape(len(photos), CELLS, cell, CELLS, cell, 3).mean(axis=(2, 4)) / 255
        pooled = maps.mean(axis=(1, 2))
        return RawOutput(pooled @ self.kernel + self.bias, pooled, maps)


@pytest.fixture
def planted(analyser):
    """A classifier that looks for red, a bluish view with one red cell, and its features."""
    classifier = Classifier(analyser.card, Counting(len(analyser.card.codes)))
    assert analyser.card.size == SIZE
    view = np.full((SIZE, SIZE, 3), (20, 60, 90), np.uint8)
    view[PATCH] = 230, 30, 20
    return classifier, view, classifier.run(view[None].astype(np.float32)).features[0]


@pytest.mark.parametrize("name", QUICK)
def test_every_method_finds_the_planted_cell(planted, name):
    found = finished(compute(name, *planted, 0))
    assert found.dtype == np.float32
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert (row * CELLS // found.shape[0], column * CELLS // found.shape[1]) == (2, 1)
    assert heat_of(found).max() == 1


def test_occlusion_falls_by_what_the_cell_adds(planted):
    """Where every patch covers the whole red cell or the map is nearly 0, a half cell says what is lost."""
    classifier, view, features = planted
    found = finished(compute(OCCLUSION, *planted, 0))
    grey = view.mean(axis=(0, 1)) / 255
    lost = (features[2, 1] - grey) @ classifier.kernel[:, 0] / CELLS**2
    assert 0.3 * lost < found.max() <= lost * 1.01
    assert found[0, -1] < 0  # the mean colour is redder than the ground that it covers


@pytest.mark.parametrize("name", QUICK)
def test_progress_rises_and_ends_in_one_map_the_same_each_time(analyser, lesion, name):
    from model.preprocess import to_tensor

    tensor = to_tensor(lesion, SIZE)
    features = analyser.classifier.run(tensor).features[0]
    steps = list(compute(name, analyser.classifier, tensor[0].astype(np.uint8), features, 4))
    progress = steps[:-1]
    assert all(isinstance(step, float) and 0 <= step < 1 for step in progress)
    assert progress == sorted(progress)
    again = finished(compute(name, analyser.classifier, tensor[0].astype(np.uint8), features, 4))
    assert np.isfinite(again).all()
    assert np.array_equal(steps[-1], again)


@pytest.mark.parametrize("name", [SCORECAM, OCCLUSION])
def test_closing_ends_the_work(planted, name):
    engine = planted[0].engine
    steps = compute(name, *planted, 0)
    next(steps)
    before = engine.copies
    steps.close()
    assert list(steps) == []
    assert engine.copies == before


def test_the_table_tells_what_each_costs(planted):
    assert METHODS[GRADCAM].passes == 0
    for name in QUICK:
        engine = planted[0].engine
        before = engine.copies
        finished(compute(name, *planted, 0))
        expected = {OCCLUSION: 49, SCORECAM: 3}.get(name, METHODS[name].passes)  # 4 x 4 cells of 3 channels
        assert engine.copies - before == expected
        assert all((METHODS[name].name, METHODS[name].definition, METHODS[name].source))
    assert [name for name, method in METHODS.items() if method.tensorflow] == ["smoothgrad"]


def test_additive_maps_add_up_to_the_logits(analyser, lesion):
    from model.preprocess import to_tensor

    tensor = to_tensor(lesion, SIZE)
    raw, classifier = analyser.classifier.run(tensor), analyser.classifier
    for index in range(len(analyser.card.codes)):
        for name in (name for name, method in METHODS.items() if method.additive):
            found = finished(compute(name, classifier, tensor[0].astype(np.uint8), raw.features[0], index))
            assert found.sum() + classifier.bias[index] == pytest.approx(raw.logits[0, index], abs=1e-3)


def test_grad_cam_is_the_map_of_the_answer_and_layer_cam_its_positive_channels(planted):
    classifier, _, features = planted
    maps = class_maps(features, classifier.kernel)
    one = finished(compute(GRADCAM, *planted, 0))
    assert np.allclose(one, maps[0], rtol=1e-6)  # some processors round the product of a single column otherwise
    against = class_maps(features, np.minimum(classifier.kernel, 0))[0]
    assert np.allclose(finished(compute(LAYERCAM, *planted, 0)) + against, maps[0], atol=1e-6)


def test_the_finer_map_places_what_lies_between_cells(planted):
    classifier, view, _ = planted
    moved = np.full_like(view, (20, 60, 90))
    moved[24:40, 24:40] = 230, 30, 20  # where four cells meet
    features = classifier.run(moved[None].astype(np.float32)).features[0]
    fine = finished(compute(FINER, classifier, moved, features, 0))
    assert fine.shape == (2 * CELLS, 2 * CELLS)
    inside = fine[3:5, 3:5]
    assert inside.min() > np.delete(fine, (3, 4), axis=0).max()
    cells = fine.reshape(CELLS, 2, CELLS, 2).sum(axis=(1, 3))
    assert np.allclose(cells, class_maps(features, classifier.kernel)[0], atol=1e-5)


def test_a_view_moves_by_half_a_cell():
    view = np.arange(64, dtype=np.uint8).reshape(8, 8, 1).repeat(3, axis=2)
    assert np.array_equal(half_a_cell_on(view, 2)[:6, :6], view[2:, 2:])
    assert np.array_equal(half_a_cell_on(view, 2)[6], half_a_cell_on(view, 2)[4])  # mirrored about the last row


def test_cells_keep_their_sums():
    random = np.random.default_rng(0)
    raw, fine = random.normal(size=(3, 3)).astype(np.float32), random.normal(size=(6, 6)).astype(np.float32)
    assert np.allclose(additive(fine, raw).reshape(3, 2, 3, 2).sum(axis=(1, 3)), raw, atol=1e-6)


def test_heat_of_nothing_is_nothing():
    assert (heat_of(np.full((3, 3), -1.0)) == 0).all()
    assert (heat_of(np.full((3, 3), np.nan)) == 0).all()


def test_threads_that_ask_for_smoothgrad_at_once_build_it_once(planted, monkeypatch):
    built = []

    def build(classifier):
        time.sleep(0.05)
        built.append(classifier)
        return object()

    monkeypatch.setattr(smooth, "_built", build)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(smooth._saliency, [planted[0]] * 4))
    assert built == [planted[0]]
    assert len({id(each) for each in found}) == 1


def test_an_unknown_method_is_named_at_once(planted):
    with pytest.raises(ContractError, match="gradcam"):
        compute("guess", *planted, 0)


def test_maps_load_no_tensorflow_before_it_is_needed():
    code = "import sys, model.maps.methods; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
