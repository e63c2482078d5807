"""Any label set is brought to the card's classes by adding up, never by guessing; worked cases by hand."""

import pandas as pd
import pytest

from model.card import Label
from training.data.label_sets import LABELS
from training.judging.label_map import TWO, LabelMapError, map_labels, to_two

CARD = tuple(Label(index, *entry) for index, entry in enumerate(LABELS))
TRUTH = pd.DataFrame({"image_id": ["a", "b"], "lesion_id": ["1", "2"], "label": ["akiec", "nv"]})
EIGHT = ["p_MEL", "p_NV", "p_BCC", "p_AK", "p_BKL", "p_DF", "p_VASC", "p_SCC"]


def table(columns: list[str], *rows: list[float]) -> pd.DataFrame:
    """Predictions of images b and a, in that order."""
    return pd.DataFrame(rows, columns=columns).assign(image_id=["b", "a"])


def test_eight_classes_become_seven_by_adding_both_keratinocyte_cancers():
    given = table(EIGHT, [0.1, 0.6, 0.3, 0, 0, 0, 0, 0], [0.02, 0.03, 0.05, 0.3, 0.1, 0.04, 0.06, 0.4])
    folded = map_labels(given, TRUTH, "eight", CARD)
    assert list(folded.table.label) == ["akiec", "nv"]
    first = folded.table.iloc[0]
    assert first.p_akiec == pytest.approx(0.7)
    assert [first[f"p_{code}"] for code in ("bcc", "bkl", "df", "mel", "nv", "vasc")] == [
        0.05, 0.1, 0.04, 0.02, 0.03, 0.06,
    ]  # fmt: skip
    assert folded.table.p_nv[1] == 0.6


def test_unknown_is_taken_away_and_counted():
    columns = ["p_benign", "p_malignant", "p_unknown"]
    folded = map_labels(table(columns, [0.0, 0.0, 1.0], [0.1, 0.3, 0.6]), TRUTH, "three", CARD)
    assert folded.labels == TWO
    assert folded.unknown == 2
    assert list(folded.table.label) == ["malignant_lesion", "benign_lesion"]
    assert folded.table.p_malignant_lesion.tolist() == pytest.approx([0.75, 0.5])


def test_seven_classes_become_two_by_the_card():
    columns = [f"p_{label.code}" for label in CARD]  # akiec bcc bkl df mel nv vasc
    seven = map_labels(
        table(columns, [0, 0, 0.2, 0, 0, 0.8, 0], [0.3, 0.2, 0.1, 0, 0.1, 0.2, 0.1]), TRUTH, "seven", CARD
    )
    two = to_two(seven)
    assert two.table.p_malignant_lesion.tolist() == pytest.approx([0.6, 0.0])
    assert two.table.p_benign_lesion.tolist() == pytest.approx([0.4, 1.0])
    assert list(two.table.label) == ["malignant_lesion", "benign_lesion"]


@pytest.mark.parametrize(
    ("label_set", "columns", "words"),
    [
        ("nine", EIGHT, "known are seven, eight, two, three"),
        ("eight", [*EIGHT[:-1], "p_UNK"], "needs p_ columns of ak, bcc"),
        ("two", ["p_benign", "p_malignant", "p_unknown"], "benign, malignant"),
    ],
)
def test_other_columns_than_the_label_sets_are_refused(label_set, columns, words):
    given = table(columns, [1.0] + [0.0] * (len(columns) - 1), [1.0] + [0.0] * (len(columns) - 1))
    with pytest.raises(LabelMapError, match=words):
        map_labels(given, TRUTH, label_set, CARD)


def test_a_missing_or_double_image_is_refused():
    given = table(["p_benign", "p_malignant"], [1, 0], [0, 1])
    with pytest.raises(LabelMapError, match="Each of the 2 test images"):
        map_labels(given.head(1), TRUTH, "two", CARD)
    with pytest.raises(LabelMapError, match="Each of the 2 test images"):
        map_labels(pd.concat([given, given.head(1)]), TRUTH, "two", CARD)
