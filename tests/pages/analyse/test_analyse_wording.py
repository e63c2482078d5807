"""What the page says of a decision, from the decision alone."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from model.answer.decision import Decision, PointReached
from model.evaluation.decisions.evidence import Found, PointEvidence
from ui.analyse import wording
from ui.analyse.answer import measured, page
from ui.analyse.answer import wording as measured_wording

NAMES = {"mel": "Melanoma", "nv": "Melanocytic nevus", "bkl": "Benign keratosis"}
LIMITS = {"rule_out": 0.1, "balanced": 0.2, "confirm": 0.6}


def decision(risk: str, melanoma: float, malignant: float, named: str = "nv", tie=(), sets=None) -> Decision:
    points = tuple(
        PointReached(f"{subject} {role}", subject, role, limit, share)
        for subject, share in (("mel", melanoma), ("malignant", malignant))
        for role, limit in LIMITS.items()
    )
    return Decision("nv", named, tie, points, sets or {}, risk)


@pytest.mark.parametrize(
    ("kept", "risk", "said"),
    [
        ([("malignant", "rule_out")], "low", wording.BELOW_ONE), ([], "middle", wording.NO_LEVELS),
        ([("malignant", "balanced")], "middle", wording.NO_LEVELS), ([("mel", "confirm")], "middle", wording.NO_LEVELS),
    ],
)  # fmt: skip
def test_a_headline_names_only_levels_that_the_model_has(kept, risk, said):
    whole = decision(risk, 0.01, 0.05)
    points = tuple(point for point in whole.points if (point.subject, point.role) in kept)
    assert wording.headline(replace(whole, points=points)) == said


@pytest.mark.parametrize(
    ("risk", "melanoma", "malignant", "said", "levels"),
    [
        ("high", 0.7, 0.8, "Suspicious of melanoma", ["mel confirm", "malignant confirm"]),
        ("high", 0.15, 0.8, "Suspicious of malignancy", ["malignant confirm"]),
        ("middle", 0.15, 0.3, "Melanoma is not ruled out", ["mel rule_out", "malignant rule_out"]),
        ("middle", 0.01, 0.3, "Malignancy is not ruled out", ["malignant rule_out"]),
        ("low", 0.01, 0.05, "Below both high-sensitivity levels", ["mel rule_out", "malignant rule_out"]),
    ],
)
def test_the_headline_follows_the_risk_and_names_what_carries_it(risk, melanoma, malignant, said, levels):
    found = decision(risk, melanoma, malignant)
    assert wording.headline(found) == said
    assert [point.name for point in measured.deciding(found)] == levels
    assert not {"safe", "benign", "harmless", "unlikely", "low"} & set(wording.headline(found).lower().split())


@pytest.mark.parametrize(("risk", "clear"), [("low", False), ("middle", True), ("high", True)])
def test_a_low_answer_to_a_frame_of_ones_own_is_no_all_clear(risk, clear):
    analysis = SimpleNamespace(
        forced=False, centred=False, centred_square=None, prediction=SimpleNamespace(reason=None),
        decision=decision(risk, 0.05, 0.05), card=SimpleNamespace(names=NAMES),
    )  # fmt: skip
    analysis.leading = analysis
    said = page._decided(analysis)
    assert wording.OTHER_FRAME in said and (measured_wording.NO_ALL_CLEAR not in said) == clear


def test_a_named_diagnosis_a_near_tie_and_a_set_are_told_apart():
    assert wording.named(decision("middle", 0.2, 0.2), NAMES) == [wording.NAMED.format(NAMES["nv"])]
    tied = decision("middle", 0.2, 0.2, "mel", ("nv",), {0.9: ("nv",), 0.95: ("nv", "mel")})
    assert wording.named(tied, NAMES) == [
        wording.TIE.format("Melanoma or Melanocytic nevus"),
        wording.TOGETHER.format("Melanocytic nevus, Melanoma"),  # the wider of the two sets
    ]
    [line] = wording.named(decision("middle", 0.2, 0.2, "mel"), NAMES)
    assert wording.MOST_PROBABLE.format(NAMES["nv"]) in line


KNOWN = PointEvidence(
    found=(Found("ham10000", "internal_test", 156, 175, 0.82, 0.94), Found("ph2", "external", 32, 40, 0.6, 0.9)),
    alarms=(Found("ham10000", "internal_test", 281, 1337, 0.18, 0.24), Found("ph2", "external", 45, 160, 0.2, 0.3)),
)


def test_what_was_measured_is_told_in_natural_frequencies_over_all_sets():
    melanoma, malignant = (decision("middle", 0.15, 0.3).points[place] for place in (0, 3))
    above = measured_wording.above(melanoma, KNOWN, [0.8, 156 / 175])
    assert "156 of 175 test images of melanoma were found, and 21 of 100 other images reach it too" in above
    assert "(HAM10000; 80 to 89 % over 2 sets, and 21 to 28 of 100)" in above
    below = measured_wording.below([(point, KNOWN, [0.8, 156 / 175]) for point in (melanoma, malignant)])
    assert below.startswith("This is no all-clear.")
    assert "19 of 175 test images of melanoma (HAM10000; 11 to 20 % over 2 sets) and 19 of 175 test images" in below


def test_agreement_is_told_for_both_answers_and_what_it_was_reckoned_from():
    chances = {(True, True): 0.6, (True, False): 0.04, (False, True): 0.05, (False, False): 0.001}
    said = measured_wording.both(chances, reader=True, answer=False, prevalence=None)
    assert "you call malignant and the answer does not, 4 are malignant" in said
    assert "you and the answer both call malignant, 60." in said
    assert "Calculated for 7 of 100" in said and "87.5 % sensitivity and 81.4 % specificity" in said
    assert "3 of 100" in measured_wording.both(chances, reader=False, answer=False, prevalence=0.03)
    assert "0.1 are malignant" in measured_wording.both(chances, reader=False, answer=False, prevalence=0.03)
