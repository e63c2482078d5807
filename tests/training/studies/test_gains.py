"""What more images, draws and teachers give: what each arm learns from, and what the table says of it."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from model.card import Label, load_card
from tests.support.card_bundle import write_bundle
from training.command import TrainingError
from training.data.balancing import Balance
from training.data.batches import TrainingBatches
from training.data.label_sets import CODES, LABELS
from training.fitting.last_layer import Layer
from training.networks.ensemble import JOINED
from training.studies import gains, short_training
from training.studies.gains import ALL, ARMS, DISTIL

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
SETS = ("ham10000", "milk10k")


def images(split: str, of_class: int) -> pd.DataFrame:
    rows = [(name, code) for name in SETS for code in CODES for _ in range(of_class)]
    table = pd.DataFrame(rows, columns=["dataset", "label"]).assign(split=split)
    names = [f"{split}{i}" for i in range(len(table))]
    lesions = [f"{split}{i // 2}" for i in range(len(table))]
    return table.assign(image_id=names, lesion_id=lesions, group=names, canvas_row=range(len(table)))


def test_a_share_is_of_whole_lesions_and_lies_within_every_larger_one():
    train = images("train", 200)
    some, more, every = (gains.share_of(train, share) for share in (0.25, 0.5, 1.0))
    assert set(some.image_id) < set(more.image_id) < set(every.image_id) == set(train.image_id)
    for part, share in ((some, 0.25), (more, 0.5)):
        assert len(part) / len(train) == pytest.approx(share, abs=0.03)
        assert (part.groupby("lesion_id").size() == 2).all()


def batches(**options) -> TrainingBatches:
    labels = np.arange(14) % 7
    canvas = np.arange(14, dtype=np.uint8)[:, None, None, None].repeat(32, 1).repeat(32, 2).repeat(3, 3)
    balance = Balance(np.ones(14), np.ones(7))
    return TrainingBatches(
        canvas, np.arange(14), labels, balance, classes=7, size=32, batch=5, amount=None, seed=3, **options
    )


def test_targets_are_in_part_what_the_teachers_said_to_the_same_photo():
    answers = np.random.default_rng(0).dirichlet(np.ones(7), 14)
    plain = batches()
    network, drawn, loss = gains.taught(answers)("network", plain, "loss")
    assert (network, loss, len(drawn)) == ("network", "loss", len(plain))
    for epoch in range(2):
        plain.start_epoch(epoch)
        for index in range(len(plain)):
            photos, targets, weights = drawn[index]
            shown = photos[:, 0, 0, 0].astype(int)  # each photo is its own number
            expected = DISTIL * answers[shown] + (1 - DISTIL) * np.eye(7)[shown % 7]
            np.testing.assert_allclose(targets, expected, atol=1e-6)
            np.testing.assert_array_equal(photos, plain[index][0])
            np.testing.assert_array_equal(weights, plain[index][2])
    with pytest.raises(TrainingError, match="plain photos"):
        gains.taught(answers)("network", batches(mixup=0.2), "loss")


def test_a_trunk_answers_with_its_own_part_of_the_layer():
    random = np.random.default_rng(0)
    channels, pooled = [3, 2, 4], random.normal(size=(5, 9))
    members = [random.normal(size=(some, 7)) for some in channels]
    layer = Layer(np.concatenate(members) / 3, random.normal(size=7))
    every = gains.answers_of(3, channels, pooled, layer)
    np.testing.assert_allclose(every, softmax(layer.logits(pooled), axis=1))
    last = gains.answers_of(1, channels, pooled, layer)
    np.testing.assert_allclose(last, softmax(pooled[:, 5:] @ members[2] + layer.bias, axis=1))


def test_every_share_of_the_images_is_drawn_about_as_often():
    recipe = short_training.short_recipe("none")
    for arm in ARMS[:3]:
        images_of_share = 25280 * arm.share
        assert arm.epochs * min(recipe.epoch_images, images_of_share) == pytest.approx(32000, rel=0.02)


def test_every_arm_is_judged_against_the_first_and_says_what_it_learnt_from():
    train, judged = images("train", 6), images("validation", 4)
    asked, random = [], np.random.default_rng(0)

    def answers(recipe, own, teachers):
        asked.append((recipe.epochs, recipe.seed, len(own), teachers))
        logits = np.eye(len(CODES))[judged.label.map(CODES.index)] * 2
        return np.concatenate([logits + random.normal(size=logits.shape), np.ones((len(judged), 4))], axis=1)

    recipe = short_training.short_recipe("none")
    table = gains.study(recipe, train, judged, CLASSES, answers, 3, 30)
    assert asked == [(a.epochs, a.seed, len(gains.share_of(train, a.share)), a.teachers) for a in ARMS]
    assert len(table) == len(ARMS) * len(SETS) * len(gains.METRICS) and set(table.split) == {"validation"}
    first = table.head(len(SETS) * len(gains.METRICS))
    assert (first.difference == 0).all() and (table.difference[len(first) :] != 0).any()
    said = table.drop_duplicates(["share", "draws", "teachers", "seed"])
    learnt = [len(gains.share_of(train, arm.share)) for arm in ARMS]  # fewer than 8,000: an epoch draws each once
    assert list(said.draws) == [count * arm.epochs for count, arm in zip(learnt, ARMS, strict=True)]
    assert list(said.share) == [arm.share for arm in ARMS] and list(said.train_images) == learnt
    assert list(said.teachers) == [{"": 0, "one": 1, ALL: 3}[arm.teachers] for arm in ARMS]
    assert "at 128 px" in table.learner[0] and "draws" not in table.learner[0]


@pytest.fixture
def joined(tmp_path):
    """A run whose network has two trunks of 3 and 4 channels."""
    photo = keras.Input((32, 32, 3))
    trunks = [keras.layers.Conv2D(some, 4, strides=4, name=f"trunk_{some}")(photo) for some in (3, 4)]
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Concatenate(name="all_trunks")(trunks))
    network = keras.Model(photo, keras.layers.Dense(len(CODES), name="logits")(pooled))
    (tmp_path / "run").mkdir()
    network.save(tmp_path / "run" / JOINED)
    return network


@pytest.fixture
def command(tmp_path) -> list[str]:
    table = pd.concat([images("train", 3), images("validation", 3)], ignore_index=True)
    table = table.assign(canvas_row=range(len(table)), confirmation="histo")
    work = tmp_path / "work"
    work.mkdir()
    table.drop(columns="split").to_csv(work / "manifest.csv", index=False)
    np.save(work / "canvas.npy", np.zeros((len(table), 32, 32, 3), np.uint8))
    bundle = write_bundle(
        tmp_path / "bundle", {"dataset/splits.csv": table, "results/metrics.csv": pd.DataFrame({"x": [1]})}
    )
    (bundle / "weights.keras").write_bytes(b"weights")
    return [
        str(tmp_path / "run"), "--work", str(work), "--bundle", str(bundle), "--weights", "none", "--resamples", "20"
    ]  # fmt: skip


def test_the_command_teaches_with_the_joined_network_and_goes_on_after_an_interruption(
    joined, command, tmp_path, monkeypatch
):
    train, learnt, asked = images("train", 3), [], []
    kernel, bias = joined.get_layer("logits").get_weights()

    def pooled_features(bundle, canvas, rows):
        asked.append(len(rows))
        return np.random.default_rng(0).normal(size=(len(rows), 7)).astype(np.float32)

    def trained(recipe, canvas, own, seen, change=None):
        if len(learnt) == 9 and len(asked) == 1:
            asked.append(0)
            raise KeyboardInterrupt
        learnt.append((recipe.epochs, len(own), change is not None))
        return np.random.default_rng(len(learnt)).normal(size=(len(seen), len(CODES) + 3))

    given = []
    real = gains.answers_of
    monkeypatch.setattr(gains, "answers_of", lambda *told: given.append(told) or real(*told))
    monkeypatch.setattr(gains, "pooled_features", pooled_features)
    monkeypatch.setattr(short_training, "trained", trained)
    assert gains.main(command) == 130 and len(learnt) == 9
    assert gains.main(command) == 0
    assert learnt == [(a.epochs, len(gains.share_of(train, a.share)), bool(a.teachers)) for a in ARMS]
    assert asked == [len(train), 0]  # the features were kept
    assert [told[0] for told in given] == [1, 2, 2, 2] and given[0][1] == [3, 4]
    np.testing.assert_array_equal(given[0][3].kernel, kernel)
    np.testing.assert_array_equal(given[0][3].bias, bias)
    bundle = tmp_path / "bundle"
    assert gains.TABLE in load_card(bundle).raw["tables"]
    assert set(pd.read_csv(bundle / gains.TABLE).teachers) == {0, 1, 2}


def test_a_run_without_a_joined_network_is_one_sentence(command, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    assert gains.main(command) == 1
    assert "holds no joined.keras" in capsys.readouterr().err
