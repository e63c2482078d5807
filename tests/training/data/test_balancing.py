"""What each way to balance draws and weighs, counted by hand, and that SMOTE mixes neighbours of one class."""

import inspect

import numpy as np
import pytest

from training.data.balancing import BALANCING, Balance, BalancingError, balanced
from training.data.batches import TrainingBatches
from training.data.smote import RecordingSMOTE, mixing_pairs, pixel_features

COUNTS = [60, 12, 3]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(3), COUNTS))
FEATURES = np.random.default_rng(1).normal(size=(len(LABELS), 4)).astype(np.float32)


def balance(name: str, labels: np.ndarray = LABELS, classes: int = 3, **options) -> Balance:
    return balanced(name, labels, classes, options, features=lambda: FEATURES[: len(labels)])


def draws_per_class(name: str, **options) -> list[float]:
    return balance(name, **options).draws_per_class(LABELS, 3).tolist()


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("none", {}, [60, 12, 3]),
        ("class_weights", {}, [60, 12, 3]),
        ("effective_number", {}, [60, 12, 3]),
        ("over", {}, [60, 60, 60]),
        ("under", {}, [3, 3, 3]),
        ("under", {"per_class": 10}, [10, 10, 3]),
        ("combined", {}, [12, 12, 12]),
        ("combined", {"per_class": 20}, [20, 20, 20]),
        ("smote_pixels", {"per_class": 30}, [60, 30, 30]),
        ("smote_embedding", {"per_class": 30}, [60, 30, 30]),
        ("smote_pixels", {}, [300, 300, 300]),
        ("class_balanced_batches", {}, [25, 25, 25]),
        ("power", {"exponent": 0.5}, [75 * root / (60**0.5 + 12**0.5 + 3**0.5) for root in (60**0.5, 12**0.5, 3**0.5)]),
    ],
)
def test_draws_of_each_class(name, options, expected):
    assert draws_per_class(name, **options) == pytest.approx(expected)


def test_class_weights_by_hand():
    assert balance("class_weights").class_weight == pytest.approx([75 / 180, 75 / 36, 75 / 9])
    weights = np.array([(1 - 0.9) / (1 - 0.9**count) for count in COUNTS])
    mean = (weights * COUNTS).sum() / 75
    assert balance("effective_number", beta=0.9).class_weight == pytest.approx(weights / mean)
    assert balance("effective_number", beta=0.0).class_weight == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("name", BALANCING)
def test_weights_have_mean_one_and_a_class_without_images_is_harmless(name):
    result = balance(name, classes=5)
    labels = result.labels_with_synthetic(LABELS)
    assert np.average(result.class_weight[labels], weights=result.draws) == pytest.approx(1)
    assert result.class_weight.shape == (5,) and np.isfinite(result.class_weight).all()
    assert result.draws_per_class(LABELS, 5)[3:].tolist() == [0, 0]


@pytest.mark.parametrize("name", BALANCING)
def test_one_class_alone_stays_as_it_is(name):
    result = balance(name, np.zeros(7, int))
    assert result.draws == pytest.approx(np.ones(7))


def test_under_sampling_discards_the_same_images_in_every_epoch_and_others_for_another_seed():
    kept = balance("under", per_class=5, seed=1).draws
    assert set(kept) == {0.0, 1.0}
    assert np.array_equal(kept, balance("under", per_class=5, seed=1).draws)
    assert not np.array_equal(kept, balance("under", per_class=5, seed=2).draws)


def test_smote_pairs_are_of_one_class_and_among_nearest_neighbours():
    result = balance("smote_pixels", per_class=40)
    assert len(result.pairs) == 28 + 37
    assert (LABELS[result.pairs[:, 0]] == LABELS[result.pairs[:, 1]]).all()
    assert (result.pairs[:, 0] != result.pairs[:, 1]).all()
    assert ((result.shares >= 0) & (result.shares <= 1)).all()
    for first, second in result.pairs:
        others = np.flatnonzero(np.equal(LABELS, LABELS[first]))
        order = others[np.argsort(np.linalg.norm(FEATURES[others] - FEATURES[first], axis=1))]
        assert second in order[1:6]


