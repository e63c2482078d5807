"""Grad-CAM by tf-keras-vis, the field's library, to hold the served maps against."""

import warnings

import keras
import numpy as np

from model.explain import class_maps
from model.network.keras_engine import load_network
from model.predict import Classifier

RELATIVE_ERROR = 1e-3

with warnings.catch_warnings():  # the library imports SciPy by an old name
    warnings.simplefilter("ignore", DeprecationWarning)
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore


def reference_maps(classifier: Classifier, tensor: np.ndarray) -> np.ndarray:
    """Return the maps of all classes before normalisation, shape (photos, classes, rows, columns)."""
    network = load_network(classifier.card)
    logits = network.get_layer(classifier.card.logits_layer).output  # what the library's own way makes too
    gradcam = Gradcam(keras.Model(network.input, logits), clone=False)
    options = {"penultimate_layer": classifier.card.feature_layer, "expand_cam": False, "normalize_cam": False}
    options["seek_penultimate_conv_layer"] = False  # else it walks back from an activation to its convolution
    maps = [gradcam(CategoricalScore(label.index), tensor, **options) for label in classifier.card.labels]
    return np.stack([np.asarray(each).reshape(len(tensor), *np.shape(each)[-2:]) for each in maps], axis=1)


def assert_equals_tf_keras_vis(classifier: Classifier, tensor: np.ndarray) -> None:
    """Compare the closed form with the library for every class of photos (photos, size, size, 3), unflipped."""
    network = load_network(classifier.card)
    layer = network.get_layer(classifier.card.feature_layer)
    features = np.asarray(keras.Model(network.input, layer.output)(tensor, training=False))
    ours = np.stack([np.maximum(class_maps(each, classifier.kernel), 0) for each in features])
    reference = reference_maps(classifier, tensor)
    assert ours.shape == reference.shape
    for found, expected in zip(ours, reference, strict=True):
        assert expected.max() > 0
        for label in classifier.card.labels:
            furthest = np.abs(found[label.index] - expected[label.index]).max()
            assert furthest <= RELATIVE_ERROR * expected[label.index].max(), label.code
