"""What trunks and pixels are worth, on small networks: what is left out, what is counted, and answers out of fold."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from model.card import load_card
from tests.support.card_bundle import write_bundle
from training.command import TrainingError
from training.data.label_sets import CODES
from training.networks.ensemble import JOINED, trunks_of
from training.recipe import load_recipe
from training.studies import cost

RECIPE = dataclasses.replace(
    load_recipe("three_trunks_bundle"), members=("one", "two"), size=32, serve_size=0, last_layer_penalty=0.1
)
SIZES = (32, 64)


@pytest.fixture(autouse=True)
def sizes(monkeypatch):
    monkeypatch.setattr(cost, "SIZES", SIZES)


@pytest.fixture
def joined() -> keras.Model:
    """Two trunks side by side, of 6 and 4 channels."""
    keras.utils.set_random_seed(0)
    photo = keras.Input((32, 32, 3), name="photo")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(photo)
    one = keras.layers.Conv2D(6, 4, strides=4, activation="relu", name="first")(scaled)
    two = keras.layers.Conv2D(4, 8, strides=4, padding="same", activation="relu", name="second")(scaled)
    two = keras.layers.ZeroPadding2D(((0, 0), (0, 0)))(two)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Concatenate(name="all_trunks")([one, two]))
    return keras.Model(photo, keras.layers.Softmax()(keras.layers.Dense(len(CODES), name="logits")(pooled)))


@pytest.fixture
def rows() -> pd.DataFrame:
    labels = [code for code in CODES for _ in range(12)]
    names = [f"I{i:03d}" for i in range(len(labels))]
    table = pd.DataFrame({"image_id": names, "lesion_id": names, "label": labels, "canvas_row": range(len(labels))})
    table = table.assign(group=[f"G{i // 2}" for i in range(len(labels))])
    return table.assign(dataset=np.where(np.arange(len(labels)) % 3 == 0, "milk10k", "ham10000"))


@pytest.fixture
def canvas(rows) -> np.ndarray:
    photos = np.random.default_rng(0).integers(0, 60, (len(rows), 64, 64, 3)).astype(np.uint8)
    photos[..., 0] += (25 * rows.label.map(CODES.index).to_numpy()).astype(np.uint8)[:, None, None]
    return photos


def answers(joined, canvas, rows, folder) -> dict[tuple[str, int], np.ndarray]:
    given = cost.tried(RECIPE, joined, canvas, rows, folder, "tiny")
    return {(about["tried"], about["size"]): logits for about, logits in given}


def test_multiply_adds_are_those_of_every_kernel(joined):
    first, second = (cost.multiply_adds(trunk) for trunk in trunks_of(joined))
    assert first == 8 * 8 * 4 * 4 * 3 * 6 and second == 8 * 8 * 8 * 8 * 3 * 4
    assert cost.multiply_adds(joined) == first + second + 10 * len(CODES)
    larger = cost.at_size(joined, 64)
    assert cost.multiply_adds(larger) - 10 * len(CODES) == 4 * (first + second)
    photo = keras.Input((8, 8, 6))
    grouped = keras.Model(photo, keras.layers.DepthwiseConv2D(3, padding="same")(photo))
    assert cost.multiply_adds(grouped) == 8 * 8 * 3 * 3 * 6


def test_a_trunk_that_is_left_out_leaves_no_trace(joined, canvas, rows, tmp_path):
    before = answers(joined, canvas, rows, tmp_path / "before")
    kernel, bias = joined.get_layer("second").get_weights()
    joined.get_layer("second").set_weights([kernel[::-1], bias + 1])
    after = answers(joined, canvas, rows, tmp_path / "after")
    assert list(before) == [(name, size) for size in SIZES for name in ("one + two", "one", "two")]
    for choice in before:
        same = np.allclose(before[choice], after[choice], atol=1e-5)
        assert same == (choice[0] == "one"), choice
    assert np.abs(before["one", 32] - before["one", 64]).max() > 1e-3


def test_no_answer_comes_from_a_layer_that_knows_the_lesion(joined, canvas, rows, tmp_path):
    before = answers(joined, canvas, rows, tmp_path)
    other = rows.assign(label=np.where(rows.group == "G0", "df", rows.label))
    after = answers(joined, canvas, other, tmp_path)
    own = (rows.group == "G0").to_numpy()
    for choice in before:
        np.testing.assert_allclose(after[choice][own], before[choice][own], atol=1e-5)
        assert np.abs(after[choice][~own] - before[choice][~own]).max() > 1e-4


@pytest.fixture
def earlier(tmp_path, rows, joined) -> Path:
    given = np.random.default_rng(3).dirichlet(np.ones(len(CODES)), len(rows)).round(5)
    stored = rows.join(pd.DataFrame(given, columns=[f"p_{code}" for code in CODES]))
    shuffled = stored.sample(frac=1, random_state=0).assign(split="validation")
    bundle = write_bundle(tmp_path / "earlier", {"results/predictions.csv": shuffled})
    joined.save(bundle / "weights.keras")
    return bundle


def test_every_choice_and_release_is_set_against_what_is_served(joined, canvas, rows, earlier, tmp_path):
    table = cost.study(RECIPE, joined, canvas, rows, earlier, [earlier], tmp_path, "tiny", 30)
    assert len(table) == (6 + 1) * 2 * len(cost.METRICS) and set(table.split) == {"validation"}
    first = table[(table.tried == "one + two") & (table["size"] == 32)]
    assert (first.difference == 0).all() and table.index[0] == first.index[0]
    served = first.set_index(["dataset", "metric"]).value
    for row in table.itertuples():
        assert row.difference == pytest.approx(row.value - served[row.dataset, row.metric], abs=2e-6)
        assert row.difference_low <= row.difference <= row.difference_high
    released = table[table.kind == "release"]
    assert set(released.tried) == {load_card(earlier).release}
    stored = pd.read_csv(earlier / "results/predictions.csv").query("dataset == 'ham10000'")
    right = stored[[f"p_{code}" for code in CODES]].to_numpy()[np.arange(len(stored)), stored.label.map(CODES.index)]
    loss = released[(released.metric == "log_loss") & (released.dataset == "ham10000")].value.item()
    assert loss == pytest.approx(-np.log(right.clip(1e-12)).mean(), abs=1e-3)  # they are stored rounded


def test_a_release_that_was_split_otherwise_is_refused(rows, earlier):
    with pytest.raises(TrainingError, match="no answer to another"):
        cost.release(earlier, pd.concat([rows, rows.head(1).assign(image_id="another")]))


def test_the_command_judges_validation_alone_and_enters_its_table(joined, canvas, rows, earlier, tmp_path, monkeypatch):
    others = rows.head(8).assign(split="internal_test", image_id=[f"T{i}" for i in range(8)])
    manifest = pd.concat([rows.assign(split="validation"), others, others.assign(split="validation", dataset="ph2")])
    (tmp_path / "work").mkdir()
    np.save(tmp_path / "work/canvas.npy", canvas)
    run = tmp_path / "run"
    run.mkdir()
    joined.save(run / JOINED)
    record = {"last_layer": {}, "work": str(tmp_path / "work")}
    recipe = dataclasses.replace(RECIPE, datasets=("ham10000", "milk10k"))
    monkeypatch.setattr(cost, "load_run", lambda run: (recipe, record, manifest))
    monkeypatch.setattr(cost, "SIZES", (32,))
    command = [str(run), "--bundle", str(earlier), "--releases", str(earlier), "--resamples", "20"]
    assert cost.main(command) == 0
    table = pd.read_csv(earlier / cost.TABLE)
    assert cost.TABLE in load_card(earlier).raw["tables"]
    assert table.groupby("dataset").n_images.first().sum() == len(rows) and set(table.kind) == {"trunks", "release"}
    first = list(run.glob("*.npy"))
    assert len(first) == 1 and cost.main(command) == 0 and list(run.glob("*.npy")) == first  # features are kept


@pytest.mark.parametrize("record", [{}, {"last_layer": {}}])
def test_a_run_that_joins_nothing_or_learnt_no_last_layer_is_refused(record, rows, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cost, "load_run", lambda run: (RECIPE, record, rows))
    if not record:
        (tmp_path / JOINED).touch()
    assert cost.main([str(tmp_path)]) == 1
    assert "holds no joined.keras" in capsys.readouterr().err
