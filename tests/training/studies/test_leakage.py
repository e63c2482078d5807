"""The demonstration of leaks: honest unless told otherwise, and each leak does to a known sample what it must."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from training.data.sets.layouts import DatasetError
from training.fitting.kept_arrays import kept_array
from training.recipe import Recipe, RecipeError, load_recipe
from training.studies.leakage import arms as leakage_arms
from training.studies.leakage import study as leakage
from training.studies.leakage.arms import NEAREST, Arm, classifiers, folds, judge, with_synthetic, without_synthetic
from training.studies.leakage.fine_tuned import FineTuned
from training.studies.leakage.sample import (
    EIGHT,
    Sample,
    eight_class_table,
    mixed,
    mixed_photos,
    sharing_under_random_split,
)
from training.studies.leakage.study import beside_others, combinations_of, demonstrate, random_split_row, recipe_trunk

CODES = [label.code for label in EIGHT]


def sample(lesions: int = 12, images: int = 2, classes: int = 8, rare: int = 0) -> Sample:
    """Lesions that look like themselves, and nothing in their look that tells the class.

    ``rare`` lesions of the last class are left out.
    """
    random = np.random.default_rng(1)
    target = np.repeat(np.arange(classes), lesions * images)[: -rare * images or None]
    lesion = np.arange(len(target)) // images
    looks = 10 * random.normal(size=(lesion.max() + 1, 12))[lesion] + 0.1 * random.normal(size=(len(target), 12))
    names = [f"L{number}" for number in lesion]
    table = pd.DataFrame({"image_id": np.arange(len(target)), "lesion_id": names, "group": names, "target": target})
    features = looks.astype(np.float32)
    return Sample(table, features, lambda pairs, shares: mixed(features, pairs, shares))


def accuracy(table: pd.DataFrame) -> float:
    predicted = table[[f"p_{code}" for code in CODES]].to_numpy().argmax(axis=1)
    return float((np.array(CODES)[predicted] == table.label).mean())


@pytest.fixture(scope="module", autouse=True)
def one_classifier():
    """A neural network for every fold of every arm would take minutes; the nearest neighbour shows leaks best."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leakage_arms, "classifiers", lambda seed: {NEAREST: KNeighborsClassifier(1)})
        yield


@pytest.fixture(scope="module")
def arms(one_classifier) -> dict:
    """Every arm on a sample without signal: name -> (accuracy of the nearest neighbour, counts)."""
    content, found = sample(rare=6), {}
    honest = [Arm(), Arm(synthetic=True)]
    for arm in [*honest, *(Arm(leaks, "synthetic" in leaks) for leaks in combinations_of(["all"]))]:
        predictions, counts = judge(content, arm, per_class=36, seed=3)
        found[arm.leaks, arm.synthetic] = accuracy(predictions[NEAREST]), counts, predictions
    return found


@pytest.mark.parametrize("synthetic", [False, True])
def test_the_honest_arm_shares_nothing_and_finds_nothing(arms, synthetic):
    value, counts, predictions = arms[frozenset(), synthetic]
    assert (counts["n_test_sharing_lesion"], counts["n_test_synthetic_parent"], counts["n_test_is_parent"]) == (0, 0, 0)
    assert counts["n_test"] == 180
    assert sorted(predictions[NEAREST].image_id) == list(range(180))
    assert value < 0.25  # eight classes, no signal


def test_a_lesion_on_both_sides_is_recognised(arms):
    value, counts, _ = arms[frozenset(["lesions"]), False]
    assert counts["n_test_sharing_lesion"] > 100  # the other image of a lesion is in training four times out of five
    assert value == pytest.approx(counts["n_test_sharing_lesion"] / 180, abs=0.12)
    assert value > 0.6


def test_synthetic_images_made_before_the_split_carry_their_parents_over(arms):
    value, counts, _ = arms[frozenset(["synthetic"]), True]
    assert counts["n_test"] == 8 * 36
    assert counts["n_test_sharing_lesion"] == 0
    assert counts["n_test_synthetic_parent"] > 90  # of 108, both parents by chance in the same fold otherwise
    assert counts["n_test_is_parent"] > 0
    assert value > arms[frozenset(), True][0] + 0.2


def test_judging_on_training_images_recognises_all_of_them(arms):
    value, counts, _ = arms[frozenset(["training_images"]), False]
    assert value == 1
    assert counts["n_test_sharing_lesion"] == counts["n_test"] == counts["n_train"] == 180


def test_all_leaks_together_reach_everything(arms):
    value, counts, _ = arms[frozenset(["lesions", "synthetic", "training_images"]), True]
    assert value == 1
    assert counts["n_test_synthetic_parent"] == 8 * 36 - 180


