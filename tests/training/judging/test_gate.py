"""Teaching a gate: it refuses what it was taught and passes photos, its limit keeps its promise, features are kept."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from training.data.sets.layouts import DatasetError
from training.data.splits import INTERNAL_TEST, TRAIN, VALIDATION
from training.gate import fit as study
from training.gate.pictures import AS_TAKEN, Picture, features_of, photographs
from training.synthetic.negatives import DRAWN, IMPOSSIBLE

CHANNELS = 12


@pytest.fixture(scope="module")
def pictures() -> study.Study:
    """Photos of two sets around one place; text lies far along one channel, close-ups along another."""
    random, rows, pooled = np.random.default_rng(0), [], []
    places = {"ham10000": None, "ph2": None, "text": 0, "close_up": 1}
    for kind, channel in places.items():
        for number in range(240):
            split = (TRAIN, VALIDATION, INTERNAL_TEST)[number % 3]
            real = channel is None
            label = ("nv", "mel")[number % 2] if real else None
            rows.append({"kind": kind, "name": f"{kind}/{number}", "real": real, "split": split, "label": label,
                         "lesion_id": f"{kind}/{number}", "corruption": AS_TAKEN, "step": 0})  # fmt: skip
            pooled.append(random.normal(4, 1, CHANNELS) + (0 if real else 8 * (np.arange(CHANNELS) == channel)))
    return study.Study(pd.DataFrame(rows), np.array(pooled, np.float32))


def test_the_gate_refuses_what_it_was_taught_and_few_photos(pictures):
    gate, strength = study.best_logistic(pictures)
    assert strength in study.STRENGTHS
    assert gate.kernel.shape == (CHANNELS, 2)
    refused = pd.Series(gate.refuses(pictures.pooled)).groupby([pictures.rows.kind, pictures.rows.split]).mean()
    for kind in ("text", "close_up"):
        assert refused[kind, INTERNAL_TEST] > 0.97
    for kind in ("ham10000", "ph2"):
        assert refused[kind, VALIDATION] <= study.REFUSED_AT_MOST
        assert refused[kind, INTERNAL_TEST] < 0.1


def test_a_folder_without_photographs_is_refused(tmp_path):
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(DatasetError, match="holds no photo; the gate learns from such pictures"):
            list(photographs(folder, "photograph", str))


def test_a_kind_left_out_is_not_learnt(pictures):
    found = study.left_out(pictures.of((pictures.rows.kind != "ph2").to_numpy()), 0.1)
    scores, limit = found["text"]
    mine = ~np.isnan(scores)
    assert mine.sum() == 240
    assert (scores[mine] > limit).mean() < 0.5  # text lies where only close-ups were taught: nowhere near


def test_weights_are_even_between_sides_and_kinds_but_the_hardest(pictures):
    rows = pictures.rows[pictures.rows.split == TRAIN]
    weights = pd.Series(study.picture_weights(rows), rows.index)
    sides = weights.groupby(rows.real).sum()
    assert sides[True] == pytest.approx(sides[False])
    kinds = weights.groupby(rows.kind).sum()
    assert kinds["close_up"] == pytest.approx(study.HARDEST["close_up"] * kinds["text"])
    assert kinds["ham10000"] == pytest.approx(kinds["ph2"])


def test_distances_are_larger_for_pictures_than_for_photos(pictures):
    train = pictures.of(pictures.split(TRAIN))
    for score in (study.mahalanobis(train), study.neighbours(train)):
        values = score(pictures.pooled)
        assert np.median(values[~pictures.real]) > np.quantile(values[pictures.real], 0.9)


@pytest.mark.parametrize("make", DRAWN.values(), ids=DRAWN)
def test_drawn_pictures_vary_and_are_repeatable(make):
    first, again, other = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.dtype == np.uint8 and first.ndim == 3 and first.shape[2] == 3
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


@pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible_changes_leave_the_photo_as_it_was_and_return_another(change, lesion):
    before = lesion.copy()
    changed = change(lesion, np.random.default_rng(0))
    assert (lesion == before).all()
    assert changed.dtype == np.uint8
    assert changed.shape != lesion.shape or (changed != lesion).mean() > 0.3


def test_features_are_computed_once_and_shared_by_name(tmp_path):
    seen = []

    def run(batch: np.ndarray, features: bool) -> SimpleNamespace:
        seen.append(len(batch))
        return SimpleNamespace(pooled=batch[:, 0, 0, :1])

    card = SimpleNamespace(size=8, raw={"weights": {"sha256": "0123456789abcdef0"}})
    analyser = SimpleNamespace(card=card, classifier=SimpleNamespace(run=run))
    made = [Picture({"name": str(grey)}, lambda grey=grey: np.full((8, 8, 3), grey, np.uint8)) for grey in (10, 20, 30)]
    assert features_of(made[:2], analyser, tmp_path).tolist() == [[10.0], [20.0]]
    assert features_of(made[::-1], analyser, tmp_path).tolist() == [[30.0], [20.0], [10.0]]
    assert seen == [2, 1]
    card.raw["weights"]["sha256"] = "another network  "
    features_of(made[:1], analyser, tmp_path)
    assert seen == [2, 1, 1]
