"""Trained trunks in one graph answer with their mean, and show where from."""

import dataclasses
import json
from pathlib import Path
from zipfile import ZipFile

import keras
import numpy as np
import pandas as pd
import pytest

from training import train
from training.networks.architectures import ARCHITECTURES, logits_model
from training.networks.ensemble import combine, combine_files
from training.recipe import Recipe, RecipeError, load_recipe, trunk_in

SIZE = 64
SHIPPED = load_recipe("three_trunks_bundle")
TRUNKS = SHIPPED.architecture_options["trunks"]


def member(name: str, seed: int) -> keras.Model:
    """A network with random weights, normalisation and head included."""
    keras.utils.set_random_seed(seed)
    network = ARCHITECTURES[name.removesuffix("_again")](SIZE, 7, "none")
    random = np.random.default_rng(seed)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    head = network.get_layer("logits")
    head.set_weights([random.normal(size=w.shape) for w in head.get_weights()])
    return network


@pytest.fixture(scope="module")
def members() -> list[keras.Model]:
    return [member(name, seed) for seed, name in enumerate(TRUNKS)]


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 255, (3, SIZE, SIZE, 3)).astype(np.float32)


def joined_trunks(trunks: tuple[str, ...]) -> keras.Model:
    return ARCHITECTURES["side_by_side"](SIZE, 7, trunks=trunks)


@pytest.fixture(scope="module")
def joined(members) -> keras.Model:
    network = joined_trunks(TRUNKS)
    combine(members, network)
    return network


def test_joined_logits_are_the_mean_of_the_members(members, joined, photos):
    parts = [np.asarray(logits_model(network).predict_on_batch(photos)) for network in members]
    assert all(not np.allclose(parts[0], other, atol=0.1) for other in parts[1:])
    found = np.asarray(logits_model(joined).predict_on_batch(photos))
    np.testing.assert_allclose(found, np.mean(parts, axis=0), rtol=1e-4, atol=1e-4)


def test_the_maps_of_the_joined_network_add_up_to_its_logits(joined, photos):
    kernel, bias = joined.get_layer("logits").get_weights()
    both = keras.Model(joined.input, [joined.get_layer("all_trunks").output, joined.get_layer("logits").output])
    features, logits = (np.asarray(value) for value in both.predict_on_batch(photos))
    maps = features @ kernel / (features.shape[1] * features.shape[2])
    np.testing.assert_allclose(maps.sum(axis=(1, 2)) + bias, logits, rtol=1e-3, atol=1e-3)


def test_wrong_members_and_trunks_are_refused(members):
    joined = joined_trunks(TRUNKS[:2])
    with pytest.raises(RecipeError, match="not the trunks"):
        combine(members[:1], joined)
    with pytest.raises(RecipeError, match="not the trunks"):
        combine([members[0], members[0]], joined)
    for trunks in ((), ("mobilenetv2", "vgg19")):
        with pytest.raises(RecipeError, match="there are mobilenetv2"):
            joined_trunks(trunks)


