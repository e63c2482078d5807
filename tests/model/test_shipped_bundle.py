"""The model in the repository keeps its promises; what a published release must hold is tested on the files in git."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.answer.patient import Patient
from model.card import DEFAULT_BUNDLE, load_card
from model.check import check_bundle
from model.evaluation.tables import load_table
from model.preprocess import to_tensor
from tests.support.gradcam import assert_equals_tf_keras_vis
from training.judging.patients import inform, patients_of
from training.synthetic.lesions import render_lesion
from ui import wording

pytestmark = pytest.mark.skipif(
    not (DEFAULT_BUNDLE / "card.json").exists(), reason="no model is packed in model/bundle yet"
)
CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def test_card_and_files_agree():
    assert check_bundle(DEFAULT_BUNDLE) == []


def test_classes_stand_in_the_published_order():
    card = load_card(DEFAULT_BUNDLE)
    assert card.codes == CODES
    assert {label.code for label in card.labels if label.malignant} == {"akiec", "bcc", "mel"}


def test_shipped_maps_equal_tf_keras_vis(shipped):
    photos = [render_lesion(code, np.random.default_rng(seed), 300) for code, seed in (("mel", 1), ("nv", 2))]
    tensors = [to_tensor(photo, shipped.card.size) for photo in photos]
    assert_equals_tf_keras_vis(shipped.classifier, np.concatenate(tensors))


def test_shipped_answer_to_the_golden_photo_is_exactly_reproducible(shipped):
    golden = DEFAULT_BUNDLE / "golden"
    expected = json.loads((golden / "expected.json").read_text())
    answer = shipped.analyse((golden / "photo.png").read_bytes()).prediction.probabilities
    assert np.abs(answer - [expected["probabilities"][code] for code in CODES]).max() <= expected["tolerance"]


def test_the_page_can_ask_for_every_site_that_the_card_knows_and_for_no_other():
    assert set(load_card(DEFAULT_BUNDLE).effects.sites) == set(wording.SITES)


def test_telling_nothing_keeps_the_answer_and_age_raises_melanoma_over_nevus(shipped):
    data, (mel, nv) = (DEFAULT_BUNDLE / "golden/photo.png").read_bytes(), map(CODES.index, ("mel", "nv"))
    young, unknown, old = (
        shipped.analyse(data, patient=Patient(age)).prediction.probabilities for age in (30, None, 85)
    )
    np.testing.assert_array_equal(unknown, shipped.analyse(data).prediction.probabilities)
    assert young[mel] / young[nv] < unknown[mel] / unknown[nv] < old[mel] / old[nv]


def test_the_informed_answers_are_those_of_the_stored_ones():
    card = load_card(DEFAULT_BUNDLE)
    stored = load_table(card, "results/predictions.csv")
    test = stored[(stored.split == "internal_test") & (stored.dataset == "ham10000")]
    known = test[[patient.known for patient in patients_of(test)]]
    melanoma = inform(known, card.effects, card.codes)
    area = roc_auc_score(melanoma.label == "mel", melanoma.p_mel)
    told = load_table(card, "results/informed.csv").set_index(["dataset", "split", "metric", "subject"])
    assert told.loc[("ham10000", "internal_test", "auc", "mel")].with_patient == pytest.approx(area, abs=1e-5)


def test_an_even_surface_gets_no_answer(shipped, encode):
    assert shipped.analyse(encode(np.full((300, 300, 3), (30, 160, 60), np.uint8))).prediction.abstained


def test_no_lesion_is_in_two_splits():
    splits = load_table(load_card(DEFAULT_BUNDLE), "dataset/splits.csv")
    for column in ("lesion_id", "group"):
        assert (splits.groupby(column).split.nunique() == 1).all()


def test_published_predictions_are_of_the_splits_they_name():
    card = load_card(DEFAULT_BUNDLE)
    splits = load_table(card, "dataset/splits.csv").set_index("image_id")
    predictions = load_table(card, "results/predictions.csv")
    known = predictions[predictions.dataset.isin(splits.dataset.unique())]
    assert set(known.split) >= {"validation", "internal_test"}
    assert (splits.loc[known.image_id, "split"].to_numpy() == known.split.to_numpy()).all()
    assert (splits.loc[known.image_id, "label"].to_numpy() == known.label.to_numpy()).all()
    assert np.allclose(predictions[[f"p_{code}" for code in CODES]].sum(axis=1), 1, atol=1e-4)


def half_size() -> dict:
    return load_card(DEFAULT_BUNDLE).raw["input"]["scale_consistency"]["sets"]


def test_scale_consistency_is_measured_on_every_set():
    assert set(half_size()) == {"ham10000", "isic2019", "milk10k"}
    for measured in half_size().values():
        assert measured["largest"] == max(measured["mean_difference"].values()) > 0
        assert measured["n_images"] == 200


def test_half_the_size_moves_no_probability_by_more_than_two_points():
    assert half_size()["ham10000"]["largest"] <= 0.02


@pytest.mark.xfail(strict=True, reason="half of a 256 px photo has fewer pixels than the network takes; .031 measured")
@pytest.mark.parametrize("dataset", ["isic2019", "milk10k"])
def test_half_the_size_of_small_photos_moves_no_probability_by_more_than_two_points(dataset):
    assert half_size()[dataset]["largest"] <= 0.02
