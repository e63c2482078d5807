"""No repeated and no synthetic image is ever judged on, and none that is judged on is ever learnt from.

Every image carries its split as a colour: training images are red, validation green, internal test blue.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from training import train
from training.data.balancing import BALANCING
from training.data.batches import DrawnImages
from training.data.label_sets import CODES
from training.data.splits import SplitError, make_splits
from training.fitting import loop as fitting
from training.fitting import validation
from training.fitting.task import Task, make_task
from training.recipe import Recipe

COUNTS = dict(zip(CODES, (14, 14, 14, 7, 14, 60, 7), strict=True))
COLOURS = {"train": 0, "validation": 1, "internal_test": 2}
EDGE = 64
RECIPE = Recipe(
    name="tiny", datasets=("synthetic",), architecture="tiny", weights="none", size=32, epochs=1, batch=16,
    augmentation="none", workers=1,
)  # fmt: skip


def label_table() -> pd.DataFrame:
    labels = [code for code, count in COUNTS.items() for _ in range(count)]
    names = [f"image_{number:03d}" for number in range(len(labels))]
    table = pd.DataFrame({"image_id": names, "lesion_id": names, "group": names, "label": labels})
    return table.assign(source_label=table.label, dataset="synthetic", canvas_row=np.arange(len(table)))


def coloured(split: pd.Series) -> np.ndarray:
    """Return one image a row whose colour tells its split and whose brightness tells the image."""
    canvas = np.zeros((len(split), EDGE, EDGE, 3), np.uint8)
    for row, name in enumerate(split):
        canvas[row, :, :, COLOURS[name]] = 100 + row
    return canvas


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The folder of an image set that has been read: train.prepare then only makes the split."""
    folder = tmp_path_factory.mktemp("work")
    table = label_table()
    table.to_csv(folder / "manifest.csv", index=False)
    np.save(folder / "canvas.npy", coloured(make_splits(table)))
    return folder


def prepared(work, name: str) -> tuple[Recipe, np.ndarray, pd.DataFrame]:
    options = {"per_class": 20} if name.startswith("smote") else {}
    recipe = dataclasses.replace(RECIPE, balancing=name, balancing_options=options)
    return recipe, np.load(work / "canvas.npy"), train.prepare(recipe, work, work, None, None)


def foreign_light(views: np.ndarray, split: str) -> float:
    """Return the brightest light of any other split's colour."""
    return float(np.delete(views, COLOURS[split], axis=-1).max())


def task_of(recipe: Recipe, canvas: np.ndarray, manifest: pd.DataFrame) -> Task:
    return make_task(recipe, canvas, manifest, metadata=False, cache=None)


def drawn(task: Task) -> np.ndarray:
    """Return all views of two epochs."""
    batches, found = task.images(fitting.build(task.recipe)), []
    for epoch in range(2):
        batches.start_epoch(epoch)
        found += [batches[index][0] for index in range(len(batches))]
    return np.concatenate(found)


@pytest.mark.parametrize("name", BALANCING)
def test_what_is_learnt_is_of_the_training_split_and_what_is_judged_is_as_it_was_taken(work, name):
    recipe, canvas, manifest = prepared(work, name)
    task = task_of(recipe, canvas, manifest)
    views = drawn(task)
    assert foreign_light(views, "train") == 0 and views[..., 0].min() > 0
    kept = DrawnImages(task.images(fitting.build(recipe)))  # what features of a frozen trunk are computed from
    assert foreign_light(np.stack([kept[item] for item in range(kept.shape[0])]), "train") == 0
    held_out = task.judged()
    originals = canvas[manifest.canvas_row[manifest.split == "validation"]][:, :32, :32]
    assert np.array_equal(held_out.views, originals)
    assert manifest.image_id.is_unique and len(manifest) == sum(COUNTS.values())


def test_a_whole_training_run_shows_the_network_nothing_else(work, tmp_path, monkeypatch):
    recipe, canvas, manifest = prepared(work, "smote_pixels")
    learnt, judged = [], []
    real_batch, real_predict = fitting.TrainingBatches.__getitem__, validation.predict_logits

    def batch(self, index):
        result = real_batch(self, index)
        learnt.append(result[0])
        return result

    def predict(network, images, *options, **more):
        judged.append(images)
        return real_predict(network, images, *options, **more)

    monkeypatch.setattr(fitting.TrainingBatches, "__getitem__", batch)
    monkeypatch.setattr(validation, "predict_logits", predict)
    fitting.fit(recipe, canvas, manifest, tmp_path, verbose=0)
    assert foreign_light(np.concatenate(learnt), "train") == 0
    assert foreign_light(np.concatenate(judged), "validation") == 0
    assert len(np.concatenate(judged)) == (manifest.split == "validation").sum()


def test_the_colours_would_show_synthetic_images_made_before_the_split(work):
    """The order that many notebooks use: mix first, split the result. Some test image is then part training image."""
    recipe, canvas, manifest = prepared(work, "smote_pixels")
    everything = manifest.assign(split="train")
    views = drawn(task_of(recipe, canvas, everything))
    assert foreign_light(views, "train") > 0
    assert ((views.max(axis=(1, 2)) > 0).sum(axis=1) > 1).any()  # mixed across two splits


def test_a_table_whose_images_were_repeated_before_the_split_is_refused(work, tmp_path):
    table = label_table()
    repeated = pd.concat([table, table[table.label == "df"]], ignore_index=True)
    repeated.to_csv(tmp_path / "manifest.csv", index=False)
    np.save(tmp_path / "canvas.npy", np.zeros((1, 1, 1, 3), np.uint8))
    with pytest.raises(SplitError, match="listed twice"):
        train.prepare(RECIPE, tmp_path, tmp_path, None, None)


def test_images_of_a_set_are_drawn_as_often_as_its_weight_says(work):
    recipe, canvas, manifest = prepared(work, "none")
    manifest = manifest.assign(dataset=np.where(np.arange(len(manifest)) % 2, "one", "other"))
    plain = task_of(recipe, canvas, manifest)
    weighted = task_of(dataclasses.replace(recipe, source_weights={"one": 0.25}), canvas, manifest)
    draws = [task.images(fitting.build(recipe)).balance.draws for task in (plain, weighted)]
    one = (plain.train.dataset == "one").to_numpy()
    assert draws[1].sum() == pytest.approx(draws[0].sum())
    assert draws[1][one].max() == pytest.approx(0.25 * draws[1][~one].min())
