"""A folder that exists is this run's own, or is refused with what to do, or started anew when told."""

import dataclasses
import errno
import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training import calibrate, train, train_all
from training.data import prepared
from training.data.manifest import build_manifest, list_images
from training.data.prepared import prepare, synthetic_table
from training.data.provenance import MADE_FROM, images_record
from training.data.sets.layouts import DatasetError
from training.data.splits import SplitError
from training.fitting import features
from training.fitting.checkpoints import load_checkpoint, load_weights
from training.recipe import Recipe, RecipeError, load_recipe

SMOKE = ["mobilenetv2_bundle", "--smoke"]
RECIPE = Recipe("any", datasets=("class_folders",), label_set="seven")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Six synthetic lesions of each class, sorted into folders."""
    place = tmp_path_factory.mktemp("drawn")
    for row in synthetic_table(place / "all", per_class=6).itertuples():
        home = place / "class_folders" / row.label
        home.mkdir(parents=True, exist_ok=True)
        shutil.move(row.path, home / f"{row.image_id}.png")
    return place


@pytest.fixture
def data(drawn, tmp_path) -> Path:
    """A copy of them in a folder of image sets."""
    shutil.copytree(drawn / "class_folders", tmp_path / "data" / "class_folders")
    return tmp_path / "data"


def images(data: Path, per_class: int | None = None, anew: bool = False) -> int:
    """Return how many images a run gets."""
    return len(prepare(RECIPE, data, data.parent / "work", None, per_class, anew=anew))


def test_a_run_after_a_rehearsal_does_not_train_on_its_images(data):
    assert images(data, per_class=3) == 21
    assert images(data, per_class=3) == 21
    with pytest.raises(DatasetError, match=r"rehearsal with 3 images of each class, 21 in all; .*--anew"):
        images(data)
    assert images(data, anew=True) == 42
    assert images(data, per_class=3) < 42  # a whole folder serves a rehearsal


def test_names_that_look_like_numbers_keep_their_split_when_the_manifest_is_read_again(drawn, tmp_path):
    for number, path in enumerate(sorted(drawn.glob("class_folders/*/*"))):
        (tmp_path / "data/class_folders" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "data/class_folders" / path.parent.name / f"{number:04d}.png")
    first, second = (prepare(RECIPE, tmp_path / "data", tmp_path / "work", None, None) for _ in "12")
    assert (second.image_id == first.image_id).all() and (second.split == first.split).all()
    assert first.split.nunique() == 3


def test_images_that_a_split_table_does_not_list_are_left_out_and_counted(data, tmp_path, capsys):
    whole = prepare(RECIPE, data, tmp_path / "work", None, None)
    whole[3:].to_csv(tmp_path / "splits.csv", index=False)
    part = prepare(RECIPE, data, tmp_path / "work", tmp_path / "splits.csv", None)
    assert part.image_id.tolist() == whole.image_id[3:].tolist() and part.split.tolist() == whole.split[3:].tolist()
    assert "class_folders: 3 images are left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.assign(split="Train"), "has the split 'Train'; there are train, validation"),
        (lambda table: table.assign(split="train"), "There is no image of class_folders in the split validation"),
        (lambda table: table.head(0), "There is no image of class_folders in the split train"),
        (lambda table: pd.concat([table, table.tail(1)]), "more than once"),
    ],
)
def test_a_split_table_that_nothing_can_be_learnt_from_is_one_sentence(data, tmp_path, change, words):
    whole = prepare(RECIPE, data, tmp_path / "work", None, None)
    change(whole).to_csv(tmp_path / "splits.csv", index=False)
    with pytest.raises((DatasetError, SplitError), match=words):
        prepare(RECIPE, data, tmp_path / "work", tmp_path / "splits.csv", None)


@pytest.mark.parametrize("change", ["more", "fewer", "content", "label"])
def test_images_or_labels_that_have_changed_are_noticed(data, change, lesion, encode):
    assert images(data) == 42
    home = data / "class_folders" / "nv"
    photo = next(iter(sorted(home.iterdir())))
    if change == "more":
        (home / "new.png").write_bytes(encode(lesion))
    elif change == "fewer":
        photo.unlink()
    elif change == "content":
        photo.write_bytes(encode(lesion))
    else:
        photo.rename(data / "class_folders" / "mel" / photo.name)
    with pytest.raises(DatasetError, match="holds 42 images of class_folders that were read earlier; now there are"):
        images(data)
    assert images(data, anew=True) == 42 + {"more": 1, "fewer": -1}.get(change, 0)
    assert images(data) > 0


def test_a_set_is_the_same_whatever_was_read_beside_it(data):
    table = list_images(data, ["class_folders"]).assign(skin_tone=3, age=60)
    other = table.head(5).assign(dataset="other", skin_tone=np.nan, age=np.nan, sex=None, site="back", more="x")
    alone = images_record(table, None, 256)["sets"]["class_folders"]
    both = pd.concat([other, table], ignore_index=True)
    assert images_record(both, None, 256)["sets"]["class_folders"] == alone
    assert images_record(table.assign(age=61), None, 256)["sets"]["class_folders"] != alone


def test_images_that_are_no_longer_at_hand_need_not_be(data):
    images(data)
    shutil.rmtree(data)
    assert images(data) == 42


def test_a_folder_from_before_this_was_written_down_is_held_by_its_number(data):
    images(data, per_class=3)
    (data.parent / "work" / MADE_FROM).unlink()
    with pytest.raises(DatasetError, match="holds 21 images"):
        images(data)
    images(data, anew=True)
    (data.parent / "work" / MADE_FROM).unlink()
    assert images(data) == 42


@pytest.mark.parametrize(
    ("name", "words"),
    [("canvas.npy", "canvas.npy is damaged"), ("manifest.csv", "has changed since"), (MADE_FROM, "is damaged")],
)
def test_damaged_files_are_named(data, name, words):
    images(data)
    path = data.parent / "work" / name
    path.write_bytes(
        path.read_bytes()[:200] if name != "manifest.csv" else path.read_bytes().replace(b",nv,", b",mel,")
    )
    with pytest.raises((DatasetError, RecipeError), match=words):
        images(data)


def test_a_manifest_without_its_columns_is_damaged(data):
    images(data)
    for content in ("", "a,b\n1,2\n", "\0\0\n"):
        (data.parent / "work" / "manifest.csv").write_text(content)
        with pytest.raises(DatasetError, match=r"manifest\.csv is damaged"):
            images(data)
    assert images(data, anew=True) == 42


def test_a_full_disk_ends_reading_in_one_error_and_leaves_nothing_half(tmp_path, monkeypatch):
    table = synthetic_table(tmp_path / "drawn", per_class=2)
    monkeypatch.setattr(
        "training.data.manifest.difference_hash", lambda _: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(OSError, match="No space left"):
        build_manifest(table, tmp_path / "work")
    assert not list((tmp_path / "work").glob("*.npy"))


def test_the_canvas_holds_every_image_in_its_row(data):
    images(data)
    work = data.parent / "work"
    canvas, manifest = np.load(work / "canvas.npy"), pd.read_csv(work / "manifest.csv")
    assert canvas.shape == (42, 256, 256, 3) and canvas.dtype == np.uint8
    assert len({canvas[row].tobytes() for row in manifest.canvas_row}) == 42


EPOCHS = 2


@pytest.fixture(scope="module", autouse=True)
def short():
    """Rehearse on fewer images, and no longer than it takes to leave a run behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(train.SMOKE_OPTIONS, "epochs", EPOCHS)
        patch.setattr(prepared, "synthetic_table", functools.partial(synthetic_table, per_class=10))
        yield


