"""Training draws, augmentation and the agreement between what training and the application see."""

import dataclasses

import cv2
import numpy as np
import pandas as pd
import pytest

from model.preprocess import to_tensor
from training.data.augment import LEVELS, Augmentation, augment
from training.data.balancing import BALANCING, Balance
from training.data.batches import TrainingBatches, epoch_order, label_indices, plain_views, weighted_draws
from training.synthetic.lesions import render_lesion

STILL = Augmentation(
    scale=(1.0, 1.0), stretch=0, rotate=False, brightness=0, contrast=0, saturation=0, colour_cast=0, gamma=0,
    blur=0, jpeg=0, noise=0,
)  # fmt: skip


def canvas(images: int = 40, edge: int = 64) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (images, edge, edge, 3), dtype=np.uint8)


def batches(seed: int = 3, **options) -> TrainingBatches:
    images = canvas()
    labels = np.arange(30) % 7
    balance = BALANCING["power"](labels, 7)
    settings = {"classes": 7, "size": 32, "batch": 8, "amount": LEVELS["strong"], "seed": seed} | options
    return TrainingBatches(images, np.arange(30), labels, balance, **settings)


def test_training_and_application_see_the_same_array():
    photo = render_lesion("mel", np.random.default_rng(0), 256)
    for size in (96, 224, 256):
        assert np.array_equal(plain_views(photo[None], np.array([0]), size)[0], to_tensor(photo, size)[0])


def test_plain_draws_are_a_shuffle():
    order = epoch_order(np.ones(50), np.random.default_rng(0))
    assert sorted(order) == list(range(50))
    assert order.tolist() != list(range(50))


def test_every_image_is_drawn_as_often_as_expected_up_to_rounding():
    draws = np.array([0.2, 2.7, 1.0, 0.1, 3.0])
    times = np.mean(
        [np.bincount(epoch_order(draws, np.random.default_rng(seed)), minlength=5) for seed in range(600)],
        axis=0,
    )
    assert times == pytest.approx(draws, abs=0.08)
    once = np.bincount(epoch_order(draws, np.random.default_rng(1)), minlength=5)
    assert (np.abs(once - draws) < 1 + 1e-9).all()


def test_the_same_seed_and_epoch_give_the_same_batch():
    first, second = batches(), batches()
    for dataset in (first, second):
        dataset.start_epoch(4)
    for a, b in zip(first[1], second[1], strict=True):
        assert np.array_equal(a, b)
    second.start_epoch(5)
    assert not np.array_equal(first[1][0], second[1][0])


def test_batches_read_only_the_rows_they_were_given():
    images = canvas()
    images[30:] = 255  # rows of validation and test
    images[:30] = np.minimum(images[:30], 200)
    dataset = TrainingBatches(
        images, np.arange(30), np.arange(30) % 7, BALANCING["none"](np.arange(30) % 7, 7),
        classes=7, size=64, batch=30, amount=None, seed=0,
    )  # fmt: skip
    views, targets, _ = dataset[0]
    assert views.max() <= 200
    assert sorted(targets.argmax(axis=1)) == sorted(np.arange(30) % 7)


def test_mixup_keeps_targets_a_distribution():
    _, targets, _ = batches(mixup=0.4)[0]
    assert targets.sum(axis=1) == pytest.approx(1)
    assert ((targets > 0) & (targets < 1)).any()


def test_augmentation_without_amounts_only_shifts_and_mirrors():
    photo = render_lesion("nv", np.random.default_rng(2), 128)

    def alike(first, second):
        first, second = (cv2.GaussianBlur(image, (0, 0), 8).ravel() for image in (first, second))
        return np.corrcoef(first, second)[0, 1] > 0.85

    for seed in range(6):
        view = augment(photo, 128, STILL, np.random.default_rng(seed))
        assert alike(view, photo) or alike(view, photo[:, ::-1])


@pytest.mark.parametrize("level", ["plain", "standard", "strong"])
def test_augmented_views_are_uint8_of_the_asked_size(level):
    random = np.random.default_rng(0)
    photo = render_lesion("bkl", random, 256)
    for _ in range(20):
        view = augment(photo, 96, LEVELS[level], random)
        assert view.shape == (96, 96, 3) and view.dtype == np.uint8
        assert view.std() > 1


def test_colour_changes_leave_the_geometry_alone():
    photo = render_lesion("vasc", np.random.default_rng(0), 96)
    loud = dataclasses.replace(STILL, brightness=0.3, contrast=0.3, saturation=0.4, colour_cast=0.1, gamma=0.3)
    view = augment(photo, 96, loud, np.random.default_rng(4))
    straight = augment(photo, 96, STILL, np.random.default_rng(4))
    correlation = np.corrcoef(view.mean(axis=2).ravel(), straight.mean(axis=2).ravel())[0, 1]
    assert correlation > 0.8 and not np.array_equal(view, straight)


def test_an_unknown_class_is_named():
    with pytest.raises(ValueError, match="'wart'"):
        label_indices(pd.Series(["mel", "wart"]), ("mel", "nv"))


def test_draws_by_set_keep_the_length_of_an_epoch():
    balance = Balance(np.array([1.0, 2.0, 1.0, 4.0]), np.ones(2))
    drawn = weighted_draws(balance, np.array([1.0, 1.0, 0.5, 0.5])).draws
    assert drawn.sum() == pytest.approx(8)
    np.testing.assert_allclose(drawn / drawn[0], [1, 2, 0.5, 2])
    np.testing.assert_array_equal(balance.draws, [1, 2, 1, 4])
