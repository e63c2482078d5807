"""A map as an array that other programs read."""

import io

import numpy as np

from model.card import Card


def npz_bytes(array: np.ndarray, code: str, method: str, card: Card) -> bytes:
    """Return a NumPy archive of a map; the same map gives the same bytes.

    Parameters
    ----------
    array : ndarray, shape (rows, columns)
        The map in its own units, for example of `model.explain.Explanation.raw`.
    code : str
        Class code, or two with a hyphen for a contrast.
    method : str
        Key of `model.maps.methods.METHODS`.
    card : Card
        Of the model that the map is of.

    Returns
    -------
    bytes
        Arrays ``map`` (float32), ``class_code``, ``method``, ``model`` and ``version`` (text); read it with
        ``numpy.load``, which needs no pickle.
    """
    buffer = io.BytesIO()
    np.savez(
        buffer,
        map=np.asarray(array, np.float32),
        class_code=np.array(code),
        method=np.array(method),
        model=np.array(card.model_id),
        version=np.array(card.version),
    )
    return buffer.getvalue()