def test_a_recipe_with_members_trains_them_first_and_joins_them(members, photos, tmp_path, monkeypatch):
    recipe = dataclasses.replace(  # two of the shipped model's: the third adds time and nothing else
        SHIPPED, members=SHIPPED.members[:2], architecture_options={"trunks": TRUNKS[:2]},
        size=SIZE, datasets=("synthetic",), weights=str(tmp_path), prior_exponent=0,
        last_layer_penalty=0,
    )  # fmt: skip
    asked = []

    def trained(stage: Recipe, options):
        """Stand in for the training of a member: its network is there afterwards."""
        asked.append((stage.name, stage.weights))
        options.run.mkdir(parents=True)
        members[recipe.members.index(stage.name)].save(options.run / "trained.keras")
        record = {"recipe": {"name": stage.name, "weights": f"folder/{stage.name}.h5"}, "epochs": 4, "minutes": 2.0}
        (options.run / "run.json").write_text(json.dumps(record))

    join_recipe = train._train
    monkeypatch.setattr(train, "_train", trained)
    monkeypatch.setattr(train, "find_spec", lambda name: True)  # PyTorch would read the members' first weights
    options = train.argparse.Namespace(
        run=tmp_path / "runs" / recipe.name, work=tmp_path / "work", splits=None, per_class=None, smoke=False,
        data=tmp_path, tensorboard=False, incomplete=False, anew=False,
    )  # fmt: skip
    assert join_recipe(recipe, options) == 0
    assert asked == [(name, str(tmp_path)) for name in recipe.members]
    record = json.loads((options.run / "run.json").read_text())
    assert [stage["recipe"]["name"] for stage in record["stages"]] == list(recipe.members)
    assert record["recipe"]["weights"] == ", ".join(f"{name}.h5" for name in recipe.members) and record["epochs"] == 0
    joined = logits_model(keras.models.load_model(options.run / "trained.keras", compile=False))
    wanted = np.mean([logits_model(network).predict_on_batch(photos) for network in members[:2]], axis=0)
    np.testing.assert_allclose(np.asarray(joined.predict_on_batch(photos)), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("judged", ["validation", "internal_test"])
@pytest.mark.parametrize(
    ("image", "group", "lesion", "shared"),
    [("b", "x", "x", True), ("x", "g2", "x", True), ("x", "x", "l2", True), ("x", "x", "x", False)],
)
def test_a_stage_that_has_learnt_from_lesions_that_are_judged_is_refused(
    judged, image, group, lesion, shared, tmp_path
):
    (tmp_path / "one").mkdir()
    learnt = pd.DataFrame({"image_id": ["a", image], "group": ["g1", group], "lesion_id": ["l1", lesion]})
    learnt.assign(dataset="any", split="train").to_csv(tmp_path / "one/splits.csv", index=False)
    now = pd.DataFrame({"image_id": ["a", "b"], "group": ["g1", "g2"], "lesion_id": ["l1", "l2"], "dataset": "any"})
    now["split"] = ["train", judged]
    if not shared:
        train._check_unseen(["one", "never kept"], tmp_path, now)
        return
    with pytest.raises(RecipeError, match="one has learnt from 1 of the validation and test images"):
        train._check_unseen(["one"], tmp_path, now)


def test_weights_that_only_pytorch_reads_are_asked_for_before_anything_is_trained(tmp_path, monkeypatch):
    recipe = dataclasses.replace(SHIPPED, members=("mobilenetv2_bundle", "lite2_192"))
    monkeypatch.setattr(train, "find_spec", lambda name: None)
    with pytest.raises(RecipeError, match="lite2_192 begins with weights that PyTorch reads"):
        train._check_taught(recipe, tmp_path / recipe.name, tmp_path)
    (tmp_path / "lite2_192").mkdir()
    (tmp_path / "lite2_192/trained.keras").touch()
    train._check_taught(recipe, tmp_path / recipe.name, tmp_path)


DAMAGED = [("{", "is damaged"), ("{}", "holds no recipe"), ("[]", "holds no recipe"), ('{"recipe": {}}', "damaged")]


@pytest.mark.parametrize(("text", "words"), DAMAGED)
def test_the_damaged_record_of_a_member_is_one_sentence(text, words, tmp_path):
    member = tmp_path / "lite2_192"
    member.mkdir()
    (member / "trained.keras").touch()
    (member / "run.json").write_text(text)
    options = train.argparse.Namespace(run=tmp_path / "joined", anew=True, per_class=None)
    with pytest.raises(RecipeError, match=words):
        train._earlier_stages("lite2_192", SHIPPED, options.run, options)


def test_starting_anew_keeps_what_a_gpu_has_trained(tmp_path):
    member = tmp_path / "lite2_distilled"
    member.mkdir()
    (member / "trained.keras").touch()
    recipe = dataclasses.asdict(load_recipe("lite2_distilled")) | {"size": 96}
    (member / "run.json").write_text(json.dumps({"recipe": recipe}))
    options = train.argparse.Namespace(run=tmp_path / "joined", anew=True, per_class=None)
    with pytest.raises(RecipeError, match="size"):
        train._earlier_stages("lite2_distilled", SHIPPED, options.run, options)
    assert (member / "trained.keras").exists() and (member / "run.json").exists()


def test_a_member_of_other_options_is_trained_anew_where_that_is_asked_for(tmp_path, monkeypatch):
    member = tmp_path / "lite2_192"
    member.mkdir()
    (member / "trained.keras").touch()
    recipe = dataclasses.asdict(load_recipe("lite2_192"))
    (member / "run.json").write_text(json.dumps({"recipe": recipe | {"size": 96}}))

    def trained(stage: Recipe, options):
        options.run.mkdir(exist_ok=True)
        (options.run / "run.json").write_text(json.dumps({"recipe": dataclasses.asdict(stage), "epochs": 3}))

    monkeypatch.setattr(train, "_train", trained)
    options = train.argparse.Namespace(run=tmp_path / "joined", anew=True, per_class=None)
    [stage] = train._earlier_stages("lite2_192", SHIPPED, options.run, options)
    assert stage["epochs"] == 3 and stage["recipe"]["size"] == 192


def test_a_member_that_a_gpu_has_to_train_is_asked_for_before_anything_is_trained(tmp_path):
    options = train.argparse.Namespace(run=tmp_path / SHIPPED.name, work=tmp_path, smoke=False)
    with pytest.raises(RecipeError, match=f"training.accelerator.unpack lite2_distilled --runs {tmp_path} --work"):
        train._train(SHIPPED, options)
    with pytest.raises(RecipeError, match="on a GPU"):
        train._train(load_recipe("lite2_distilled"), options)


def test_joined_files_take_the_size_of_the_recipe(members, tmp_path):
    paths = [tmp_path / f"{number}.keras" for number in range(2)]
    for network, path in zip(members[:2], paths, strict=True):
        network.save(path)
    recipe = dataclasses.replace(SHIPPED, architecture_options={"trunks": TRUNKS[:2]}, size=96)
    joined = keras.models.load_model(combine_files(recipe, paths, tmp_path / "joined.keras"), compile=False)
    assert joined.input_shape == (None, 96, 96, 3)


def test_a_folder_of_weights_gives_each_architecture_its_own(tmp_path):
    with ZipFile(tmp_path / "resnet50v2_imagenet_to_conv4.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    assert Path(trunk_in(str(tmp_path), "resnet50v2_conv4")).name == "resnet50v2_imagenet_to_conv4.keras"
    assert trunk_in(str(tmp_path), "cnn") == "none"
    assert trunk_in("imagenet", "resnet50v2_conv4") == "imagenet"
    with pytest.raises(RecipeError, match="mobilenet_v2_imagenet_notop"):
        trunk_in(str(tmp_path), "mobilenetv2")
    (tmp_path / "mobilenet_v2_imagenet_notop.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert trunk_in(str(tmp_path), "mobilenetv2").endswith("notop.weights.h5")
    (tmp_path / "mobilenet_v2_imagenet_notop.weights.h5").write_bytes(b"PK\x03\x04")
    with pytest.raises(RecipeError, match="is no file of weights"):
        trunk_in(str(tmp_path), "mobilenetv2")