def test_the_pairs_are_those_that_imbalanced_learn_interpolated():
    sampler = RecordingSMOTE(sampling_strategy={1: 25}, random_state=4, k_neighbors=5)
    made = sampler.fit_resample(FEATURES, LABELS)[0][len(LABELS) :]
    pairs, shares = mixing_pairs(lambda: FEATURES, LABELS, {1: 25}, 5, seed=4)
    mixed = (1 - shares[:, None]) * FEATURES[pairs[:, 0]] + shares[:, None] * FEATURES[pairs[:, 1]]
    np.testing.assert_allclose(mixed, made, atol=1e-6)


def test_a_class_of_two_is_filled_up_and_a_class_of_one_repeated():
    labels = np.array([0] * 6 + [1] * 2 + [2])
    result = balance("smote_pixels", labels, per_class=6)
    assert set(map(tuple, result.pairs.tolist())) <= {(6, 7), (7, 6)}
    assert result.draws_per_class(labels, 3).tolist() == [6, 6, 6]
    assert result.draws.tolist() == [1] * 8 + [6] + [1] * 4


def test_smote_without_features_says_so():
    with pytest.raises(BalancingError, match="features"):
        BALANCING["smote_pixels"](LABELS, 3)


def test_features_are_not_computed_when_nothing_is_short():
    def never():
        raise AssertionError

    assert len(BALANCING["smote_pixels"](LABELS, 3, features=never, per_class=3).pairs) == 0


def test_pixel_features_are_thumbnails_of_the_asked_rows():
    canvas = np.zeros((3, 64, 64, 3), np.uint8)
    canvas[2] = 255
    features = pixel_features(canvas, np.array([2, 0]), edge=8)
    assert features.shape == (2, 192) and features.dtype == np.float32
    assert features[0].min() == 1 and features[1].max() == 0


def epoch(batches: TrainingBatches, number: int) -> list[tuple]:
    batches.start_epoch(number)
    return [batches[index] for index in range(len(batches))]


def test_a_synthetic_image_is_the_mixture_of_two_plain_ones_and_has_their_class():
    canvas = np.zeros((4, 32, 32, 3), np.uint8)
    canvas[1], canvas[2], canvas[3] = 40, 100, 200
    made = Balance(np.array([0.0, 0.0, 0.0, 1.0]), np.ones(2), np.array([[0, 1]]), np.array([0.25]))
    batches = TrainingBatches(
        canvas, np.array([1, 2, 3]), np.array([0, 0, 1]), made, classes=2, size=32, batch=4, amount=None
    )
    ((views, targets, weights),) = epoch(batches, 0)
    assert views.shape == (1, 32, 32, 3) and targets.tolist() == [[1, 0]] and weights.tolist() == [1]
    assert (views == 0.75 * 40 + 0.25 * 100).all()


@pytest.mark.parametrize("name", BALANCING)
def test_an_epoch_has_as_many_images_as_the_draws_say_and_comes_again(name):
    options = {"per_class": 20} if "per_class" in inspect.signature(BALANCING[name]).parameters else {}
    canvas = np.random.default_rng(2).integers(0, 255, (len(LABELS), 32, 32, 3), dtype=np.uint8)
    made = [
        TrainingBatches(
            canvas, np.arange(len(LABELS)), LABELS, balance(name, **options),
            classes=3, size=32, batch=16, amount=None, seed=5,
        )
        for _ in range(2)
    ]  # fmt: skip
    first, again, other = epoch(made[0], 3), epoch(made[1], 3), epoch(made[1], 4)
    expected = balance(name, **options).draws.sum()
    assert sum(len(targets) for _, targets, _ in first) == pytest.approx(expected, abs=1)
    per_class = sum(targets.sum(axis=0) for _, targets, _ in first)
    assert per_class == pytest.approx(balance(name, **options).draws_per_class(LABELS, 3), abs=3)
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(first, other, strict=True))
