"""SmoothGrad through tf-keras-vis: the one map that needs TensorFlow, which is loaded when it is first asked for."""

import threading
import warnings
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from model.card import VIEWS
from model.maps.perturbed import Steps
from model.predict import Classifier

SAMPLES = 16
NOISE = 0.2  # standard deviation, as a share of the view's range of values
SEED = 2018
PARTS = 4  # of a cell's edge, in the map; single pixels are too speckled to be read

_kept: "WeakKeyDictionary[Classifier, Any]" = WeakKeyDictionary()
_building = threading.Lock()  # only for building: any number of threads use what was built


def smoothgrad(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    """Yield the mean size of the logit's gradient at the pixels of noisy copies (Smilkov et al., arXiv:1706.03825).

    The largest of the three colours counts, averaged over sixteenths of a cell; the noise is the same in each run.
    Parameters as `model.maps.perturbed.finer`.

    Yields
    ------
    float or ndarray
        Progress, then float32, shape (4 rows, 4 columns), 0 or more, in logit units a grey level.
    """
    yield 0.0
    saliency, score = _saliency(classifier), _score(code_index)
    total = np.zeros((*view.shape[:2], 3))
    for number, copy in enumerate(noisy_copies(view)):
        yield number / SAMPLES
        total += np.asarray(saliency(score, copy[None], keepdims=True, normalize_map=False))[0]
    pixels = (total / SAMPLES).max(axis=-1).astype(np.float32)
    rows, columns = features.shape[:2]
    yield cv2.resize(pixels, (PARTS * columns, PARTS * rows), interpolation=cv2.INTER_AREA)


def noisy_copies(view: np.ndarray) -> np.ndarray:
    """Return copies of a view (size, size, 3) with noise: float32, shape (samples, size, size, 3)."""
    noise = np.random.default_rng(SEED).normal(size=(SAMPLES, *view.shape))
    return (view + NOISE * (float(view.max()) - float(view.min())) * noise).astype(np.float32)


def _saliency(classifier: Classifier):
    """Return the library's object for a classifier, built once; a second thread waits until it is."""
    with _building:
        if classifier not in _kept:
            _kept[classifier] = _built(classifier)
        return _kept[classifier]


def _built(classifier: Classifier):
    import keras

    from model.network.keras_engine import KerasEngine, load_network

    with warnings.catch_warnings():  # the library imports SciPy by an old name
        warnings.simplefilter("ignore", DeprecationWarning)
        from tf_keras_vis.saliency import Saliency

    card, engine = classifier.card, classifier.engine
    network = engine.network if isinstance(engine, KerasEngine) else load_network(card)
    inner = keras.Model(network.input, network.get_layer(card.logits_layer).output)
    photos = keras.Input((card.size, card.size, 3))
    answers = [inner(keras.ops.flip(photos, VIEWS[view]) if VIEWS[view] else photos) for view in card.views]
    mean = keras.layers.average(answers) if len(answers) > 1 else answers[0]
    return Saliency(keras.Model([photos], mean), clone=False)


def _score(code_index: int):
    from tf_keras_vis.utils.scores import CategoricalScore

    return CategoricalScore(code_index)
