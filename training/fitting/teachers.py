"""Targets from trained networks: the student learns their mean answer to the view that it sees itself.

Hinton, Vinyals and Dean, arXiv 1503.02531; one view for teacher and student: Beyer et al., CVPR 2022.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from training.networks.architectures import logits_model

Taught = Callable[[np.ndarray, np.ndarray], np.ndarray]


def taught_by(networks: list[Path], share: float) -> Taught | None:
    """Return what turns views and labels into targets; None where there is no teacher.

    Parameters
    ----------
    networks : list of Path
        Trained networks with softmax output, for views of the student's size.
    share : float
        Share of the teachers' probabilities, from the mean of their logits, in the target; the rest is the label.
    """
    if not networks:
        return None
    teachers = [logits_model(keras.models.load_model(path, compile=False)) for path in networks]

    def targets(views: np.ndarray, labels: np.ndarray) -> np.ndarray:
        answers = [keras.ops.convert_to_numpy(teacher(views, training=False)) for teacher in teachers]
        return (share * softmax(np.mean(answers, axis=0), axis=1) + (1 - share) * labels).astype(np.float32)

    return targets