def test_synthetic_images_lie_between_parents_of_their_class():
    content = sample(rare=6)
    pool = with_synthetic(content, np.arange(180), per_class=36, seed=0)
    assert np.bincount(pool.targets).tolist() == [36] * 8
    assert (content.targets[pool.parents] == pool.targets[:, None]).all()
    ends = content.features[pool.parents[180:]]
    new = pool.features[180:]
    assert ((new >= ends.min(axis=1) - 1e-4) & (new <= ends.max(axis=1) + 1e-4)).all()


def test_honest_folds_keep_groups_together():
    content = sample(images=3)
    groups = content.table.group.to_numpy()
    for train, test in folds(Arm(), without_synthetic(content, np.arange(len(groups))), groups, 0):
        assert not set(groups[train]) & set(groups[test])


def test_the_table_puts_each_leak_beside_the_honest_figure_of_the_same_classifier():
    table = demonstrate(sample(), combinations_of(["lesions"]), 24, 0, "a network", resamples=40)
    assert list(table.columns) == leakage.COLUMNS
    assert set(table.leak) == {"none", "lesions across splits"}
    assert table.demonstration.str.startswith("demonstration, not a result").all()
    honest = table[table.leak == "none"]
    assert (honest.value == honest.honest_value).all()
    leaked = table[(table.leak != "none") & (table.method == NEAREST)].set_index("metric")
    beside = honest[honest.note.str.contains("no synthetic") & (honest.method == NEAREST)].set_index("metric")
    assert leaked.honest_value["accuracy"] == beside.value["accuracy"]
    assert leaked.low["accuracy"] > leaked.honest_high["accuracy"]
    assert "macro_auc" not in leaked.index


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_classifier_learns_what_can_be_learnt():
    targets = np.repeat(np.arange(8), 20)
    features = (5 * np.eye(8)[targets] + np.random.default_rng(0).normal(size=(160, 8))).astype(np.float32)
    for name, model in classifiers(0).items():
        assert model.fit(features, targets).score(features, targets) > 0.9, name
        assert model.predict_proba(features).shape == (160, 8)


def test_leaks_are_combined_one_by_one_and_none_by_default():
    assert combinations_of([]) == []
    assert combinations_of(["training_images", "lesions"]) == [
        frozenset(["lesions"]), frozenset(["training_images"]), frozenset(["lesions", "training_images"]),
    ]  # fmt: skip
    assert len(combinations_of(["all"])) == 5


