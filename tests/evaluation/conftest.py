"""Random predictions in the shape of the bundle's table, and a hand-made set small enough to count on fingers."""

import numpy as np
import pandas as pd
import pytest

from model.card import Label
from model.evaluation.cases import Question, read_cases

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
LABELS = tuple(Label(index, code, code, code in ("akiec", "bcc", "mel")) for index, code in enumerate(CODES))


@pytest.fixture(scope="session")
def labels():
    return LABELS


@pytest.fixture(scope="session")
def make_predictions():
    """Return a function: n images of about 0.7 n lesions; all images of a lesion share its class."""

    def make(n=300, seed=0, signal=1.5, decimals=None, split="internal_test"):
        random = np.random.default_rng(seed)
        lesions = random.integers(0, max(1, int(0.7 * n)), n)
        targets = random.choice(7, n, p=[0.08, 0.1, 0.15, 0.07, 0.15, 0.38, 0.07])[lesions]
        logits = random.normal(size=(n, 7)) + 0.8 * random.normal(size=(n, 7))[lesions]
        logits[np.arange(n), targets] += signal
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        if decimals is not None:
            probabilities = probabilities.round(decimals)
            probabilities /= probabilities.sum(axis=1, keepdims=True)
        table = pd.DataFrame(probabilities, columns=[f"p_{code}" for code in CODES])
        return table.assign(
            image_id=[f"ISIC_{number}" for number in range(n)],
            lesion_id=[f"HAM_{number}" for number in lesions],
            dataset="ham10000",
            split=split,
            label=np.array(CODES)[targets],
        )

    return make


@pytest.fixture(scope="session")
def make_cases(make_predictions):
    return lambda *arguments, **options: read_cases(make_predictions(*arguments, **options), LABELS)


@pytest.fixture
def by_hand():
    """Return six images of five lesions: two melanomas of one lesion, two naevi, a keratosis, a carcinoma.

    Called: mel, nv, nv, mel, bkl, bcc; so 4 of 6 are right.
    """
    rows = [
        ("i1", "a", "mel", {"mel": 0.7, "nv": 0.3}),
        ("i2", "a", "mel", {"mel": 0.2, "nv": 0.8}),
        ("i3", "b", "nv", {"mel": 0.1, "nv": 0.9}),
        ("i4", "c", "nv", {"mel": 0.6, "nv": 0.4}),
        ("i5", "d", "bkl", {"bkl": 0.8, "bcc": 0.2}),
        ("i6", "e", "bcc", {"bcc": 0.5, "bkl": 0.4, "mel": 0.1}),
    ]
    return pd.DataFrame(
        [
            {"image_id": image, "lesion_id": lesion, "label": label, "dataset": "hand", "split": "external"}
            | {f"p_{code}": given.get(code, 0.0) for code in CODES}
            for image, lesion, label, given in rows
        ]
    )


@pytest.fixture(scope="session")
def make_question():
    """Return a function: a question over single images, with a score in [0, 1] that leans the right way."""

    def make(n=400, share=0.3, lean=0.3, seed=0, decimals=8, images_per_lesion=1):
        random = np.random.default_rng(seed)
        truth = np.repeat(random.random(n // images_per_lesion) < share, images_per_lesion)
        score = ((random.random(len(truth)) + lean * truth) / (1 + lean)).round(decimals)
        lesions = np.repeat(np.arange(n // images_per_lesion), images_per_lesion)
        return Question("malignant", np.arange(len(truth)), truth, score, lesions)

    return make


@pytest.fixture(scope="session")
def groups() -> pd.DataFrame:
    """Return rows of a forest chart: two with a rate, one too small for it, one that was not assessed."""
    return pd.DataFrame(
        {
            "group": ["everyone", "female", "under 30", "skin tone: not assessed"],
            "value": [0.9, 0.8, np.nan, np.nan],
            "low": [0.85, 0.7, np.nan, np.nan],
            "high": [0.94, 0.88, np.nan, np.nan],
            "n_images": pd.array([1200, 40, 12, None], dtype="Int64"),
        }
    )
