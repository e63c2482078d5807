"""Grad-CAM by tf-keras-vis, the field's library, to hold the served maps against."""

import warnings

import keras
import numpy as np

from model.explain import class_maps
from model.predict import Classifier

RELATIVE_ERROR = 1e-3

with warnings.catch_warnings():  # the library imports SciPy by an old name
    warnings.simplefilter("ignore", DeprecationWarning)
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore


def reference_maps(classifier: Classifier, tensor: np.ndarray) -> np.ndarray:
    """Return the maps of all classes before normalisation, shape (classes, rows, columns), of one photo."""
    gradcam = Gradcam(classifier.network, model_modifier=ReplaceToLinear(), clone=True)
    options = {"penultimate_layer": classifier.card.feature_layer, "expand_cam": False, "normalize_cam": False}
    options["seek_penultimate_conv_layer"] = False  # else it walks back from an activation to its convolution
    maps = [gradcam(CategoricalScore(label.index), tensor, **options) for label in classifier.card.labels]
    return np.stack([np.asarray(each).reshape(np.shape(each)[-2:]) for each in maps])


def assert_equals_tf_keras_vis(classifier: Classifier, tensor: np.ndarray) -> None:
    """Compare the closed form with the library for every class of one photo (1, size, size, 3), unflipped."""
    layer = classifier.network.get_layer(classifier.card.feature_layer)
    features = np.asarray(keras.Model(classifier.network.input, layer.output)(tensor, training=False))[0]
    ours = np.maximum(class_maps(features, classifier.kernel), 0)
    reference = reference_maps(classifier, tensor)
    assert ours.shape == reference.shape
    assert reference.max() > 0
    for label in classifier.card.labels:
        largest = reference[label.index].max()
        assert np.abs(ours[label.index] - reference[label.index]).max() <= RELATIVE_ERROR * largest, label.code
