"""Figures of maps on drawn photos and an untrained network: what they say where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.card import load_card
from model.evaluation.tables import load_table
from model.predict import Classifier
from training.command import TrainingError
from training.data.splits import INTERNAL_TEST, VALIDATION
from training.faithfulness import figures, judged, measure, photos, randomised, rows
from training.synthetic.lesions import render_lesion

SIDE = 96


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Drawn photos and masks where HAM10000 has them."""
    folder = tmp_path_factory.mktemp("data") / "ham10000"
    images, masks = folder / "HAM10000_images", folder / "HAM10000_segmentations_lesion_tschandl"
    for place in (images, masks):
        place.mkdir(parents=True)
    listing = []
    for number, label in enumerate(["mel", "nv"] * 4):
        name = f"I{number}"
        Image.fromarray(render_lesion(label, np.random.default_rng(number), SIDE)).save(images / f"{name}.jpg")
        disc = np.hypot(*(np.indices((SIDE, SIDE)) - SIDE / 2)) < SIDE / 3
        Image.fromarray(disc.astype(np.uint8) * 255).save(masks / f"{name}_segmentation.png")
        listing.append({"image_id": name, "lesion_id": f"L{number}", "dx": label, "dx_type": "histo", "age": 50,
                        "sex": "male", "localization": "back"})  # fmt: skip
    pd.DataFrame(listing).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return folder.parent


@pytest.fixture
def split_bundle(bundle):
    """The small bundle with a split of the drawn photos, two of each class in each split."""
    splits = pd.DataFrame({"image_id": [f"I{number}" for number in range(8)]})
    splits = splits.assign(dataset="ham10000", split=[VALIDATION] * 4 + [INTERNAL_TEST] * 4)
    splits.to_csv(bundle / "dataset/splits.csv", index=False)
    return bundle


@pytest.fixture
def photo(data, split_bundle, analyser):
    images = photos.listed(data, split_bundle)
    return photos.seen(next(images.itertuples()), analyser.classifier)


def test_photos_come_with_their_masks_one_of_a_lesion(data, split_bundle, photo, analyser):
    images = photos.listed(data, split_bundle)
    assert len(images) == 8
    chosen = photos.chosen(images, INTERNAL_TEST, 1)
    assert sorted(chosen.label) == ["mel", "nv"]
    twice = photos.chosen(images.assign(lesion_id=images.label), INTERNAL_TEST, 2)
    assert len(twice) == 2
    assert photo.mask.mean() == pytest.approx(np.pi / 9, abs=0.01)
    row = next(images.assign(image_id="other").itertuples())
    with pytest.raises(TrainingError, match="No lesion mask"):
        photos.seen(row, analyser.classifier)


def test_maps_of_the_mask_look_at_the_lesion_and_even_ones_at_its_share(photo, analyser):
    mask = figures.looks(judged.BASELINES["mask"](photo, analyser.classifier), photo.mask)
    assert mask[figures.POINTING] == 1
    assert mask[figures.ENERGY] > 0.9
    even = figures.looks(judged.BASELINES["uniform"](photo, analyser.classifier), photo.mask)
    assert list(even.values()) == pytest.approx([photo.mask.mean()] * 2)
    assert figures.looks(np.full((4, 4), -1.0), photo.mask) == {}


class Bright:
    """An engine whose first class is probable where the upper left unit is very bright."""

    kernel, bias = np.zeros((1, 7), np.float32), np.zeros(7, np.float32)

    def run(self, batch, features):
        unit = batch.shape[1] // judged.GRID
        light = batch[:, :unit, :unit].mean(axis=(1, 2, 3))
        logits = np.zeros((len(batch), 7), np.float32)
        logits[:, 0] = (light - 230) / 2
        return randomised.RawOutput(logits, light[:, None], light[:, None, None, None])


