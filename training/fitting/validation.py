"""What the loop looks at between epochs: logits of held-out images and a few figures of them."""

from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from model.card import VIEWS
from training.data.label_sets import LABEL_SETS


def predict_logits(
    network: keras.Model, images: np.ndarray, views: tuple[str, ...], batch: int = 64,
    metadata: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Return logits, shape (n, classes), averaged over the named views of `model.card.VIEWS`.

    Parameters
    ----------
    network : Model
    images : ndarray, uint8, shape (n, size, size, 3)
        Or cached features, which have no other view than "identity".
    views : tuple of str
    batch : int
    metadata : ndarray, float32, shape (n, columns), optional
        For networks that take it.
    """
    logits = []
    for start in range(0, len(images), batch):
        block = images[start : start + batch].astype(np.float32)
        seen = [np.ascontiguousarray(np.flip(block, VIEWS[view])) for view in views]
        inputs: list = seen
        if metadata is not None:
            inputs = [{"photo": view, "metadata": metadata[start : start + batch]} for view in seen]
        logits.append(np.mean([np.asarray(network.predict_on_batch(view)) for view in inputs], axis=0))
    return np.concatenate(logits)


def _auc(truth: np.ndarray, score: np.ndarray) -> float:
    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < len(truth) else float("nan")


# What patience can watch; the last where the label set has melanoma.
WATCHED = ("balanced_accuracy", "accuracy", "macro_auc", "malignant_auc", "log_loss", "melanoma_auc")


def quick_metrics(logits: np.ndarray, labels: np.ndarray, label_set: str = "seven") -> dict[str, float]:
    """Return the figures of the training log; the published ones come from `training.evaluate`."""
    classes = LABEL_SETS[label_set]
    p = softmax(logits, axis=1)
    aucs = [_auc(labels == k, p[:, k]) for k in np.unique(labels)]
    malignant = [classes.codes.index(code) for code in classes.malignant]
    figures = {
        "balanced_accuracy": float(balanced_accuracy_score(labels, p.argmax(axis=1))),
        "accuracy": float((p.argmax(axis=1) == labels).mean()),
        "macro_auc": float(np.mean(aucs)),
        "malignant_auc": _auc(np.isin(labels, malignant), p[:, malignant].sum(axis=1)),
        "log_loss": float(log_loss(labels, p, labels=list(range(p.shape[1])))),
    }
    if classes.melanoma:
        melanoma = classes.codes.index(classes.melanoma)
        figures["melanoma_auc"] = _auc(labels == melanoma, p[:, melanoma])
    return figures


@dataclass(frozen=True)
class HeldOut:
    """The validation images as the network will see them, and which of them belong to the recipe's first set."""

    views: np.ndarray
    labels: np.ndarray
    home: np.ndarray
    label_set: str = "seven"
    metadata: np.ndarray | None = None

    def row(self, network: keras.Model) -> dict[str, float]:
        """Return the log's figures: of the first set, and of all other sets together."""
        logits = predict_logits(network, self.views, ("identity",), metadata=self.metadata)
        home = quick_metrics(logits[self.home], self.labels[self.home], self.label_set)
        row = {f"validation_{name}": value for name, value in home.items()}
        if not self.home.all():
            other = quick_metrics(logits[~self.home], self.labels[~self.home], self.label_set)
            row |= {f"other_sets_{name}": value for name, value in other.items()}
        return row
