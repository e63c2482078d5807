"""Photos made worse stay photos, get worse step by step, and say where their pixels went."""

import numpy as np
import pytest

from training.synthetic.corruptions import CORRUPTIONS
from training.synthetic.lesions import render_lesion


@pytest.fixture(scope="module")
def photo():
    return render_lesion("nv", np.random.default_rng(4), 128)


def worse(photo, name: str, step: int):
    return CORRUPTIONS[name].apply(photo, step, np.random.default_rng(9))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_step_is_farther_from_the_photo(photo, name):
    before, distances = photo.copy(), []
    for step in (1, 2, 3):
        pixels, matrix = worse(photo, name, step)
        assert pixels.dtype == np.uint8 and pixels.shape == photo.shape
        assert matrix.shape == (2, 3)
        distances.append(np.abs(pixels.astype(int) - photo).mean())
    assert np.array_equal(photo, before)
    assert 0 < distances[0] < distances[1]
    assert distances[1] < distances[2] or name == "rotation"  # a right angle brings a round lesion back to itself


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_generator_gives_the_same_photo(photo, name):
    first, again = (worse(photo, name, 2)[0] for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", ["rotation", "zoom"])
def test_the_matrix_says_where_a_pixel_went(name):
    dotted = np.zeros((64, 64, 3), np.uint8)
    dotted[24:27, 34:37] = 255
    pixels, matrix = worse(dotted, name, 1)
    down, across = np.argwhere(pixels[..., 0] > 128).mean(axis=0)
    assert matrix @ [35, 25, 1] == pytest.approx([across, down], abs=0.6)


def test_ink_is_violet_and_hair_dark(photo):
    for name, brightest in (("ink", 2), ("hair", 0)):
        pixels, _ = worse(photo, name, 3)
        changed = np.abs(pixels.astype(int) - photo).sum(axis=2) > 100
        assert changed.any()
        assert pixels[changed].mean(axis=0).argmax() == brightest
