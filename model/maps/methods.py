"""The methods to choose from, what each costs and means, and one way to compute any of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.errors import ContractError
from model.maps import closed, perturbed, smooth
from model.maps.perturbed import Steps
from model.predict import Classifier

GRADCAM, FINER, LAYERCAM, SCORECAM, OCCLUSION, SMOOTHGRAD = (
    "gradcam", "finer", "layercam", "scorecam", "occlusion", "smoothgrad",
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One way to make a map.

    Parameters
    ----------
    name : str
        As its authors write it.
    passes : int
        Passes of the network after the answer, for feature maps of 7 x 7 cells; a gradient counts as one.
    tensorflow : bool
        Whether it loads TensorFlow: seconds, and about 1 GB of memory that stays taken.
    additive : bool
        Whether the cells add up to the logit less the bias, so that sums over cells and contrasts mean something.
    definition : str
        What a cell's value says, in one line.
    source : str
        Authors, place and year.
    steps : callable
        Takes classifier, view, features and class; see `compute`.
    """

    name: str
    passes: int
    tensorflow: bool
    additive: bool
    definition: str
    source: str
    steps: Callable[[Classifier, np.ndarray, np.ndarray, int], Steps]


def _gradcam(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    yield closed.gradcam(features, classifier.kernel, code_index)


def _layercam(classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    yield closed.layercam(features, classifier.kernel, code_index)


METHODS = {
    GRADCAM: Method(
        "Grad-CAM", 0, False, True,
        "What a cell adds to the class's logit, or takes from it.",
        "Selvaraju et al., ICCV 2017, arXiv:1610.02391", _gradcam,
    ),
    FINER: Method(
        "Grad-CAM, half cells", 1, False, True,
        "Grad-CAM on half cells, from a second look at the photo moved by half a cell; each cell keeps its sum.",
        "as Grad-CAM; the interpolation is defined in model/maps/perturbed.py", perturbed.finer,
    ),
    LAYERCAM: Method(
        "Layer-CAM", 0, False, False,
        "What the channels that speak for the class add in a cell; those against it are left out.",
        "Jiang et al., IEEE TIP 30:5875, 2021, doi:10.1109/TIP.2021.3089943", _layercam,
    ),
    SCORECAM: Method(
        "Score-CAM", perturbed.CHANNELS, False, False,
        f"The {perturbed.CHANNELS} channels that vary most, each weighted by the class's probability under its mask.",
        "Wang et al., CVPR Workshops 2020, arXiv:1910.01279", perturbed.scorecam,
    ),
    OCCLUSION: Method(
        "Occlusion", 121, False, False,
        "How much the class's logit falls where a patch of the mean colour covers the photo.",
        "Zeiler and Fergus, ECCV 2014, arXiv:1311.2901", perturbed.occlusion,
    ),
    SMOOTHGRAD: Method(
        "SmoothGrad", smooth.SAMPLES, True, False,
        f"How strongly the logit reacts to a pixel, for or against: the mean over {smooth.SAMPLES} noisy copies.",
        "Smilkov et al., arXiv:1706.03825, 2017", smooth.smoothgrad,
    ),
}  # fmt: skip

SAME = (  # maps that would only repeat another one for this kind of network
    "CAM (Zhou 2016), HiResCAM (Draelos 2020), XGrad-CAM (Fu 2020), and gradient x input and integrated gradients at "
    "the last feature maps are Grad-CAM here: behind global average pooling and one dense layer, the gradient of a "
    "logit is the same in every cell.",
    "Grad-CAM++ (Chattopadhay 2018), as its authors' code computes it, is Layer-CAM times a constant here, for the "
    "same reason.",
)


def compute(method: str, classifier: Classifier, view: np.ndarray, features: np.ndarray, code_index: int) -> Steps:
    """Compute a map step by step, so that progress can be shown; closing the generator ends the work.

    Parameters
    ----------
    method : str
        Key of `METHODS`.
    classifier : Classifier
        Any number of threads may use it at once.
    view : ndarray, uint8, shape (size, size, 3)
        What the network was given.
    features : ndarray, float32, shape (rows, columns, channels)
        Of the view, from `Classifier.run`.
    code_index : int
        Class, in card order.

    Yields
    ------
    float or ndarray
        Progress in [0, 1), never falling, any number of times; then once the map: float32, shape (m rows, m columns)
        with m of 1, 2 or 4. The same input gives the same map.

    Raises
    ------
    ContractError
        ``unknown_method``, at once.
    """
    if method not in METHODS:
        raise ContractError("unknown_method", f"There is no map '{method}'; known are {', '.join(METHODS)}.")
    return METHODS[method].steps(classifier, view, features, code_index)


def finished(steps: Steps) -> np.ndarray:
    """Return the map of `compute` without looking at its progress."""
    for step in steps:
        if isinstance(step, np.ndarray):
            return step
    raise ContractError("no_map", "The computation ended without a map.")


def heat_of(array: np.ndarray) -> np.ndarray:
    """Return a map as heat to draw: its positive part divided by its maximum, all zero if there is none.

    Whether a class has anything to show is for `model.explain.Explanation.informative` to say, for every method.

    Returns
    -------
    ndarray, float32, same shape, range [0, 1]
    """
    positive = np.maximum(np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0), 0).astype(np.float32)
    return positive / positive.max() if positive.max() > 0 else positive
