"""The figures that studies share, against scikit-learn, and their differences on the same images."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from model.card import Label
from training.data.label_sets import CODES, LABELS
from training.studies.paired import MEASURES, BySet, in_order

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
MALIGNANT = [code for code, _, malignant in LABELS if malignant]


@pytest.fixture
def rows() -> pd.DataFrame:
    labels = np.random.default_rng(0).choice(CODES, 240)
    names = [f"I{i}" for i in range(240)]
    table = pd.DataFrame({"image_id": names, "lesion_id": names, "label": labels})
    return table.assign(dataset=np.where(np.arange(240) < 150, "one", "two"))


def answers(rows: pd.DataFrame, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(len(rows), len(CODES))) + np.eye(len(CODES))[rows.label.map(CODES.index)]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_figures_are_those_of_scikit_learn_and_differences_are_to_the_first_answers(rows):
    by_set, found = BySet(rows, CLASSES, tuple(MEASURES), 30), {}
    for name, seed in (("first", 1), ("second", 2)):
        given = answers(rows, seed)
        for table in by_set.tables(given, {"tried": name}):
            dataset = table.dataset[0]
            mine = (rows.dataset == dataset).to_numpy()
            truth, shares = rows.label[mine].to_numpy(), given[mine]
            values = table.set_index("metric").value
            assert values["log_loss"] == pytest.approx(log_loss(truth, shares, labels=list(CODES)), abs=1e-6)
            named = np.array(CODES)[shares.argmax(axis=1)]
            assert values["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, named), abs=1e-6)
            area = roc_auc_score(truth == "mel", shares[:, CODES.index("mel")])
            assert values["melanoma_auc"] == pytest.approx(area, abs=1e-6)
            summed = shares[:, [CODES.index(code) for code in MALIGNANT]].sum(axis=1)
            area = roc_auc_score(np.isin(truth, MALIGNANT), summed)
            assert values["malignant_auc"] == pytest.approx(area, abs=1e-6)
            found[name, dataset] = table.set_index("metric")
    for dataset in ("one", "two"):
        change = found["second", dataset].value - found["first", dataset].value
        np.testing.assert_allclose(found["second", dataset].difference, change, atol=2e-6)
        assert (found["first", dataset].difference == 0).all() and (change != 0).all()
        assert found["first", dataset].n_images.iloc[0] == (rows.dataset == dataset).sum()


def test_columns_that_say_what_a_row_is_come_first():
    assert list(in_order(pd.DataFrame(columns=["c", "a", "b"]), ("b", "c"))) == ["b", "c", "a"]
