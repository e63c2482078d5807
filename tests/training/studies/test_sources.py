"""The study of image sets and labels, on made-up features: what each choice learns from; the test stays closed."""

import itertools

import numpy as np
import pandas as pd
import pytest

from model.card import Label, load_card
from tests.support.card_bundle import write_bundle
from training.data.label_sets import CODES, LABELS
from training.studies import sources

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
SETS = ("ham10000", "milk10k")
CONFIRMED = {"ham10000": ["histo", "follow_up"], "milk10k": ["histopathology", None]}


def made_up(random: np.random.Generator, split: str, of_class: int) -> pd.DataFrame:
    """Images whose features hold their class in the first columns and their set in the last."""
    tables = []
    for place, name in enumerate(SETS):
        labels = np.repeat(np.arange(len(CODES)), of_class * (1 + 2 * place * (np.array(CODES) == "mel")))
        features = random.normal(size=(len(labels), len(CODES) + 1)).astype(np.float32)
        features[np.arange(len(labels)), labels] += 1.5
        features[:, -1] += 12 * place
        confirmation = np.array(CONFIRMED[name], object)[np.arange(len(labels)) % 2]
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
    monkeypatch.setattr(sources, "embed", lambda work, of, *_: embedded.extend(of) or known[of])
    return tmp_path, table, embedded


@pytest.fixture
def written(place):
    folder, table, embedded = place
    command = ["--work", str(folder / "work"), "--bundle", str(folder / "bundle"), "--weights", "none"]
    assert sources.main([*command, "--resamples", "40"]) == 0
    assert set(table.split.iloc[embedded]) == {"train", "validation"}
    assert sources.TABLE in load_card(folder / "bundle").raw["tables"]
    return pd.read_csv(folder / "bundle" / sources.TABLE)


def test_each_choice_learns_from_its_own_images():
    train = made_up(np.random.default_rng(0), "train", 8)
    train = train.assign(lesion_id=[f"L{i // 2}" for i in range(len(train))])
    found = {choice.learnt: choice.weights for choice in sources.choices(train)}
    home = (train.dataset == "ham10000").to_numpy()
    assert next(iter(found)) == sources.ALL and found[sources.ALL].all()
    np.testing.assert_array_equal(found["without milk10k"] > 0, home)
    np.testing.assert_array_equal(found["ham10000 alone"] > 0, home)
    np.testing.assert_array_equal(found["without ham10000"] > 0, ~home)
    parts = [found[sources.PART.format(part)] > 0 for part in sources.PARTS]
    for small, large in itertools.pairwise(parts):
        assert (small <= large).all() and small.sum() < large.sum()
    for part in parts:  # no lesion is cut
        assert train.assign(kept=part).groupby("lesion_id").kept.nunique().max() == 1
    alone = found["histology alone"]
    assert set(train.confirmation[alone == 0]) == {"follow_up"}
    assert set(found["histology counted twice"]) == {0.5, 1.0}


def test_every_choice_is_judged_on_every_set_against_all_images(written):
    judged = written[written.study != "probe"]
    assert set(judged.dataset) == set(SETS) and set(written.split) == {"validation"}
    sizes = judged.groupby(["learnt", "dataset"]).metric.apply(set)
    assert (sizes == {"balanced_accuracy", "melanoma_auc", "malignant_auc"}).all()
    same = judged[judged.learnt == sources.ALL]
    assert (same.difference == 0).all() and (same.difference_low == 0).all()
    reference = same.set_index(["dataset", "metric"]).value
    for row in judged.itertuples():
        assert row.difference == pytest.approx(row.value - reference[row.dataset, row.metric], abs=2e-6)
        assert row.low <= row.value <= row.high
    small = judged[judged.learnt == sources.PART.format(sources.PARTS[0])]
    assert (small.train_images < same.train_images.iloc[0]).all()
    assert small.difference.abs().max() > 0.01  # another layer, not the same one judged again


def test_probes_say_what_the_set_gives_away(written):
    probes = written[written.study == "probe"].set_index("metric")
    assert probes.value["balanced_accuracy"] > 0.95  # the last feature holds the set
    # Melanomas are 1 of 7 images of one set and 3 of 9 of the other.
    right = 18 / 24 * 36 / 72
    wrong = 6 / 24 * 36 / 72
    ties = 1 - right - wrong
    assert probes.value["melanoma_auc"] == pytest.approx(right + ties / 2, abs=1e-6)
