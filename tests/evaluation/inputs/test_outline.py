"""Tables of outlines: figures of known agreement, quantiles of what could be measured, and paired frames."""

import numpy as np
import pandas as pd
import pytest

from model.evaluation.inputs import outline


@pytest.fixture
def records() -> pd.DataFrame:
    """Photos of two classes; half of the naevi have a low Jaccard index, every tenth photo is cut off."""
    count = 80
    rows = pd.DataFrame({"dataset": "a", "split": "internal_test", "label": ["nv", "mel"] * (count // 2)})
    rows = rows.assign(lesion_id=[f"lesion_{n // 2}" for n in range(count)], dice=0.9)
    rows["jaccard"] = np.where((rows.label == "nv") & (rows.index % 4 == 0), 0.5, 0.8)
    rows = rows.assign(no_lesion=False, several_lesions=False, lesion_at_border=rows.index % 10 == 0)
    measures = {name: np.arange(count) / count for name in outline.MEASURES}
    rows = rows.assign(**measures)
    rows["compactness"] = rows.compactness.mask(rows.lesion_at_border)
    return rows


def figure(table: pd.DataFrame, **keys) -> pd.Series:
    for key, value in keys.items():
        table = table[table[key] == value]
    (row,) = table.itertuples()
    return row


def test_agreement_is_a_mean_over_photos_with_an_interval_by_lesion(records):
    table = outline.outline_table(records)
    naevi = figure(table, label="nv", metric=outline.JACCARD)
    assert naevi.value == pytest.approx(0.65)
    assert naevi.low < 0.65 < naevi.high
    assert (naevi.n_images, naevi.n_lesions) == (40, 40)
    assert figure(table, label="nv", metric=outline.GOOD_JACCARD).value == pytest.approx(0.4)
    assert figure(table, label="mel", metric=outline.DICE).value == pytest.approx(0.9)
    assert figure(table, label="all", metric="lesion_at_border").value == pytest.approx(0.1)
    assert figure(table, label="all", metric=outline.JACCARD).n_lesions == 40


def test_what_could_not_be_measured_is_counted_and_not_in_the_quantiles(records):
    table = outline.measures_table(records)
    whole = figure(table, label="all", measure="compactness")
    assert (whole.n_images, whole.n_unmeasured) == (72, 8)
    assert whole.q05 <= whole.q25 <= whole.q50 <= whole.q75 <= whole.q95
    assert whole.q50 == pytest.approx(records.compactness.median())
    assert set(table.label) == {"all", "nv", "mel"}


def test_frames_that_answer_alike_differ_by_nothing_and_a_worse_one_by_less_than_nothing():
    random = np.random.default_rng(0)
    melanoma = random.random(300) < 0.3
    usual = melanoma + random.normal(0, 0.5, 300)
    rows = pd.DataFrame({"dataset": "a", "split": "validation", "lesion_id": range(300), "melanoma": melanoma,
                         "usual": usual})  # fmt: skip
    worse = rows.usual + random.normal(0, 1.5, 300)
    both = pd.concat([rows.assign(margin=0.25, fitted=rows.usual), rows.assign(margin=0.5, fitted=worse)])
    table = outline.frame_table(both)
    same = figure(table, margin=0.25, frame=outline.DIFFERENCE)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert figure(table, margin=0.5, frame=outline.DIFFERENCE).high < 0
    each = [figure(table, margin=0.5, frame=frame).value for frame in (outline.FITTED, outline.USUAL)]
    assert figure(table, margin=0.5, frame=outline.DIFFERENCE).value == pytest.approx(each[0] - each[1])


def test_shares_of_frames_without_an_answer_are_counted_by_kind_and_size():
    bare, lesion = outline.BARE, outline.ON_LESION
    records = pd.DataFrame({
        "dataset": "ham10000", "split": "validation", "lesion_id": list("aabbccdd"),
        "shows": [bare, lesion] * 4, "share": [0.2] * 6 + [0.5] * 2,
        "refused": [True, False, True, True, False, False, True, False],
    })  # fmt: skip
    table = outline.beside_table(records).set_index(["shows", "share"])
    assert table.value.to_dict() == pytest.approx(
        {(bare, 0.2): 2 / 3, (bare, 0.5): 1, (lesion, 0.2): 1 / 3, (lesion, 0.5): 0}
    )
    assert table.n_images.to_dict()[bare, 0.2] == 3
