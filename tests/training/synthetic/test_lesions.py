import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.synthetic.lesions import STYLES, render_frame, render_lesion

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


@pytest.mark.parametrize("code", CODES)
def test_lesion_is_a_square_rgb_photo(code):
    photo = render_lesion(code, np.random.default_rng(0), size=96)
    assert photo.dtype == np.uint8
    assert photo.shape == (96, 96, 3)
    assert photo.std() > 10


def test_the_seed_decides_every_pixel():
    first, again, other = (render_lesion("mel", np.random.default_rng(seed), size=96) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_class_has_a_style_in_label_order():
    assert tuple(STYLES) == CODES


def test_unknown_class_is_refused():
    with pytest.raises(KeyError):
        render_lesion("unknown", np.random.default_rng(0), size=64)


def test_a_frame_has_its_lesion_where_asked():
    photo = render_frame("vasc", np.random.default_rng(1), (150, 200), centre=(0.3, 0.5)).astype(float)
    redness = photo[..., 0] - photo[..., 1]
    assert photo.shape == (150, 200, 3)
    assert redness[60:90, 45:75].mean() > redness[60:90, 150:180].mean() + 30


def test_a_small_linear_model_tells_the_classes_apart():
    """Colours on a 6 x 6 grid suffice: a smoke run's small network must be able to learn them."""

    def features(first_seed, count):
        for index, code in enumerate(CODES):
            for seed in range(first_seed, first_seed + count):
                photo = render_lesion(code, np.random.default_rng([index, seed]), size=64)
                yield cv2.resize(photo, (6, 6), interpolation=cv2.INTER_AREA).ravel() / 255, index

    train, held_out = list(features(0, 12)), list(features(100, 5))
    model = LogisticRegression(C=10, max_iter=500).fit(*map(list, zip(*train, strict=True)))
    assert model.score(*map(list, zip(*held_out, strict=True))) > 0.85