def test_the_map_that_knows_the_unit_inserts_first_and_deletes_first(analyser, photo):
    classifier = Classifier(analyser.card, Bright())
    view = np.zeros_like(photo.view)
    view[: len(view) // judged.GRID, : len(view) // judged.GRID] = 255
    bright = photos.Seen(view, photo.mask, photo.features, 0, "bright")
    knows = np.zeros((judged.GRID, judged.GRID))
    knows[0, 0] = 1
    best, worst = (figures.curves(sign * knows, bright, classifier) for sign in (1, -1))
    assert best[figures.NET] == pytest.approx(-worst[figures.NET])
    assert best[figures.NET] > 0.5
    assert best[figures.NET] == pytest.approx(best[figures.INSERTION] - best[figures.DELETION])
    assert figures.curves(knows, bright, classifier) == best


def test_ranks_of_maps():
    random = np.random.default_rng(0)
    array = random.normal(size=(7, 7))
    assert figures.spearman(array, np.exp(array)) == pytest.approx(1)
    assert figures.spearman(array, -array) == pytest.approx(-1)
    assert np.isnan(figures.spearman(array, np.ones((7, 7))))


def test_changes_of_a_photo_are_small_and_the_same_each_time(photo):
    for change in photos.CHANGES.values():
        other = change(photo.view, photo.name)
        assert other.shape == photo.view.shape
        assert other.dtype == np.uint8
        assert 0 < np.abs(other.astype(int) - photo.view).mean() < 12
        assert np.array_equal(other, change(photo.view, photo.name))


def test_a_shuffled_head_keeps_the_trunk_and_shuffled_layers_the_head(photo, analyser):
    classifier, batch = analyser.classifier, photo.view[None].astype(np.float32)
    true, head = classifier.run(batch), randomised.other_head(classifier, "a")
    other = head.run(batch)
    assert np.array_equal(true.features, other.features)
    assert np.array_equal(np.sort(classifier.kernel.ravel()), np.sort(head.kernel.ravel()))
    assert not np.allclose(true.logits, other.logits)
    for build in randomised.DEEPER.values():
        forgotten = build(analyser.card)
        assert np.allclose(forgotten.kernel, classifier.kernel)
        assert not np.allclose(forgotten.run(batch).features, true.features, atol=1e-3)


def test_the_rule_needs_a_sure_gain_on_validation():
    found = pd.DataFrame(
        [
            {"dataset": "d", "split": VALIDATION, "image_id": f"i{n}", "lesion_id": f"l{n}", "label": "mel",
             "method": method, "metric": figures.NET, "value": value}
            for n in range(30)
            for method, value in (("gradcam", 0.2 + n / 100), ("surely", 0.25 + n / 100), ("maybe", 0.3 + n % 2 - 0.4))
        ]
    )  # fmt: skip
    table = rows.faithfulness_table(rows.with_gains(found), ("mel",), np.random.default_rng(0), 200)
    gains = table[table.metric == rows.GAIN].set_index("method")
    assert gains.loc["surely"].value == pytest.approx(0.05)
    assert rows.earned(table, ("gradcam", "surely", "maybe")) == "surely"
    assert rows.earned(table, ("gradcam", "maybe")) == "gradcam"
    assert rows.earned(table.assign(split=INTERNAL_TEST), ("surely",)) == "gradcam"


def test_the_command_writes_a_table_of_the_card(data, split_bundle, monkeypatch, capsys):
    slow = {"scorecam": judged.MAPS["scorecam"]}
    monkeypatch.setattr(measure, "MANY_PASSES", slow)
    options = ["--data", str(data), "--bundle", str(split_bundle), "--photos", "2", "--curves", "1", "--slow", "1"]
    assert measure.main(options) == 0
    table = load_table(load_card(split_bundle), "results/faithfulness.csv")
    assert set(table.split) == {VALIDATION, INTERNAL_TEST}
    assert (table.low <= table.value + 1e-6).all()
    assert (table.value <= table.high + 1e-6).all()
    test = table[(table.split == INTERNAL_TEST) & (table.subject == "all")].set_index(["method", "metric"])
    assert test.loc[("gradcam", figures.POINTING)].n_images == 4
    assert {"mask", "gaussian", "uniform", "random"} <= set(table.method)
    assert ("scorecam", "agreement with gradcam") in test.index
    assert ("gradcam", randomised.LAST_STAGE) in test.index
    assert not table.duplicated(["split", "method", "subject", "metric"]).any()
    assert "By this rule the default is" in capsys.readouterr().out
