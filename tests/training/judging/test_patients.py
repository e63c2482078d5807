"""What patients add is learnt from the training split's records, and never from which set an image came from."""

import numpy as np
import pandas as pd
import pytest

from model.answer.patient import Patient, read_effects
from model.card import load_card
from tests.support.bundles import PATIENT
from tests.support.card_bundle import write_bundle
from training.data.label_sets import CODES
from training.judging.patients import fit_effects, fit_power, inform, patients_of
from training.judging.patients_measured import informed_tables

MEL, NV = CODES.index("mel"), CODES.index("nv")


def records(random, images=6000, rise=0.8, dataset="ham10000", melanomas=0.0) -> pd.DataFrame:
    """Melanomas among naevi, the odds rising with age by ``rise`` a decade, whatever sex and site."""
    age = random.integers(4, 18, images) * 5.0
    odds = np.exp(rise * (age - 55) / 10 + melanomas)
    label = np.where(random.uniform(size=images) < odds / (1 + odds), "mel", "nv").astype(object)
    label[: len(CODES)] = CODES  # every class occurs
    return pd.DataFrame(
        {
            "dataset": dataset, "label": label, "age": age, "sex": random.choice(["male", "female"], images),
            "site": random.choice(["back", "face", "lower extremity"], images),
        }
    )  # fmt: skip


def effects(rows: pd.DataFrame):
    return read_effects(fit_effects(rows, CODES) | {"power": 1.0}, len(CODES))


def test_it_finds_the_effect_that_is_there_and_none_that_is_not():
    found = effects(records(np.random.default_rng(0)))
    assert found.decade[MEL] - found.decade[NV] == pytest.approx(0.8, abs=0.08)
    for other in (found.sexes["male"], found.sites["head"]):
        assert other[MEL] - other[NV] == pytest.approx(0, abs=0.15)


def test_a_set_that_collected_other_classes_is_no_effect_of_its_patients():
    random = np.random.default_rng(1)
    old = records(random, dataset="milk10k", rise=0, melanomas=2).assign(age=75.0, sex="male")
    young = records(random, rise=0, melanomas=-2).assign(age=35.0, sex="female")
    mixed = [rows.sample(400, random_state=1).assign(age=age, sex=sex) for rows, age, sex in
             ((old, 35.0, "female"), (young, 75.0, "male"))]  # fmt: skip
    found = effects(pd.concat([old, young, *mixed], ignore_index=True))
    assert abs(found.decade[MEL] - found.decade[NV]) < 0.15
    assert abs(found.sexes["male"][MEL] - found.sexes["male"][NV]) < 0.3


def test_effects_average_to_nothing_where_they_are_recorded():
    rows = records(np.random.default_rng(2)).assign(sex=lambda table: table.sex.where(table.index % 3 > 0))
    found, known = effects(rows), rows.sex.value_counts()
    np.testing.assert_allclose(sum(known[sex] * found.sexes[sex] for sex in known.index) / known.sum(), 0, atol=1e-3)


def test_patients_are_read_in_every_sets_own_words_and_gaps_stay_gaps():
    rows = pd.DataFrame(
        {
            "age": [40, "", np.nan, "65.0"], "sex": ["male", "unknown", None, "female"],
            "site": ["scalp", "head_neck_face", np.nan, "somewhere"],
        }
    )  # fmt: skip
    expected = [Patient(40, "male", "head"), Patient(site="head"), Patient(), Patient(65, "female")]
    assert patients_of(rows) == expected


def test_the_power_is_low_where_the_photo_says_it_already_and_about_one_where_it_says_nothing():
    random = np.random.default_rng(3)
    entry, rows = fit_effects(records(random), CODES), records(random, images=1500)
    target = pd.Index(CODES).get_indexer(rows.label)
    shares = np.full(len(CODES), 1e-3)
    shares[[MEL, NV]] = 0.5
    ignorant = np.tile(shares / shares.sum(), (len(rows), 1))
    assert fit_power(entry, ignorant, patients_of(rows), target) == pytest.approx(1, abs=0.2)
    knowing = read_effects(entry | {"power": 1.0}, len(CODES))
    told = np.stack([knowing.inform(row, patient) for row, patient in zip(ignorant, patients_of(rows), strict=True)])
    assert fit_power(entry, told, patients_of(rows), target) == pytest.approx(0, abs=0.2)


@pytest.fixture
def measured(tmp_path):
    """A card with made-up effects, and answers of even quality with melanoma older than nevus."""
    random = np.random.default_rng(4)
    tables = []
    for split in ("validation", "internal_test"):
        rows = records(random, images=400)
        logits = random.normal(size=(len(rows), len(CODES)))
        logits[np.arange(len(rows)), pd.Index(CODES).get_indexer(rows.label)] += 1.5
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        names = [f"{split}_{number}" for number in range(len(rows))]
        tables.append(rows.assign(split=split, image_id=names, lesion_id=names, confirmation=None, skin_tone=np.nan)
                      .join(pd.DataFrame(shares, columns=[f"p_{code}" for code in CODES])))  # fmt: skip
    unknown = tables[1].index < 25
    tables[1].loc[unknown, ["age", "sex", "site"]] = np.nan
    return pd.concat(tables, ignore_index=True), load_card(write_bundle(tmp_path / "bundle", {}, patient=PATIENT))


def test_the_tables_compare_the_same_known_images_and_choose_each_threshold_on_validation(measured):
    predictions, card = measured
    tables = informed_tables(predictions, card, np.random.default_rng(0), resamples=50)
    differences = tables["informed"].set_index(["split", "metric", "subject"])
    assert differences.n_images["internal_test", "log_loss", "all"] == 375
    row = differences.loc["internal_test", "auc", "mel"]
    assert row.with_patient > row.photo_alone and row.difference_low <= row.difference <= row.difference_high
    assert row.with_patient_low < row.with_patient < row.with_patient_high
    assert row.difference == pytest.approx(row.with_patient - row.photo_alone)
    groups = tables["informed_subgroups"]
    assert set(groups.attribute) == {"everyone", "age_band"}
    everyone = groups[(groups.attribute == "everyone") & (groups.metric == "sensitivity")].set_index("split")
    assert everyone.value["validation"] >= 0.95 and everyone.photo_alone["validation"] >= 0.95
    assert everyone.threshold.nunique() == everyone.threshold_alone.nunique() == 1
    changed = predictions.copy()
    changed.loc[changed.split == "internal_test", "label"] = "nv"
    changed.loc[changed.index[-1], "label"] = "mel"
    again = informed_tables(changed, card, np.random.default_rng(0), resamples=50)["informed_subgroups"]
    assert set(again.threshold) == set(groups.threshold)  # the test has no say in them


def test_telling_a_table_is_telling_each_row(measured):
    predictions, card = measured
    told = inform(predictions, card.effects, CODES)
    names = [f"p_{code}" for code in CODES]
    for place in (0, 410, 799):
        one = card.effects.inform(predictions.loc[place, names].to_numpy(float), patients_of(predictions)[place])
        np.testing.assert_allclose(told.loc[place, names].to_numpy(float), one)


def test_a_model_of_photos_alone_has_no_such_tables(measured, tmp_path):
    card = load_card(write_bundle(tmp_path / "alone", {}))
    assert informed_tables(measured[0], card, np.random.default_rng(0)) == {}
