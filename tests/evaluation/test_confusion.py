import numpy as np
from sklearn.metrics import confusion_matrix

from model.evaluation.cases import read_cases
from model.evaluation.confusion import cases_in_cell, confusion_table


def test_confusion_is_that_of_scikit_learn(make_predictions, labels):
    predictions = make_predictions(300)
    cases = read_cases(predictions, labels)
    table = confusion_table(predictions, labels)
    expected = confusion_matrix(cases.targets, cases.predicted, labels=range(7))
    np.testing.assert_array_equal(table["count"].to_numpy().reshape(7, 7), expected)
    assert table.loc[1, ["label", "predicted"]].tolist() == ["akiec", "bcc"]


def test_the_cases_of_a_cell_are_named_surest_first(make_predictions, labels):
    predictions = make_predictions(300)
    table = confusion_table(predictions, labels).set_index(["label", "predicted"])
    found = cases_in_cell(predictions, labels, "mel", "nv")
    assert len(found) == table.loc[("mel", "nv"), "count"] > 1
    assert (found.label == "mel").all()
    assert found.p_nv.is_monotonic_decreasing
    assert (found.filter(like="p_").idxmax(axis=1) == "p_nv").all()
