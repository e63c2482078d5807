import numpy as np
import pytest

from model.errors import ContractError
from model.evaluation.cases import Question
from model.evaluation.decisions.threshold import TwoWay, clinic_table, predictive_values, threshold_table, two_way
from model.evaluation.intervals import wilson


def rates(hits_yes, yes, hits_no, no):
    """Return what `two_way` gives for single images: so many right answers of so many."""
    shares = [(hits / total, *map(float, wilson(hits, total))) for hits, total in ((hits_yes, yes), (hits_no, no))]
    return TwoWay(*shares, yes, no, (yes, no), (yes, no))


def test_answers_are_counted_at_or_above_the_threshold():
    truth = np.array([True, True, True, False, False])
    question = Question("mel", np.arange(5), truth, np.array([0.9, 0.5, 0.4, 0.5, 0.1]), np.array([0, 0, 1, 2, 3]))
    measured = two_way(question, 0.5)
    assert measured.sensitivity[0] == pytest.approx(2 / 3)
    assert measured.specificity[0] == pytest.approx(1 / 2)
    assert (measured.images, measured.lesions) == ((3, 2), (2, 2))


def test_predictive_values_by_hand():
    """At 10 % prevalence of 1,000: 90 of 100 found, 180 of 900 alarmed; PPV 90 / 270, NPV 720 / 730."""
    found = predictive_values(rates(90, 100, 400, 500), 0.1)
    assert found["ppv"][0] == pytest.approx(90 / 270)
    assert found["npv"][0] == pytest.approx(720 / 730)
    assert found["number_needed_to_biopsy"][0] == pytest.approx(3)
    assert found["number_needed_to_biopsy"][1] == pytest.approx(1 / found["ppv"][2])
    # logit of PPV +- 1.96 * sqrt(.1 / (.9 * 100) + .8 / (.2 * 500))
    half = 1.959964 * np.sqrt(0.1 / 90 + 0.8 / 100)
    expected = 1 / (1 + np.exp(-(np.log(90 / 180) + np.array([-half, half]))))
    assert found["ppv"][1:] == pytest.approx(tuple(expected))


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "yes", "no", "prevalence"),
    [(0.9, 0.8, 150, 850, 0.03), (0.95, 0.6, 120, 400, 0.2), (0.98, 0.9, 60, 300, 0.07)],
)
def test_intervals_cover_simulated_truth(sensitivity, specificity, yes, no, prevalence):
    """Of 2,000 simulated studies at least 94 % of intervals hold the true values, and none is a mere blanket."""
    random = np.random.default_rng(0)
    ppv = sensitivity * prevalence / (sensitivity * prevalence + (1 - specificity) * (1 - prevalence))
    npv = specificity * (1 - prevalence) / (specificity * (1 - prevalence) + (1 - sensitivity) * prevalence)
    truth = {"ppv": ppv, "npv": npv, "number_needed_to_biopsy": 1 / ppv}
    held = dict.fromkeys(truth, 0)
    for _ in range(2000):
        drawn = rates(random.binomial(yes, sensitivity), yes, random.binomial(no, specificity), no)
        for metric, (_, low, high) in predictive_values(drawn, prevalence).items():
            held[metric] += low <= truth[metric] <= high
    assert all(0.94 <= count / 2000 <= 0.985 for count in held.values()), held


def test_a_perfect_sensitivity_still_has_a_finite_interval():
    found = predictive_values(rates(40, 40, 300, 400), 0.05)
    value, low, high = found["npv"]
    assert value == high == 1
    assert 0.95 < low < 1
    ppv, low, high = found["ppv"]
    assert low < ppv < high


def test_nobody_called_leaves_ppv_undefined():
    found = predictive_values(rates(0, 40, 400, 400), 0.05)
    assert np.isnan(found["ppv"]).all()
    assert np.isnan(found["number_needed_to_biopsy"]).all()
    assert found["npv"][0] == pytest.approx(0.95)


def test_nobody_found_needs_endless_biopsies():
    assert predictive_values(rates(0, 40, 390, 400), 0.05)["number_needed_to_biopsy"][0] == np.inf


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, 7])
def test_a_prevalence_in_percent_is_refused(prevalence):
    for figure in (predictive_values, clinic_table):
        with pytest.raises(ContractError):
            figure(rates(9, 10, 9, 10), prevalence)


def test_table_of_a_threshold(make_question):
    question = make_question(300, images_per_lesion=3)
    table = threshold_table(question, 0.5, 0.07).set_index("metric")
    assert list(table.index) == ["sensitivity", "specificity", "ppv", "npv", "number_needed_to_biopsy"]
    assert ((table.low <= table.value) & (table.value <= table.high)).all()
    assert table.loc["sensitivity", "n_images"] + table.loc["specificity", "n_images"] == 300
    assert table.loc["ppv", ["n_images", "n_lesions"]].tolist() == [300, 100]


def test_clinic_by_hand():
    """1,000 lesions, 70 malignant; 90 % found; of 930 benign 80 % spared."""
    table = clinic_table(rates(90, 100, 400, 500), 0.07).set_index("outcome")
    expected = {"found": 63, "missed": 7, "benign_biopsied": 186, "benign_spared": 744, "biopsies": 249}
    assert table["value"].to_dict() == pytest.approx(expected)
    low, high = wilson(90, 100)
    assert table.loc["missed", ["low", "high"]].tolist() == pytest.approx([70 * (1 - high), 70 * (1 - low)])
    assert ((table.low < table.value) & (table.value < table.high)).all()


def test_interval_of_all_biopsies_covers_simulated_truth():
    random, held = np.random.default_rng(1), 0
    for _ in range(500):
        drawn = rates(random.binomial(150, 0.9), 150, random.binomial(850, 0.8), 850)
        low, high = clinic_table(drawn, 0.2).set_index("outcome").loc["biopsies", ["low", "high"]]
        held += low <= 200 * 0.9 + 800 * 0.2 <= high
    assert 0.92 <= held / 500 <= 0.98


def test_cases_of_one_answer_are_refused(make_question):
    with pytest.raises(ContractError):
        two_way(make_question(share=0), 0.5)
