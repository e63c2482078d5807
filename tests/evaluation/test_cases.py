import numpy as np
import pytest

from model.errors import ContractError
from model.evaluation.cases import ask, read_cases, subjects


def test_arrays_follow_the_table(by_hand, labels):
    cases = read_cases(by_hand, labels)
    assert cases.targets.tolist() == [4, 4, 5, 5, 2, 1]
    assert cases.lesions.tolist() == [0, 0, 1, 2, 3, 4]
    assert cases.correct.tolist() == [True, False, True, False, True, True]
    assert cases.present.tolist() == [1, 2, 4, 5]


def test_images_without_a_lesion_id_are_lesions_of_their_own(by_hand, labels):
    by_hand.loc[[0, 1], "lesion_id"] = None
    assert len(np.unique(read_cases(by_hand, labels).lesions)) == 6
    assert len(np.unique(read_cases(by_hand.drop(columns="lesion_id"), labels).lesions)) == 6


def test_melanoma_against_naevus_compares_only_the_two(by_hand, labels):
    question = ask(read_cases(by_hand, labels), "mel_vs_nv")
    assert question.rows.tolist() == [0, 1, 2, 3]
    assert question.truth.tolist() == [True, True, False, False]
    np.testing.assert_allclose(question.score, [0.7, 0.2, 0.1, 0.6], atol=1e-9)


def test_carcinoma_against_keratosis_is_relative_to_the_two(by_hand, labels):
    question = ask(read_cases(by_hand, labels), "akiec_bcc_vs_bkl")
    assert question.truth.tolist() == [False, True]
    np.testing.assert_allclose(question.score, [0.2, 0.5 / 0.9], atol=1e-9)


def test_malignant_sums_the_three(by_hand, labels):
    question = ask(read_cases(by_hand, labels), "malignant")
    assert question.truth.tolist() == [True, True, False, False, False, True]
    np.testing.assert_allclose(question.score, [0.7, 0.2, 0.1, 0.6, 0.2, 0.6])


def test_only_questions_with_both_answers_are_asked(by_hand, labels):
    cases = read_cases(by_hand, labels)
    assert subjects(cases) == ["bcc", "bkl", "mel", "nv", "malignant", "mel_vs_nv", "akiec_bcc_vs_bkl"]
    assert "akiec_bcc_vs_bkl" not in subjects(read_cases(by_hand[:4], labels))


def test_a_question_is_finite_where_both_probabilities_are_zero(by_hand, labels):
    by_hand.loc[0, ["p_mel", "p_nv", "p_df"]] = [0.0, 0.0, 1.0]
    assert ask(read_cases(by_hand, labels), "mel_vs_nv").score[0] == 0.5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda table: table.drop(columns="p_df"), "predictions_columns"),
        (lambda table: table[:0], "predictions_empty"),
        (lambda table: table.assign(label="melanoma"), "predictions_label"),
        (lambda table: table.assign(label=None), "predictions_label"),
        (lambda table: table.assign(p_df=0.5), "predictions_values"),
        (lambda table: table.assign(p_df=np.nan), "predictions_values"),
        (lambda table: table.assign(p_mel=table.p_mel - 1, p_nv=table.p_nv + 1), "predictions_values"),
    ],
)
def test_tables_that_are_not_predictions_are_refused(by_hand, labels, change, code):
    with pytest.raises(ContractError) as refusal:
        read_cases(change(by_hand), labels)
    assert refusal.value.code == code


def test_unknown_question_is_refused(by_hand, labels):
    with pytest.raises(ContractError):
        ask(read_cases(by_hand, labels), "melanoma")