@pytest.fixture(scope="module")
def trained(short, tmp_path_factory) -> Path:
    """The folder of a rehearsal."""
    place = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert train.main(SMOKE) == 0
    return place


@pytest.fixture
def place(trained, tmp_path, monkeypatch) -> Path:
    """A copy of it, as the current folder."""
    copy = shutil.copytree(trained, tmp_path / "place")
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["seed=7"], "seed 2018, now 7"),
        (["dropout=0.5", "balancing=none"], "dropout 0.2, now 0.5; balancing"),
    ],
)
def test_another_recipe_or_seed_in_the_same_folder_is_refused(place, capsys, options, words):
    before = (place / "runs/smoke/run.json").read_text()
    assert train.main([*SMOKE, "--set", *options]) == 1
    said = capsys.readouterr().err
    assert words in said and "--anew" in said and said.count("\n") == 1
    assert (place / "runs/smoke/run.json").read_text() == before


def test_another_seed_starts_anew_when_told(place):
    assert train.main([*SMOKE, "--anew", "--set", "seed=7"]) == 0
    record = json.loads((place / "runs/smoke/run.json").read_text())
    assert record["recipe"]["seed"] == 7 and record["epochs"] == EPOCHS  # as many as the rehearsal has: none was there


def test_the_same_command_goes_on(place):
    assert train.main(SMOKE) == 0


