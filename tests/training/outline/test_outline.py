"""Learning outlines: masks stay with their photos, overlap is as by hand, and the command packs what it learnt."""

import json

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from model.answer.lesion import read_outline
from model.card import load_card
from model.evaluation.inputs.outline import BARE, JACCARD, ON_LESION
from model.network.keras_engine import load_network
from model.predict import softmax
from model.preprocess import Square
from training.data.masks import photo_with_mask
from training.data.sets.layouts import DatasetError
from training.data.splits import EXTERNAL, INTERNAL_TEST, TRAIN, VALIDATION
from training.fitting.last_layer import Folds, Layer
from training.outline import examples, fit, network
from training.outline.beside import SHARES, beside_records, frames
from training.outline.judging import Judge, frame_records

SKIN, LESION = (215, 170, 150), (90, 55, 40)


def rectangle(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros((20, 20), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_overlap_of_two_rectangles_is_what_it_is_by_hand():
    one, other = rectangle(0, 10, 0, 10), rectangle(0, 10, 5, 15)  # 50 in both, 150 in either
    dice, jaccard = network.overlap(np.stack([one, one, one & False]), np.stack([other, one, one & False]))
    assert dice == pytest.approx([0.5, 1, 1])
    assert jaccard == pytest.approx([1 / 3, 1, 1])
    assert network.overlap(one, one & False)[1] == 0


def test_the_loss_falls_with_overlap_and_is_near_nothing_where_all_is_right():
    true = rectangle(0, 10, 0, 10)[None, ..., None].astype(np.float32)
    found = [np.array(network.overlap_loss(true, chance))[0] for chance in (true, 0.5 + 0 * true, 1 - true)]
    assert found[0] < 1e-3 < found[1] < found[2]


def disc_photo(random: np.random.Generator, height: int = 72, width: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo of a brown oval on skin, and its mask."""
    mask = np.zeros((height, width), np.uint8)
    middle = (int(width / 2 + random.integers(-10, 10)), int(height / 2 + random.integers(-8, 8)))
    cv2.ellipse(mask, middle, tuple(random.integers(10, 24, 2).tolist()), 30, 0, 360, 255, -1)
    photo = np.where(mask[..., None] > 0, LESION, SKIN) + random.normal(0, 4, (height, width, 3))
    return np.clip(photo, 0, 255).astype(np.uint8), mask


def test_a_mask_is_cut_and_varied_with_its_photo():
    photo, mask = disc_photo(np.random.default_rng(0))
    for seed in range(8):
        view, inside = examples.varied(photo, mask, 64, np.random.default_rng(seed))
        assert view.shape == (64, 64, 3) and inside.shape == (64, 64)
        assert network.overlap(view[..., 1] < 115, inside > 0)[1] > 0.9
    view, inside = examples.cut(photo, mask, Square(12, 0, 72), 64)
    assert network.overlap(view[..., 1] < 115, inside > 0)[1] > 0.9


def test_a_photo_without_its_mask_and_one_of_another_size_are_named(tmp_path):
    images = written(tmp_path, "ham10000", TRAIN, 1)
    row = next(images.itertuples())
    photo_with_mask(row)
    path = tmp_path / "ham10000" / "HAM10000_segmentations_lesion_tschandl" / f"{row.image_id}_segmentation.png"
    cv2.imwrite(str(path), np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match="another size"):
        photo_with_mask(row)
    with pytest.raises(DatasetError, match="No lesion mask"):  # of a set that has none
        photo_with_mask(row._replace(dataset="milk10k"))
    path.unlink()
    with pytest.raises(DatasetError, match="No lesion mask"):
        photo_with_mask(row)


def test_naevi_are_limited_and_every_photo_has_its_views():
    images = pd.DataFrame({"dataset": "ham10000", "split": TRAIN, "label": ["mel"] * 5 + ["nv"] * 2100})
    images["image_id"] = [f"image_{n}" for n in range(len(images))]
    rows = examples.training_photos(images)
    assert rows.groupby("view").size().tolist() == [5 + examples.NAEVI] * examples.VIEWS
    assert rows[rows.label == "mel"].image_id.nunique() == 5


def test_batches_go_on_where_an_epoch_stopped():
    made = examples.Examples([np.arange(8.0).reshape(8, 1, 1, 1)], np.zeros((8, 4, 4), np.uint8))
    batches = network.Batches(made, count=4, batch=2)
    seen = []
    for _ in range(2):
        seen += [batches[number][0][0].ravel() for number in range(len(batches))]
        batches.on_epoch_end()
    assert sorted(np.concatenate(seen)) == list(range(8))


def test_the_threshold_that_agrees_best_is_found():
    soft = np.tile(np.linspace(0, 1, 60), (60, 1))[None]
    for right in (0.35, 0.65):
        assert fit.fit_threshold(soft, soft > right) == pytest.approx(right, abs=0.051)


def written(folder, dataset: str, split: str, count: int) -> pd.DataFrame:
    """Write photos and masks as the official layout of a set has them; return rows as of a manifest."""
    rows = []
    for number in range(count):
        name = f"{dataset}_{split}_{number}"
        photo, mask = disc_photo(np.random.default_rng(number))
        if dataset == "ph2":
            places = folder / name / "image" / f"{name}.png", folder / name / f"{name}_lesion" / f"{name}_lesion.bmp"
        else:
            masks = folder / dataset / "HAM10000_segmentations_lesion_tschandl"
            places = folder / dataset / "images" / f"{name}.png", masks / f"{name}_segmentation.png"
        for place, pixels in zip(places, (photo[..., ::-1], mask), strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place), pixels)
        rows.append({"image_id": name, "lesion_id": name, "dataset": dataset, "split": split,
                     "label": ("mel", "nv")[number % 2], "path": str(places[0])})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def made(tmp_path) -> pd.DataFrame:
    """Photos of every set and split that the command looks at."""
    parts = (("ham10000", TRAIN, 24), ("ham10000", VALIDATION, 8), ("ham10000", INTERNAL_TEST, 8),
             ("milk10k", VALIDATION, 8), ("ph2", EXTERNAL, 4))  # fmt: skip
    return pd.concat([written(tmp_path / "data", *part) for part in parts], ignore_index=True)


def test_the_command_learns_measures_and_packs(bundle, made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(network, "MOMENTUM", 0.5)  # a few steps have to do
    served = load_network(load_card(bundle))
    layers = tuple(layer.name for layer in served.layers if isinstance(layer, keras.layers.Conv2D))[1:]
    tables = fit.run(made, bundle, tmp_path / "work", layers, epochs=7)
    agreement = tables["results/outline.csv"]
    overall = agreement[(agreement.label == "all") & (agreement.metric == JACCARD)].set_index("dataset")
    assert (overall.value > 0.8).all(), overall
    card = json.loads((bundle / "card.json").read_text())
    entry = read_outline(card["outline"], bundle)
    assert entry.layers == layers
    assert entry.weights_sha256 == card["weights"]["sha256"]
    assert set(tables) <= set(card["tables"]) and len(tables) == 4
    beside = tables["results/outline_beside.csv"].set_index(["shows", "share"])
    assert beside.value[BARE, 0.2] > 0 and (beside.loc[ON_LESION].value == 0).all(), beside
    assert "outline.keras" in (bundle / "SHA256SUMS").read_text()
    drawn = keras.models.load_model(entry.path, compile=False)
    assert not drawn.compiled  # training left nothing in the file
    view = disc_photo(np.random.default_rng(9), 64, 64)
    (seen,) = Judge(load_card(bundle), served, drawn).see(view[0][None].astype(np.float32))
    assert network.overlap(seen.chance > entry.threshold, view[1] > 0)[1] > 0.7
    held_out = made[made.split == VALIDATION]
    blind = Layer(np.zeros((served.get_layer("logits").input.shape[-1], 7), np.float32), np.log(np.arange(1, 8) / 28))
    folds = Folds(held_out.image_id.to_numpy(str), np.zeros(len(held_out), int), (blind,))
    card_of = load_card(bundle)
    records = frame_records(made, Judge(card_of, served, drawn), entry.threshold, folds)
    share = softmax(blind.bias[None] / card_of.temperature)[0, card_of.codes.index("mel")]
    np.testing.assert_allclose(records[["usual", "fitted"]], share, rtol=1e-6)  # a fold's layer, not the served one
    capsys.readouterr()
    fit.learnt(made, served, tmp_path / "work" / "outline" / card["weights"]["sha256"][:16], layers)
    assert "epoch" not in capsys.readouterr().out  # what was learnt is used again


def test_frames_of_both_kinds_are_where_they_say():
    mask = np.zeros((90, 120), bool)
    mask[30:60, 40:70] = True
    near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) > 0  # two pixels around it: .02 of 90
    for seed in range(20):
        found = frames(mask, 0.2, np.random.default_rng(seed))
        for shows, square in found.items():
            assert square.side == 18 and 0 <= square.left <= 102 and 0 <= square.top <= 72
            part = mask[square.top : square.top + 18, square.left : square.left + 18]
            assert part.any() == (shows == ON_LESION)
        assert set(found) == {BARE, ON_LESION}
        left, top = found[BARE].left, found[BARE].top
        assert not near[top : top + 18, left : left + 18].any()
    assert set(frames(np.ones((90, 120), bool), 0.5, np.random.default_rng(0))) == {ON_LESION}
    assert set(frames(np.zeros((90, 120), bool), 0.5, np.random.default_rng(0))) == {BARE}


def test_frames_are_those_of_validation_photos_of_the_first_set_and_the_same_each_time(made, analyser):
    records = beside_records(made, analyser, 5)
    assert set(records.dataset) == {"ham10000"} and set(records.split) == {VALIDATION}
    assert records.lesion_id.nunique() == 5 and len(records[records.shows == ON_LESION]) == 5 * len(SHARES)
    pd.testing.assert_frame_equal(records, beside_records(made, analyser, 5))
