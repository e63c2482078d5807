"""Whole networks that never see a set: what each arm learns from, how it is drawn, and what the table says."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from model.card import Label, load_card
from tests.support.card_bundle import write_bundle
from training.data.label_sets import CODES, LABELS
from training.studies.short_training import short_recipe
from training.studies.sources import fine_tuned, study
from training.studies.sources.fine_tuned import ADVERSARIAL, EVEN, PLAIN, Arm

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
SETS = ("ham10000", "isic2020_melanoma", "milk10k")
RECIPE = dataclasses.replace(
    short_recipe("none"), architecture="tiny", size=32, batch=8, epochs=2, epoch_images=32,
    freeze_until="", precision="float32",
)  # fmt: skip


def images(split: str, of_class: int, sets=SETS) -> pd.DataFrame:
    """Images of every class in each set but the one of melanomas alone."""
    labels = {name: ("mel",) if "melanoma" in name else CODES for name in sets}
    rows = [(name, code) for name in sets for code in labels[name] for _ in range(of_class)]
    table = pd.DataFrame(rows, columns=["dataset", "label"]).assign(split=split)
    names = [f"{split}{i}" for i in range(len(table))]
    return table.assign(image_id=names, lesion_id=names, group=names, canvas_row=range(len(table)))


def photos(rows: pd.DataFrame) -> np.ndarray:
    """Noise whose red is the class and whose blue is the set."""
    canvas = np.random.default_rng(0).integers(90, 110, (len(rows), 64, 64, 3)).astype(np.uint8)
    canvas[..., 0] += (20 * rows.label.map(CODES.index).to_numpy()).astype(np.uint8)[:, None, None]
    canvas[..., 2] += (60 * rows.dataset.map(SETS.index).to_numpy()).astype(np.uint8)[:, None, None]
    return canvas


def test_every_set_is_left_out_and_methods_are_tried_where_answers_can_be_judged():
    found = fine_tuned.arms(images("train", 1), images("validation", 1, ("ham10000", "milk10k")))
    assert found == [
        Arm(), Arm("ham10000"), Arm("milk10k"),
        Arm("milk10k", EVEN), Arm("milk10k", ADVERSARIAL),
    ]  # fmt: skip
    assert [arm.learnt for arm in found[2:5]] == ["without", "without_even", "without_adversarial"]


def test_even_draws_keep_each_class_and_share_it_equally_among_its_sets():
    random = np.random.default_rng(0)
    labels, sources = random.integers(0, 3, 200), random.choice(4, 200, p=[0.6, 0.2, 0.15, 0.05])
    sources[labels == 2] = 1  # a class of one set alone
    draws = random.uniform(0.2, 2, 200)
    evened = fine_tuned.even_draws(draws, labels, sources)
    for label in range(3):
        of_class = labels == label
        assert evened[of_class].sum() == pytest.approx(draws[of_class].sum())
        of_set = [evened[of_class & (sources == source)].sum() for source in np.unique(sources[of_class])]
        assert of_set == pytest.approx([np.mean(of_set)] * len(of_set))


@pytest.mark.parametrize("method", [PLAIN, EVEN, ADVERSARIAL])
def test_a_network_learns_from_its_own_images_alone(method):
    train = images("train", 3)
    own = train[train.dataset != "milk10k"].reset_index(drop=True)
    canvas = photos(train)
    spoilt = canvas.copy()
    spoilt[train.canvas_row[train.dataset == "milk10k"]] = 0
    seen = own.canvas_row.to_numpy()[:5]
    first, second = (fine_tuned.trained(RECIPE, one, own, method, seen) for one in (canvas, spoilt))
    np.testing.assert_array_equal(first, second)
    assert first.shape[0] == 5 and first.shape[1] > len(CODES) and first.dtype == np.float32
    other = fine_tuned.trained(RECIPE, canvas, train, method, seen)
    assert np.abs(first - other).max() > 1e-3  # the set that is left out would have been learnt from


def test_the_methods_are_other_networks():
    train = images("train", 3)
    given = [fine_tuned.trained(RECIPE, photos(train), train, method, np.arange(6)) for method in (PLAIN, EVEN)]
    given.append(fine_tuned.trained(RECIPE, photos(train), train, ADVERSARIAL, np.arange(6)))
    assert min(np.abs(given[a] - given[b]).max() for a, b in ((0, 1), (0, 2), (1, 2))) > 1e-3


def test_every_arm_is_judged_on_every_set_against_all_images():
    train, judged = images("train", 4), images("validation", 4, ("ham10000", "milk10k"))
    asked, random = [], np.random.default_rng(0)

    def answers(recipe, own, method):
        asked.append((set(own.dataset), method))
        logits = np.eye(len(CODES))[judged.label.map(CODES.index)] * (1 + len(own) / len(train))
        features = random.normal(size=(len(judged), 3)) + 9 * (judged.dataset == "milk10k").to_numpy()[:, None]
        return np.concatenate([logits + random.normal(size=logits.shape), features], axis=1)

    table = fine_tuned.study(RECIPE, train, judged, CLASSES, answers, 40)
    assert asked == [(set(SETS) - {arm.left_out}, arm.method) for arm in fine_tuned.arms(train, judged)]
    sets = table[table.study == "sets"]
    assert (sets.groupby(["learnt", "of", "dataset"]).size() == 3).all()
    assert (sets[sets.learnt == "everything"].difference == 0).all()
    assert (sets[sets.learnt != "everything"].difference != 0).any()
    assert set(sets.train_images[sets.of == "milk10k"]) == {(train.dataset != "milk10k").sum()}
    probes = table[table.study == "probe"]
    assert list(probes.learnt) == [arm.learnt for arm in fine_tuned.arms(train, judged)]
    assert (probes.value > 0.9).all() and set(probes.dataset) == {"ham10000+milk10k"}  # the features hold the set
    assert set(table.split) == {"validation"} and "64 draws at 32 px" in table.learner[0]


def test_the_command_keeps_the_answers_of_each_arm_and_enters_its_table(tmp_path, monkeypatch):
    table = pd.concat([images("train", 3), images("validation", 3, ("ham10000", "milk10k"))], ignore_index=True)
    table = table.assign(canvas_row=range(len(table)), confirmation="histo")
    work, trained = tmp_path / "work", []
    work.mkdir()
    table.drop(columns="split").to_csv(work / "manifest.csv", index=False)
    np.save(work / "canvas.npy", photos(table))
    bundle = write_bundle(
        tmp_path / "bundle", {"dataset/splits.csv": table, "results/metrics.csv": pd.DataFrame({"x": [1]})}
    )

    def stand_in(recipe, canvas, own, method, seen):
        trained.append((len(own), method))
        return np.random.default_rng(len(trained)).normal(size=(len(seen), len(CODES) + 3))

    monkeypatch.setattr(fine_tuned, "trained", stand_in)
    command = ["--work", str(work), "--bundle", str(bundle), "--weights", "none", "--resamples", "20", "--fine-tune"]
    assert study.main(command) == 0
    arms = fine_tuned.arms(table[table.split == "train"], table[table.split == "validation"])
    assert len(trained) == len(arms) == 5 and study.FINE_TUNED in load_card(bundle).raw["tables"]
    first = (bundle / study.FINE_TUNED).read_bytes()
    assert study.main(command) == 0 and len(trained) == 5  # an interrupted command goes on
    assert (bundle / study.FINE_TUNED).read_bytes() == first and study.TABLE not in load_card(bundle).raw["tables"]