def test_other_images_under_the_same_run_are_refused(place, capsys):
    splits = place / "runs/smoke/splits.csv"
    splits.write_text("\n".join(splits.read_text().splitlines()[:-5]) + "\n")
    assert train.main(SMOKE) == 1
    assert "images in its split, now" in capsys.readouterr().err


def test_a_checkpoint_of_nobody_is_not_gone_on_with(place, capsys):
    (place / "runs/smoke/run.json").unlink()
    assert train.main(SMOKE) == 1
    assert "a checkpoint without its run.json" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", None])
def test_a_damaged_checkpoint_is_one_sentence(place, capsys, content):
    path = place / "runs/smoke/checkpoint.npz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    assert train.main(SMOKE) == 1
    said = capsys.readouterr().err
    assert "checkpoint.npz is damaged" in said and "remove it to start the run again" in said
    with pytest.raises(RecipeError, match="is damaged"):
        load_weights(path, None)
    with pytest.raises(RecipeError, match="is damaged"):
        load_checkpoint(path, None)


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_record_is_one_sentence(place, capsys, content):
    (place / "runs/smoke/run.json").write_text(content)
    assert calibrate.main(["runs/smoke"]) == 1
    assert "run.json" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["run.json", None])
def test_a_full_disk_in_training_is_one_line(place, capsys, monkeypatch, name):
    full = OSError(errno.ENOSPC, "No space left on device", name)
    monkeypatch.setattr(train, "_train", lambda *_: (_ for _ in ()).throw(full))
    assert train.main(SMOKE) == 1
    said = capsys.readouterr().err
    assert said.startswith("The disk is full") and said.count("\n") == 1 and "None" not in said


def test_control_c_in_training_is_one_line(place, capsys, monkeypatch):
    monkeypatch.setattr(train, "_train", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert train.main(SMOKE) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_a_trained_run_of_other_settings_is_not_taken_for_the_recipes_own(tmp_path, capsys, monkeypatch):
    run = tmp_path / "attention"
    run.mkdir()
    for name in ("trained.keras", "splits.csv", "predictions.csv", "history.csv"):
        (run / name).write_text("")
    monkeypatch.setattr(train_all, "is_trained", lambda folder: (folder / "trained.keras").exists())
    recipe = dataclasses.asdict(load_recipe("attention"))

    def left(**record) -> list[str]:
        (run / "run.json").write_text(json.dumps({"recipe": recipe, "per_class": None} | record))
        return train_all.train_missing(["attention"], tmp_path, tmp_path, runs=tmp_path)

    assert left() == [] and "trained before" in capsys.readouterr().out
    assert left(per_class=3) == ["attention"] and "images of each class 3, now all" in capsys.readouterr().out
    assert left(recipe=recipe | {"seed": 1}) == ["attention"] and "seed 1, now 2018" in capsys.readouterr().out


def test_kept_features_belong_to_the_pixels(tmp_path, monkeypatch):
    import keras

    photo = keras.Input((32, 32, 3), name="photo")
    network = keras.Model(photo, keras.layers.GlobalAveragePooling2D(name="pool")(photo))
    canvas = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    rows, names = np.arange(3), ["a", "b", "c"]

    def kept() -> np.ndarray:
        return features.features(network, "pool", canvas, rows, names, tmp_path)

    first = kept()
    [path] = tmp_path.glob("*.npy")
    monkeypatch.setattr(features, "outputs", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(kept(), first)
    monkeypatch.undo()
    path.write_bytes(path.read_bytes()[:50])  # damaged: computed again
    np.testing.assert_array_equal(kept(), first)
    canvas[1] = 255 - canvas[1]  # the same file, read otherwise than before
    assert (kept()[1] != first[1]).any() and len(list(tmp_path.glob("*.npy"))) == 2
