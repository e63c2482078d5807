"""Maps in closed form, from the feature maps that the answer was computed from.

Behind global average pooling and one dense layer, the gradient of a logit with respect to a channel of the feature
maps is the same in every cell: the dense layer's weight divided by the number of cells. Hence these identities:

- Grad-CAM weighs a channel by the mean gradient, HiResCAM and gradient x input by the gradient of each cell, XGrad-CAM
  by a mean of the gradients in proportion to the channel: all are ``features @ kernel / cells``, which is CAM.
- Layer-CAM takes the positive gradients: ``features @ max(kernel, 0) / cells``.
- Grad-CAM++ weighs the positive gradients of a channel's cells by shares that sum to 1 and depend on the gradient
  alone: Layer-CAM times the exponential of the logit.
"""

import numpy as np

from model.explain import class_maps


def gradcam(features: np.ndarray, kernel: np.ndarray, code_index: int) -> np.ndarray:
    """Return Grad-CAM before its ReLU (Selvaraju et al., ICCV 2017), as `model.explain.class_maps`.

    Parameters
    ----------
    features : ndarray, shape (rows, columns, channels)
    kernel : ndarray, shape (channels, classes)
    code_index : int
        Class, in card order.

    Returns
    -------
    ndarray, float32, shape (rows, columns)
        In logit units; its sum plus the bias is the logit.
    """
    return class_maps(features, kernel[:, [code_index]])[0]


def layercam(features: np.ndarray, kernel: np.ndarray, code_index: int) -> np.ndarray:
    """Return Layer-CAM (Jiang et al., IEEE TIP 30:5875, 2021); parameters as `gradcam`.

    Returns
    -------
    ndarray, float32, shape (rows, columns)
        In logit units, 0 or more where the features are: what channels that speak for the class add.
    """
    return class_maps(features, np.maximum(kernel[:, [code_index]], 0))[0]
