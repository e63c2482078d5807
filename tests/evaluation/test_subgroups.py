import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from model.evaluation.cases import ask, read_cases
from model.evaluation.subgroups import age_bands, subgroup_table


def grouped(predictions, attributes, labels):
    table = subgroup_table(predictions, attributes, labels, "malignant", 0.4, np.random.default_rng(0), resamples=100)
    return table.set_index(["attribute", "group", "metric"])


@pytest.fixture
def scored(make_predictions):
    """Predictions of 600 images, and attributes in another order: sex, one rare site, no skin tone at all."""
    predictions = make_predictions(600)
    attributes = pd.DataFrame({"image_id": predictions.image_id})
    attributes["sex"] = np.where(np.arange(600) % 2, "female", "male")
    attributes.loc[:99, "sex"] = None
    attributes["site"] = np.where(np.arange(600) < 20, "ear", "back")
    attributes["skin_tone"] = np.nan
    return predictions, attributes.sample(frac=1, random_state=0)


def test_a_group_has_the_figures_of_its_members(scored, labels):
    predictions, attributes = scored
    table = grouped(predictions, attributes, labels)
    ids = set(attributes.image_id[attributes.sex == "female"])
    question = ask(read_cases(predictions[predictions.image_id.isin(ids)], labels), "malignant")
    row = table.loc[("sex", "female", "sensitivity")]
    assert row["value"] == pytest.approx((question.score[question.truth] >= 0.4).mean())
    assert row.n_images == question.truth.sum()
    area = table.loc[("sex", "female", "auc")]
    assert area["value"] == pytest.approx(roc_auc_score(question.truth, question.score))
    assert area.low < area["value"] < area.high
    assert area.n_images == min(question.truth.sum(), (~question.truth).sum())


def test_small_groups_are_counts_only(scored, labels):
    table = grouped(*scored, labels)
    ear = table.loc[("site", "ear")]
    assert ear[["value", "low", "high", "interval"]].isna().all(axis=None)
    assert ear.loc["sensitivity", "n_images"] + ear.loc["specificity", "n_images"] == 20
    assert table.loc[("site", "back")]["value"].notna().all()


def test_missing_values_and_missing_attributes_are_named(scored, labels):
    table = grouped(*scored, labels).reset_index()
    assert table[table.attribute == "sex"].group.unique().tolist() == ["female", "male", "not recorded"]
    tone = table[table.attribute == "skin_tone"]
    assert tone.group.tolist() == ["not assessed"]
    assert tone[["metric", "value", "n_images"]].isna().all(axis=None)


def test_everyone_comes_first_and_groups_add_up(scored, labels):
    table = grouped(*scored, labels).reset_index()
    assert table.attribute[0] == "everyone"
    specificity = table[table.metric == "specificity"]
    totals = specificity.groupby("attribute").n_images.sum()
    assert totals["sex"] == totals["site"] == totals["everyone"]


def test_an_image_described_twice_is_refused(scored, labels):
    predictions, attributes = scored
    with pytest.raises(pd.errors.MergeError):
        grouped(predictions, pd.concat([attributes, attributes[:1]]), labels)


def test_age_bands_start_at_their_first_year_and_keep_their_order(make_predictions, labels):
    bands = age_bands(pd.Series([0, 29, 30, 49, 50, 70, 85, np.nan]))
    expected = ["under 30", "under 30", "30 to 49", "30 to 49", "50 to 69", "70 and over", "70 and over"]
    assert bands.tolist()[:7] == expected
    assert pd.isna(bands[7])
    predictions = make_predictions(8)
    table = grouped(predictions, pd.DataFrame({"image_id": predictions.image_id, "age": bands}), labels)
    groups = table.loc["age"].reset_index().group.unique().tolist()
    assert groups == ["under 30", "30 to 49", "50 to 69", "70 and over", "not recorded"]
