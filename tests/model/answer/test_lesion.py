"""Outlines of drawn lesions, and what follows from them for heat and frame."""

import hashlib
import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.answer.lesion import CUT, EMPTY, SEVERAL, heat_inside, lies_beside, outline, read_outline, square_around
from model.card import DEFAULT_BUNDLE
from model.errors import BundleError, ContractError
from model.preprocess import Square, centre_square, crop

SIZE = 224


def drawn(*discs: tuple[int, int, int]) -> np.ndarray:
    """Return chances with a soft edge around discs, each of x, y and radius."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    for x, y, radius in discs:
        cv2.circle(mask, (x, y), radius, 1, -1)
    return cv2.GaussianBlur(mask, (0, 0), 1.5)


def test_a_lesion_in_the_frame_has_one_closed_contour_around_its_area():
    found = outline(drawn((100, 120, 50)), 0.5)
    assert found.codes == () and found.whole
    (contour,) = found.contours
    assert cv2.contourArea(contour.astype(np.float32)) == pytest.approx(found.inside.sum(), rel=0.02)
    assert contour.mean(axis=0) == pytest.approx([100.5, 120.5], abs=0.5)
    assert found.inside.sum() == pytest.approx(np.pi * 50.5**2, rel=0.03)


def test_no_lesion_and_a_speck_are_told_as_none():
    for mask in (drawn(), drawn((100, 100, 3))):
        found = outline(mask, 0.5)
        assert found.codes == (EMPTY,) and found.empty and not found.whole
        assert found.contours == () and not found.inside.any()


def test_of_several_lesions_the_largest_is_measured_and_the_others_are_counted():
    found = outline(drawn((60, 60, 20), (150, 150, 40), (30, 190, 12)), 0.5)
    assert found.codes == (SEVERAL,) and len(found.contours) == 3
    assert found.inside[150, 150] and not found.inside[60, 60]
    areas = [cv2.contourArea(line.astype(np.float32)) for line in found.contours]
    assert areas == sorted(areas, reverse=True)


def test_a_lesion_that_leaves_the_frame_says_so_and_one_that_only_touches_it_does_not():
    assert outline(drawn((10, 112, 50)), 0.5).codes == (CUT,)
    assert outline(np.ones((SIZE, SIZE)), 0.5).codes == (CUT,)
    tip = cv2.ellipse(np.zeros((SIZE, SIZE)), (50, 112), (50, 15), 0, 0, 360, 1, -1)
    found = outline(tip, 0.5)
    assert found.inside[:, 0].any() and found.codes == ()


def test_holes_belong_to_the_lesion():
    mask = drawn((112, 112, 60))
    mask[100:120, 100:120] = 0
    found = outline(mask, 0.5)
    assert found.inside[110, 110] and len(found.contours) == 1


@pytest.mark.parametrize("mask", [np.zeros((4, 4, 1)), np.full((4, 4), np.nan), np.full((4, 4), 1.5), np.zeros((0, 4))])
def test_what_is_no_mask_is_refused(mask):
    with pytest.raises(ContractError):
        outline(mask, 0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95), st.sampled_from([12, 48]))
def test_any_mask_gives_a_consistent_outline(seed, threshold, cells):
    noise = np.random.default_rng(seed).random((cells, cells)).astype(np.float32)
    mask = np.clip(cv2.resize(noise, (48, 48), interpolation=cv2.INTER_CUBIC), 0, 1)
    found = outline(mask, threshold)
    assert found.empty == (not found.inside.any()) == (found.contours == ())
    assert (SEVERAL in found.codes) == (len(found.contours) > 1)
    for line in found.contours:
        assert line.min() >= 0 and line.max() <= 48


def test_heat_within_the_lesion_is_a_share_of_all_heat():
    inside = np.zeros((SIZE, SIZE), bool)
    inside[:, : SIZE // 2] = True
    heat = np.zeros((7, 7))
    heat[3, 1] = 1
    assert heat_inside(heat, inside) > 0.99
    assert heat_inside(heat[:, ::-1], inside) < 0.01
    assert heat_inside(np.full((7, 7), 0.4), inside) == pytest.approx(0.5, abs=1e-6)
    assert heat_inside(np.zeros((7, 7)), inside) is None
    assert heat_inside(heat, np.zeros((SIZE, SIZE), bool)) is None
    with pytest.raises(ContractError):
        heat_inside(heat, inside[:100])


def test_the_square_around_a_lesion_has_it_in_the_middle_with_its_margin():
    view = centre_square(600, 900)
    inside = outline(drawn((100, 120, 50)), 0.5).inside
    square = square_around(inside, view, 600, 900, margin=0.25)
    scale = 600 / SIZE
    assert square.side == pytest.approx(101 * scale * 1.5, rel=0.02)
    assert square.left + square.side / 2 == pytest.approx(150 + 100.5 * scale, abs=2)
    assert square.top + square.side / 2 == pytest.approx(120.5 * scale, abs=2)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, SIZE), st.integers(0, SIZE), st.integers(1, 150), st.integers(40, 900), st.integers(40, 900),
    st.floats(0, 2),
)  # fmt: skip
def test_the_square_around_a_lesion_is_always_within_the_photo(x, y, radius, height, width, margin):
    inside = drawn((x, y, radius)) > 0.5
    square = square_around(inside, centre_square(height, width), height, width, margin)
    assert square.side >= min(SIZE, height, width) - 1e-6
    assert crop(np.zeros((height, width, 3), np.uint8), square, 8).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("square", "beside"),
    [
        (Square(100, 50, 60), True), (Square(100, 50, 200), False), (Square(250, 150, 60), False),
        (Square(210, 150, 25), True), (Square(210, 150, 60), False),
        (Square(90, 50, 60), False), (Square(470, 420, 40), False),  # goes on beyond what was outlined
        (Square(498, 448, 2), True),
    ],
)  # fmt: skip
def test_a_frame_beside_the_lesion_is_told_where_the_whole_photo_shows_it(square, beside):
    mask = np.zeros((100, 100), np.float32)
    mask[25:50, 35:60] = 0.9  # in the photo: x from 240 to 340, y from 150 to 250
    seen = Square(100, 50, 400)
    assert lies_beside(mask, 0.5, seen, square) == beside
    assert not lies_beside(np.zeros_like(mask), 0.5, seen, square)
    speck = np.zeros_like(mask)
    speck[25, 35] = 0.9
    assert not lies_beside(speck, 0.5, seen, square)


def test_a_small_second_lesion_is_seen_in_a_small_frame():
    mask = np.zeros((100, 100), np.float32)
    mask[40:70, 40:70] = 1
    mask[4:7, 4:7] = 1  # a speck of the whole photo, 2 % of the frame
    assert not lies_beside(mask, 0.5, Square(0, 0, 500), Square(0, 0, 100))
    assert lies_beside(mask, 0.5, Square(0, 0, 500), Square(0, 400, 100))


def test_a_frame_with_all_of_a_small_lesion_is_not_beside_it():
    mask = np.zeros((100, 100), np.float32)
    mask[40:45, 40:45] = 1  # .4 % of the frame
    assert not lies_beside(mask, 0.5, Square(0, 0, 100), Square(10, 10, 80))


def test_a_hundredth_of_the_frame_is_enough():
    mask = np.zeros((100, 100), np.float32)
    mask[:75, :40] = 1  # more pixels than the frame has
    whole = Square(0, 0, 100)
    assert not lies_beside(mask, 0.5, whole, Square(35, 70, 30)) and lies_beside(mask, 0.5, whole, Square(38, 71, 29))


def test_without_a_lesion_the_frame_stays():
    view = Square(10, 0, 300)
    assert square_around(np.zeros((SIZE, SIZE), bool), view, 300, 400) == view


def entry(folder, **other) -> dict:
    """Return a card's entry for a file in a folder."""
    (folder / "outline.keras").write_bytes(b"network")
    return {
        "file": "outline.keras", "sha256": hashlib.sha256(b"network").hexdigest(), "layers": ["a", "b"],
        "threshold": 0.5, "weights_sha256": "0", **other,
    }  # fmt: skip


