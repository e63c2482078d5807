"""The shipped heat map is Grad-CAM, says when it has nothing to say, and leaves the rest of the photo alone."""

import numpy as np
import pytest

from model.explain import NEGLIGIBLE_LOGIT, class_maps, colour_bar, explain, overlay, upsample
from model.preprocess import Square, to_tensor
from tests.support.bundles import CODES, NEVER_SUPPORTED
from tests.support.gradcam import assert_equals_tf_keras_vis


def test_closed_form_equals_tf_keras_vis(analyser, lesion):
    tensor = to_tensor(lesion, analyser.card.size)
    assert_equals_tf_keras_vis(analyser.classifier, tensor)


def test_maps_add_up_to_the_logits(analyser, lesion):
    raw = analyser.classifier.run(to_tensor(lesion, analyser.card.size))
    maps = class_maps(raw.features[0], analyser.classifier.kernel)
    assert maps.shape == (len(CODES), *raw.features.shape[1:3])
    assert np.allclose(maps.sum(axis=(1, 2)) + analyser.classifier.bias, raw.logits[0], atol=1e-4)


def test_a_mirrored_photo_gives_mirrored_maps(analyser, lesion):
    tensor = to_tensor(lesion, analyser.card.size)
    maps, mirrored = (analyser.classifier.run(view) for view in (tensor, tensor[:, :, ::-1].copy()))
    assert np.allclose(maps.logits, mirrored.logits, atol=1e-4)
    assert np.allclose(maps.features, mirrored.features[:, :, ::-1], atol=1e-3)


def test_a_class_without_positive_evidence_is_marked(analyser, lesion_png):
    explanations = analyser.analyse(lesion_png).explanations
    assert not explanations[NEVER_SUPPORTED].informative
    assert (explanations[NEVER_SUPPORTED].heat == 0).all()
    assert any(explanation.informative for explanation in explanations.values())
    for code, explanation in explanations.items():
        assert explanation.code == code
        assert np.isfinite(explanation.heat).all()
        assert explanation.heat.max() == (1 if explanation.informative else 0)
        assert explanation.heat.min() >= 0


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan, -np.inf, 1e-7])
def test_nothing_to_show_is_finite_and_not_informative(value):
    explanation = explain("mel", np.full((4, 4), value, np.float32))
    assert not explanation.informative
    assert (explanation.heat == 0).all()


def test_evidence_is_negligible_up_to_a_tenth_of_the_odds():
    for share, informative in ((0.9, False), (1.1, True)):
        raw = np.full((4, 4), share * NEGLIGIBLE_LOGIT / 16, np.float32)
        raw[0, 0] -= 5  # evidence against the class elsewhere does not make it informative
        raw[1, 1] += share * NEGLIGIBLE_LOGIT / 16
        assert explain("mel", raw).informative == informative


def test_upsampling_keeps_cells_where_the_network_saw_them():
    heat = np.zeros((4, 4), np.float32)
    heat[1, 2] = 1
    fine = upsample(heat, 64)
    rows, columns = np.nonzero(fine > 0.9)
    assert abs(rows.mean() - (1.5 * 16 - 0.5)) < 1e-6
    assert abs(columns.mean() - (2.5 * 16 - 0.5)) < 1e-6
    assert fine.min() >= 0
    assert fine.max() <= 1


@pytest.mark.parametrize("contours", [False, True])
def test_photo_is_untouched_where_there_is_no_heat(lesion, contours):
    assert (overlay(lesion, np.zeros((5, 5)), None, 1.0, contours) == lesion).all()
    heat = np.zeros((6, 6), np.float32)
    heat[2, 3] = 1
    square = Square(70.4, 30.6, 90.0)
    drawn = overlay(lesion, heat, square, 0.8, contours)
    changed = np.nonzero((drawn != lesion).any(axis=2))
    reach = slice(31 + 15, 31 + 60), slice(70 + 30, 70 + 75)  # the hot cell and half a cell around, enlarged
    assert changed[0].size
    assert reach[0].start <= changed[0].min() <= changed[0].max() < reach[0].stop
    assert reach[1].start <= changed[1].min() <= changed[1].max() < reach[1].stop


def test_opacity_follows_heat_and_setting(lesion):
    heat = np.ones((3, 3), np.float32)
    assert (overlay(lesion, heat, None, 0.0) == lesion).all()
    full = overlay(lesion, heat, None, 1.0)
    assert (full[:, :180] == colour_bar()[-1]).all()
    assert (full[:, 180:] == lesion[:, 180:]).all()
    weak = np.abs(overlay(lesion, heat / 4, None, 0.5).astype(int) - lesion).mean()
    assert weak < np.abs(overlay(lesion, heat, None, 0.5).astype(int) - lesion).mean()


def test_overlay_reads_a_photo_without_changing_it(lesion):
    before = lesion.copy()
    overlay(lesion, np.ones((3, 3), np.float32), Square(0, 0, 180), 1.0)
    assert (lesion == before).all()


def test_colour_map_is_perceptually_even():
    bar = colour_bar() / 255
    linear = np.where(bar <= 0.04045, bar / 12.92, ((bar + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ (0.2126, 0.7152, 0.0722)) - 16
    steps = np.diff(lightness)
    assert bar.shape == (256, 3)
    assert lightness[-1] - lightness[0] > 60
    assert (np.convolve(steps, np.ones(8) / 8, "valid") > 0).all()
    assert np.abs(lightness - np.linspace(lightness[0], lightness[-1], 256)).max() < 5


def test_enlarged_heat_has_no_creases():
    """The slope of a linear enlargement jumps at every centre of a cell; a cubic one bends."""
    heat = np.full((6, 6), 0.3, np.float32)
    heat[:, 1:5] = (0.4, 0.7, 0.5, 0.35)
    bends = np.abs(np.diff(upsample(heat, 240), 2, axis=1))[:, 60:180]
    linear = np.abs(np.diff(np.interp(np.arange(240), np.arange(6) * 40 + 19.5, heat[2]), 2))[60:180]
    assert bends.max() < 0.3 * linear.max()


def test_contours_have_soft_edges(lesion):
    heat = np.zeros((6, 6), np.float32)
    heat[2:4, 2:4] = 1
    grey = np.full((240, 240, 3), 128, np.uint8)
    shades = np.unique(overlay(grey, heat, None, 1.0, contours=True).reshape(-1, 3), axis=0)
    assert len(shades) > 12  # three lines and the grey alone would be four
