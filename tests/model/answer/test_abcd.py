"""ABCD measurements of drawn lesions whose asymmetry, border and colours are known."""

import cv2
import numpy as np
import pytest

from model.answer import abcd
from model.answer.lesion import outline
from model.errors import ContractError

SIZE = 224


def ellipse(long: int, short: int, angle: float = 0) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(mask, (112, 112), (long, short), angle, 0, 360, 1, -1)
    return mask > 0


def polygon(*points: tuple[int, int]) -> np.ndarray:
    return cv2.fillPoly(np.zeros((SIZE, SIZE), np.uint8), [np.array(points)], 1) > 0


@pytest.mark.parametrize("angle", [0, 30, 77])
def test_an_ellipse_is_symmetric_about_both_axes_however_it_lies(angle):
    assert max(abcd.asymmetry(ellipse(80, 40, angle))) < 0.03


def test_a_long_triangle_is_symmetric_about_its_long_axis_alone():
    """Mirrored at a third of its height h, the lower part covers as much width as it has or less, down to 2h/3: 2/3."""
    long, short = abcd.asymmetry(polygon((20, 112 - 30), (20, 112 + 30), (200, 112)))
    assert long < 0.02
    assert short == pytest.approx(1 / 3, abs=0.02)


def test_a_parallelogram_is_asymmetric_about_both_axes_alike():
    long, short = abcd.asymmetry(polygon((20, 80), (140, 80), (200, 150), (80, 150)))
    assert long == pytest.approx(short, abs=0.02)
    assert long > 0.1


@pytest.mark.parametrize("radius", [8, 20, 50, 100])
def test_a_disc_is_as_compact_as_can_be(radius):
    assert abcd.compactness(ellipse(radius, radius)) == pytest.approx(1, abs=0.04)
    assert abcd.solidity(ellipse(radius, radius)) == pytest.approx(1, abs=0.04)


def test_a_square_and_a_rectangle_have_their_known_compactness():
    square, rectangle = np.zeros((2, SIZE, SIZE), bool)
    square[50:150, 50:150] = True
    rectangle[100:130, 20:200] = True
    assert abcd.compactness(square) == pytest.approx(4 / np.pi, rel=0.05)
    assert abcd.compactness(rectangle) == pytest.approx((2 * 210) ** 2 / (4 * np.pi * 30 * 180), rel=0.05)
    assert abcd.solidity(square) == pytest.approx(1, abs=1e-6)


def test_compactness_of_a_square_does_not_depend_on_how_it_lies():
    straight = polygon((62, 62), (162, 62), (162, 162), (62, 162))
    turned = polygon((112, 41), (183, 112), (112, 183), (41, 112))
    assert abcd.compactness(turned) == pytest.approx(abcd.compactness(straight), rel=0.05)


def test_a_notch_lowers_solidity_and_raises_compactness():
    whole = ellipse(60, 60)
    notched = whole & ~polygon((112, 112), (180, 90), (180, 134))
    lost = (whole & ~notched).sum() / whole.sum()
    assert abcd.solidity(notched) == pytest.approx(1 - lost, abs=0.03)
    assert abcd.compactness(notched) > abcd.compactness(whole) + 0.3


def rgb(colour: tuple[float, float, float]) -> np.ndarray:
    """Return a CIELAB colour as sRGB: uint8 (3,)."""
    converted = cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]
    return np.rint(converted * 255).astype(np.uint8)


def on_skin(inside: np.ndarray, colour: tuple[float, float, float]) -> np.ndarray:
    """Return a view of a lesion of one CIELAB colour."""
    return np.where(inside[..., None], rgb(colour), rgb(abcd.SKIN)).astype(np.uint8)


def test_shares_of_known_colours_are_found():
    inside = np.zeros((SIZE, SIZE), bool)
    inside[60:160, 12:212] = True
    view = on_skin(inside, abcd.SKIN)
    bands = {"red": (12, 52), "dark_brown": (52, 112), "blue_grey": (112, 202), "black": (202, 212)}
    for name, (left, right) in bands.items():
        view[60:160, left:right] = rgb(abcd.REFERENCES[name])
    found = abcd.colours(view, inside)
    expected = {name: (right - left) / 200 for name, (left, right) in bands.items()}
    assert found == pytest.approx({name: expected.get(name, 0) for name in abcd.REFERENCES}, abs=0.01)
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", abcd.REFERENCES)
def test_a_colour_stays_itself_in_pinker_and_darker_light(name):
    inside = ellipse(50, 50)
    lesion, skin = abcd.REFERENCES[name], abcd.SKIN
    shift = np.array([-6.0, 8.0, 3.0]) if name != "black" else np.array([0.0, 4.0, 2.0])
    pinker = np.where(inside[..., None], rgb(tuple(lesion + shift)), rgb(tuple(skin + shift))).astype(np.uint8)
    for view in (on_skin(inside, lesion), pinker):
        assert abcd.colours(view, inside)[name] > 0.98


def test_without_skin_around_there_is_nothing_to_compare_colours_with():
    inside = np.ones((SIZE, SIZE), bool)
    assert abcd.colours(on_skin(inside, abcd.REFERENCES["red"]), inside) is None
    measured = abcd.measure(outline(inside.astype(float), 0.5), on_skin(inside, abcd.REFERENCES["red"]))
    assert measured.colours is None and measured.colour_count is None


def test_a_whole_lesion_is_measured_in_all():
    view = on_skin(ellipse(60, 40), abcd.REFERENCES["light_brown"])
    found = outline(ellipse(60, 40).astype(float), 0.5)
    measured = abcd.measure(found, view)
    assert measured.area == pytest.approx(np.pi * 60 * 40 / SIZE**2, rel=0.03)
    assert measured.colour_count == 1
    assert None not in (measured.asymmetry, measured.compactness, measured.solidity)


def test_a_lesion_cut_off_has_no_shape_but_still_a_colour():
    mask = np.zeros((SIZE, SIZE))
    mask[:, :100] = 1
    view = on_skin(mask > 0, abcd.REFERENCES["black"])
    measured = abcd.measure(outline(mask, 0.5), view)
    assert (measured.asymmetry, measured.compactness, measured.solidity) == (None,) * 3
    assert measured.area == pytest.approx(100 / SIZE)
    assert measured.colours["black"] == 1


def test_no_lesion_is_not_measured_and_a_view_of_another_size_is_refused():
    nothing = outline(np.zeros((SIZE, SIZE)), 0.5)
    assert abcd.measure(nothing, np.zeros((SIZE, SIZE, 3), np.uint8)) is None
    with pytest.raises(ContractError):
        abcd.measure(nothing, np.zeros((100, 100, 3), np.uint8))
