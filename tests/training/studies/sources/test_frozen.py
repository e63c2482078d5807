"""The study of image sets and labels, on made-up features: what each choice learns from; the test stays closed."""

import itertools

import numpy as np
import pandas as pd
import pytest

from model.card import Label, load_card
from tests.support.card_bundle import write_bundle
from training.command import TrainingError
from training.data.label_sets import CODES, LABELS
from training.studies.sources import EVERYTHING, METRICS, frozen, study

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
SETS = ("ham10000", "milk10k")
CONFIRMED = {"ham10000": ["histo", "follow_up", "consensus"], "milk10k": ["histopathology", None, "consensus"]}


def made_up(random: np.random.Generator, split: str, of_class: int) -> pd.DataFrame:
    """Images whose features hold their class in the first columns and their set in the last."""
    tables = []
    for place, name in enumerate(SETS):
        labels = np.repeat(np.arange(len(CODES)), of_class * (1 + 2 * place * (np.array(CODES) == "mel")))
        features = random.normal(size=(len(labels), len(CODES) + 1)).astype(np.float32)
        features[np.arange(len(labels)), labels] += 1.5
        features[:, -1] += 12 * place
        confirmation = np.array(CONFIRMED[name], object)[np.arange(len(labels)) % 3]
        tables.append(pd.DataFrame({"dataset": name, "split": split, "label": np.array(CODES)[labels],
                                    "confirmation": confirmation, "features": list(features)}))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A manifest and a bundle, with features that are looked up instead of computed; what was embedded is noted."""
    random = np.random.default_rng(1)
    counts = (("train", 12), ("validation", 6), ("internal_test", 2))
    table = pd.concat([made_up(random, split, of_class) for split, of_class in counts], ignore_index=True)
    table = table.assign(image_id=[f"I{i}" for i in range(len(table))], canvas_row=range(len(table)))
    table = table.assign(lesion_id=table.image_id, group=table.image_id)
    known, embedded = np.stack(table.pop("features")), []
    (tmp_path / "work").mkdir()
    table.drop(columns="split").to_csv(tmp_path / "work/manifest.csv", index=False)
    np.save(tmp_path / "work/canvas.npy", np.zeros((len(table), 8, 8, 3), np.uint8))
    tables = {"dataset/splits.csv": table, "results/metrics.csv": pd.DataFrame({"metric": ["x"]})}
    write_bundle(tmp_path / "bundle", tables)
    monkeypatch.setattr(study, "embed", lambda work, of, *_: embedded.extend(of) or known[of])
    return tmp_path, table, embedded


@pytest.fixture
def written(place):
    folder, table, embedded = place
    command = ["--work", str(folder / "work"), "--bundle", str(folder / "bundle"), "--weights", "none"]
    assert study.main([*command, "--resamples", "40"]) == 0
    assert set(table.split.iloc[embedded]) == {"train", "validation"}
    assert study.TABLE in load_card(folder / "bundle").raw["tables"]
    return pd.read_csv(folder / "bundle" / study.TABLE)


def test_each_choice_learns_from_its_own_images():
    train = made_up(np.random.default_rng(0), "train", 8)
    train = train.assign(lesion_id=[f"L{i // 2}" for i in range(len(train))])
    found = {(choice.learnt, choice.of): choice.weights for choice in frozen.choices(train)}
    home = (train.dataset == "ham10000").to_numpy()
    assert next(iter(found)) == (EVERYTHING, "") and found[EVERYTHING, ""].all()
    np.testing.assert_array_equal(found["without", "milk10k"] > 0, home)
    np.testing.assert_array_equal(found["alone", "ham10000"] > 0, home)
    np.testing.assert_array_equal(found["without", "ham10000"] > 0, ~home)
    shares = [found["share", f"{100 * share:g} %"] > 0 for share in frozen.SHARES]
    for small, large in itertools.pairwise(shares):
        assert (small <= large).all() and small.sum() < large.sum()
    for share in shares:  # no lesion is cut
        assert train.assign(kept=share).groupby("lesion_id").kept.nunique().max() == 1
    out, half = found["unconfirmed_out", ""], found["unconfirmed_half", ""]
    assert set(train.confirmation[out == 0]) == {"consensus"}
    assert {"histo", "follow_up"} <= set(train.confirmation[out == 1]) and train.confirmation[out == 1].isna().any()
    assert set(half[out == 0]) == {0.5} and set(half[out == 1]) == {1.0}


def test_an_image_that_is_left_out_leaves_no_trace():
    train = made_up(np.random.default_rng(0), "train", 8)
    features, labels = np.stack(train.features), train.label.map({code: i for i, code in enumerate(CODES)}).to_numpy()
    weights = (train.dataset == "ham10000").to_numpy(float)
    spoilt = np.where(weights[:, None] > 0, features, 1000).astype(np.float32)
    first, second = (frozen.fit_choice(kind, labels, weights)(features) for kind in (features, spoilt))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1, rtol=1e-5)


def test_weights_within_a_class_do_not_change_how_often_it_is_drawn(monkeypatch):
    train = made_up(np.random.default_rng(0), "train", 8)
    features, labels = np.stack(train.features), train.label.map({code: i for i, code in enumerate(CODES)}).to_numpy()
    drawn = []

    def fit(features, labels, balance, real):
        drawn.append((np.bincount(labels, balance.draws), real))
        return fit_head(features, labels, balance, real)

    fit_head = frozen.fit_head
    monkeypatch.setattr(frozen, "fit_head", fit)
    half = np.where((train.label == "nv") & (np.arange(len(train)) % 2 == 0), 0.5, 1.0)
    for weights in (np.ones(len(train)), half, (train.dataset == "ham10000").to_numpy(float)):
        frozen.fit_choice(features, labels, weights)
    np.testing.assert_allclose(drawn[0][0], drawn[1][0])
    assert [real for _, real in drawn] == [len(train)] * 3  # the same regularisation with fewer images


def test_every_choice_is_judged_on_every_set_against_all_images(written):
    judged = written[written.study != "probe"]
    assert set(judged.dataset) == set(SETS) and set(written.split) == {"validation"}
    sizes = judged.fillna({"of": ""}).groupby(["learnt", "of", "dataset"]).metric.apply(set)
    assert (sizes == set(METRICS)).all() and len(sizes) == 2 * 10
    same = judged[judged.learnt == EVERYTHING]
    assert (same.difference == 0).all() and (same.difference_low == 0).all()
    reference = same.set_index(["dataset", "metric"]).value
    for row in judged.itertuples():
        assert row.difference == pytest.approx(row.value - reference[row.dataset, row.metric], abs=2e-6)
        assert row.low <= row.value <= row.high
    small = judged[judged.of == "12.5 %"]
    assert (small.train_images < same.train_images.iloc[0]).all()
    assert small.difference.abs().max() > 0.01  # another layer, not the same one judged again


def test_an_answer_out_of_fold_never_knows_its_own_lesion():
    train, judged = (made_up(np.random.default_rng(seed), "train", 6) for seed in (0, 1))
    judged = judged.assign(group=[f"G{i // 3}" for i in range(len(judged))])
    numbers = {code: i for i, code in enumerate(CODES)}
    features, held_out = np.stack(train.features), np.stack(judged.features)
    labels = train.label.map(numbers).to_numpy()
    answers = frozen.out_of_fold(features, labels, held_out, judged)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    first = (judged.group == "G0").to_numpy()
    other = judged.assign(label=np.where(first, "df", judged.label))
    assert (other.label != judged.label).any()
    changed = frozen.out_of_fold(features, labels, held_out, other)
    np.testing.assert_allclose(changed[first], answers[first], atol=1e-6)  # its own labels teach it nothing
    assert np.abs(changed[~first] - answers[~first]).max() > 1e-4  # but they teach other folds


def test_images_of_one_set_alone_are_refused(place):
    folder, table, _ = place
    home = table[table.dataset == "ham10000"].drop(columns="split")
    home.to_csv(folder / "work/manifest.csv", index=False)
    with pytest.raises(TrainingError, match="one set alone"):
        study.images_of(folder / "work", folder / "bundle")


def test_a_manifest_that_cannot_be_studied_is_one_sentence(place):
    folder, table, _ = place
    whole = table.drop(columns="split")
    for damaged, words in ((whole.drop(columns="confirmation"), "lacks confirmation"),
                           (pd.concat([whole, whole.head(3)]), "more than once")):  # fmt: skip
        damaged.to_csv(folder / "work/manifest.csv", index=False)
        with pytest.raises(TrainingError, match=words):
            study.images_of(folder / "work", folder / "bundle")


def test_probes_say_what_the_set_gives_away(written):
    probes = written[written.study == "probe"].set_index("metric")
    assert probes.value["balanced_accuracy"] > 0.95  # the last feature holds the set
    # Melanomas are 1 of 7 images of one set and 3 of 9 of the other.
    right = 18 / 24 * 36 / 72
    wrong = 6 / 24 * 36 / 72
    ties = 1 - right - wrong
    assert probes.value["melanoma_auc"] == pytest.approx(right + ties / 2, abs=1e-6)