def test_a_cards_outline_is_read(tmp_path):
    assert read_outline(None, tmp_path) is None
    found = read_outline(entry(tmp_path), tmp_path)
    assert (found.path, found.layers, found.threshold) == (tmp_path / "outline.keras", ("a", "b"), 0.5)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"file": "none.keras"}, "no_outline"),
        ({"sha256": "0"}, "outline_changed"),
        ({"layers": []}, "outline_layers"),
        ({"layers": "block"}, "outline_layers"),
        ({"threshold": 1.0}, "outline_threshold"),
        ({"threshold": None}, "outline_threshold"),
        ({"weights_sha256": None}, "outline_weights"),
    ],
)
def test_a_cards_outline_that_cannot_be_used_says_why(tmp_path, other, code):
    with pytest.raises(BundleError) as error:
        read_outline(entry(tmp_path, **other), tmp_path)
    assert error.value.code == code


def test_the_shipped_outline_was_fitted_to_the_shipped_network_and_is_small():
    card = json.loads((DEFAULT_BUNDLE / "card.json").read_text())
    found = read_outline(card["outline"], DEFAULT_BUNDLE)
    assert found.weights_sha256 == card["weights"]["sha256"]
    assert found.path.stat().st_size <= 6_000_000
    agreement = {(row["dataset"], row["split"]): row["value"] for row in card["outline"]["jaccard"]}
    assert agreement["ham10000", "internal_test"] >= 0.87
    assert agreement["ph2", "external"] >= 0.82