def test_a_random_split_shares_lesions_exactly_where_lesions_have_several_images():
    single = pd.DataFrame({"lesion_id": np.arange(200)})
    counts, n_test = sharing_under_random_split(single, range(4))
    assert (counts.tolist(), n_test) == ([0] * 4, 30)
    pairs = pd.DataFrame({"lesion_id": np.arange(2000) // 2})
    counts, n_test = sharing_under_random_split(pairs, range(4))
    assert counts.mean() / n_test == pytest.approx(0.85, abs=0.04)


def test_the_honest_split_of_the_whole_set_shares_none():
    lesions = np.arange(600) // 2
    table = pd.DataFrame(
        {
            "image_id": np.arange(600),
            "lesion_id": lesions,
            "group": lesions,
            "dataset": "ham10000",
            "source_label": "nv",
        }
    )
    row = random_split_row(table.astype({"lesion_id": str, "group": str})).iloc[0]
    assert row.honest_value == 0
    assert row.low <= row.value <= row.high
    assert row.value == pytest.approx(row.n_test_sharing_lesion / row.n_test, abs=0.01)


def test_one_fold_of_five_is_judged_where_the_sample_says_so():
    content = sample()
    predictions, counts = judge(dataclasses.replace(content, folds=1), Arm(), per_class=24, seed=0)
    assert len(predictions[NEAREST]) == counts["n_test"] < len(content.table) / 4
    made = dataclasses.replace(content, folds=1, classifiers=lambda seed: {"mine": KNeighborsClassifier(3)})
    table = demonstrate(made, [], 24, 0, "a network", resamples=40)
    assert set(table.method) == {"mine"}
    assert table.note.str.startswith("1 of five folds by lesion").all()


def test_rows_of_another_network_stay_in_the_table(tmp_path):
    def row(network: str, value: float) -> pd.DataFrame:
        return pd.DataFrame([{"demonstration": f"demonstration, not a result: 9 images, {network}", "value": value}])

    assert beside_others(tmp_path, row("this one", 0.5)).value.tolist() == [0.5]
    (tmp_path / "results").mkdir()
    pd.concat([row("this one", 0.1), row("that one", 0.2)]).to_csv(tmp_path / "results/leakage.csv", index=False)
    assert beside_others(tmp_path, row("this one", 0.5)).value.tolist() == [0.2, 0.5]


def test_a_recipes_head_and_last_block_learn_on_maps():
    phases = ({"name": "head", "rate": 1.0}, {"name": "top", "rate": 0.5})
    recipe = Recipe(
        "small", architecture="cnn", architecture_options={"filters": [4, 8], "dense": []}, weights="none", size=16,
        label_set="eight", epochs=30, rate=1e-2, dropout=0.0, phases=phases,
    )  # fmt: skip
    targets = np.repeat(np.arange(8), 20)
    maps = np.random.default_rng(0).normal(size=(160, 8, 8, 4)) + 3 * np.eye(8)[targets][:, None, None, :4]
    maps -= 3 * np.eye(8)[targets][:, None, None, 4:]
    learner = FineTuned(recipe, "halve_1")
    found = learner.fit(maps.astype(np.float16), targets).predict_proba(maps.astype(np.float16))
    assert found.shape == (160, 8)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (found.argmax(axis=1) == targets).mean() > 0.9
    assert learner.network_.get_layer("conv_2").trainable


def test_only_a_network_whose_last_block_is_known_can_learn_here():
    with pytest.raises(RecipeError, match="another network than resnet50v2_conv4"):
        recipe_trunk(dataclasses.replace(load_recipe("resnet50_smote"), architecture="cnn"))


@pytest.mark.parametrize("name", ["isic_three_class", "resnet50v2_wide"])  # three classes; one phase
def test_a_recipe_without_eight_classes_and_two_phases_is_refused_before_an_image_is_read(name):
    with pytest.raises(RecipeError, match="has no eight classes"):
        recipe_trunk(load_recipe(name))


def manifest_and_truth(per_class: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [(f"{code}{n}", code, "ham10000" if n % 2 else "isic2019") for code in CODES for n in range(per_class)]
    manifest = pd.DataFrame(rows, columns=["image_id", "source_label", "dataset"])
    manifest = manifest.assign(
        lesion_id=manifest.image_id, group=manifest.image_id, canvas_row=np.arange(len(manifest))
    )
    truth = pd.get_dummies(manifest.set_index("image_id").source_label).astype(float).rename_axis("image").reset_index()
    return manifest, truth


def test_the_sample_takes_isic_2019s_labels_and_a_number_of_each():
    manifest, truth = manifest_and_truth()
    other = manifest.head(3).assign(image_id=["x", "y", "z"], dataset="milk10k")
    manifest = pd.concat([manifest, other]).assign(source_label="akiec")  # what HAM10000 calls it is not asked
    table = eight_class_table(manifest, truth, per_class=2, seed=0)
    assert np.bincount(table.target).tolist() == [2] * 8
    assert (table.target.map(dict(enumerate(CODES))) == table.image_id.str[:-1]).all()
    with pytest.raises(DatasetError, match="of SCC"):
        eight_class_table(manifest[~manifest.image_id.str.startswith("SCC")], truth, 2, 0)


def test_photos_are_mixed_pixel_by_pixel():
    canvas = np.stack([np.full((40, 40, 3), value, np.uint8) for value in (0, 100)])
    photos = mixed_photos(canvas, np.array([[0, 1], [1, 0]]), np.array([0.3, 0.1]), 32)
    assert photos.shape == (2, 32, 32, 3)
    assert photos.dtype == np.float32
    assert [photos[0].mean(), photos[1].mean()] == pytest.approx([30, 90])


def test_features_are_computed_once(tmp_path):
    calls = []
    for key in (["a", np.arange(2)], ["a", np.arange(2)], ["b", np.arange(2)]):
        kept_array(tmp_path, key, lambda: calls.append(1) or np.ones(3))
    assert len(calls) == 2


def test_the_command_leaks_only_on_demand(tmp_path, monkeypatch, capsys):
    manifest, truth = manifest_and_truth(per_class=12)
    (tmp_path / "isic2019").mkdir()
    truth.to_csv(tmp_path / "isic2019/ISIC_2019_Training_GroundTruth.csv", index=False)
    manifest.assign(label="nv").to_csv(tmp_path / "manifest.csv", index=False)
    random = np.random.default_rng(0)
    np.save(tmp_path / "canvas.npy", random.integers(0, 256, (len(manifest), 40, 40, 3), dtype=np.uint8))
    trunk = SimpleNamespace(predict_on_batch=lambda photos: photos[:, ::40, ::40].reshape(len(photos), -1))
    monkeypatch.setattr(leakage, "frozen_trunk", lambda size, weights: trunk)
    place, out = str(tmp_path), tmp_path / "leakage.csv"
    command = ["--data", place, "--work", place, "--cache", f"{place}/c", "--output", str(out), "--per-class", "12"]
    command += ["--resamples", "20"]
    assert leakage.main(command) == 0
    assert set(pd.read_csv(out).leak) == {"none"}
    assert leakage.main([*command, "--leaks", "training_images"]) == 0
    assert set(pd.read_csv(out).leak) == {"none", "judged on training images"}
    assert "demonstration, not a result" in capsys.readouterr().out
    assert leakage.main([*command, "--work", f"{place}/nowhere"]) == 1
    assert "holds no manifest" in capsys.readouterr().err
