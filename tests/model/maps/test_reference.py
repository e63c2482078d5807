"""Our maps are those of tf-keras-vis, and two methods that are called the same here are the same there."""

import warnings

import keras
import numpy as np
import pytest
from scipy.ndimage import zoom

from model.maps import closed, smooth
from model.maps.methods import SCORECAM, SMOOTHGRAD, compute, finished
from model.network.engines import TENSORFLOW
from model.network.keras_engine import load_network
from model.predict import Classifier
from model.preprocess import to_tensor
from tests.support.bundles import CODES, NEVER_SUPPORTED

with warnings.catch_warnings():  # the library imports SciPy by an old name
    warnings.simplefilter("ignore", DeprecationWarning)
    from tf_keras_vis import scorecam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

RAW = {"expand_cam": False, "normalize_cam": False, "seek_penultimate_conv_layer": False}
EACH = [index for index, code in enumerate(CODES) if code != NEVER_SUPPORTED]


@pytest.fixture(scope="module")
def upright(tiny_bundle):
    """The small network without views, as the library sees it, and its part up to the logits."""
    classifier = Classifier.load(tiny_bundle, TENSORFLOW)
    network = load_network(classifier.card)
    logits = network.get_layer(classifier.card.logits_layer).output
    return classifier, keras.Model(network.input, logits), network


@pytest.fixture(scope="module")
def seen(upright, lesion):
    """A photo as the network takes it, and the feature maps of this one view."""
    classifier, _, network = upright
    tensor = to_tensor(lesion, classifier.card.size)
    layer = network.get_layer(classifier.card.feature_layer)
    return tensor, np.asarray(keras.Model(network.input, layer.output)(tensor, training=False))[0]


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return np.abs(found - expected).max() <= 1e-3 * expected.max()


@pytest.mark.parametrize("index", EACH)
def test_layer_cam_equals_the_library(upright, seen, index):
    classifier, model, _ = upright
    library = Layercam(model, clone=False)
    [expected] = np.asarray(
        library(CategoricalScore(index), seen[0], penultimate_layer=classifier.card.feature_layer, **RAW)
    )
    assert expected.max() > 0
    assert close(np.maximum(closed.layercam(seen[1], classifier.kernel, index), 0), expected)


@pytest.mark.parametrize("index", EACH)
def test_grad_cam_plus_plus_is_layer_cam_times_the_exponential_of_the_logit(upright, seen, index):
    classifier, model, _ = upright
    library = GradcamPlusPlus(model, clone=False)
    [expected] = np.asarray(
        library(CategoricalScore(index), seen[0], penultimate_layer=classifier.card.feature_layer, **RAW)
    )
    constant = np.exp(float(np.asarray(model(seen[0], training=False))[0, index]))
    assert close(closed.layercam(seen[1], classifier.kernel, index) * constant, expected)


class Upright:
    """A classifier of one view: what the library runs."""

    def __init__(self, classifier, model):
        self.card, self.kernel, self.bias, self.model = classifier.card, classifier.kernel, classifier.bias, model

    def run(self, batch, features=True):
        return type("Raw", (), {"logits": np.asarray(self.model(batch, training=False))})


def test_score_cam_equals_the_library_with_our_enlarging(upright, seen, monkeypatch):
    """The library enlarges from corner to corner; cells have their centres where convolutions see them."""
    import cv2

    def by_centres(array, factor, **options):
        if len(factor) != 4:
            return zoom(array, factor, **options)
        size = [round(edge * by) for edge, by in zip(array.shape[1:3], factor[1:3], strict=True)]
        channels = np.moveaxis(np.asarray(array)[0], -1, 0)
        return np.stack([cv2.resize(channel, size[::-1]) for channel in channels], axis=-1)[None]

    classifier, model, _ = upright
    monkeypatch.setattr(scorecam, "zoom", by_centres)
    count = min(32, seen[1].shape[-1])
    library = scorecam.Scorecam(model, clone=False)
    [expected] = np.asarray(
        library(CategoricalScore(4), seen[0], penultimate_layer=classifier.card.feature_layer, max_N=count, **RAW)
    )
    view = seen[0][0].astype(np.uint8)
    found = finished(compute(SCORECAM, Upright(classifier, model), view, seen[1], 4))
    assert close(found, expected)


def test_smoothgrad_is_the_librarys_with_noise_that_can_be_repeated(analyser, upright, seen, monkeypatch):
    """Of the mean over the views, as the served network answers."""
    view = seen[0][0].astype(np.uint8)
    found = finished(compute(SMOOTHGRAD, analyser.classifier, view, seen[1], 4))
    library, score = smooth._saliency(analyser.classifier), CategoricalScore(4)
    assert isinstance(library, Saliency)
    assert np.allclose(library.model(seen[0]), analyser.classifier.run(seen[0]).logits, atol=1e-4)
    noise = smooth.noisy_copies(view) - view
    scale = smooth.NOISE * (float(view.max()) - float(view.min()))
    monkeypatch.setattr(np.random, "normal", lambda mean, sigma, shape: (noise / scale).reshape(shape) * sigma)
    [expected] = library(score, seen[0], smooth_samples=smooth.SAMPLES, smooth_noise=smooth.NOISE, normalize_map=False)
    rows, columns = found.shape
    parts = expected.reshape(rows, expected.shape[0] // rows, columns, expected.shape[1] // columns).mean(axis=(1, 3))
    assert close(found, parts)
    assert smooth._saliency(analyser.classifier) is library
