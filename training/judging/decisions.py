"""Fitted on validation predictions: levels, decision rule, and limits of prediction sets."""

import numpy as np
import pandas as pd

from model.answer.decision import BALANCED, CONFIRM, RULE_OUT
from model.card import Card
from model.evaluation.cases import MALIGNANT, ask, read_cases
from model.evaluation.decisions.decision_rules import fit_rule
from model.evaluation.decisions.operating_points import (
    OperatingPoint,
    balanced_threshold,
    threshold_for_sensitivity,
    threshold_for_specificity,
)
from model.evaluation.decisions.prediction_sets import LEVELS, fit_limits
from model.evaluation.intervals import rate_figure
from model.evaluation.summary import two_way_rates
from model.evaluation.tables import load_table
from training.data.splits import TRAIN, VALIDATION


def for_a_further_case(share: float, cases: int) -> float:
    """Return the share of these cases that must be found so that a further one is found with a chance of ``share``.

    Split conformal prediction (Vovk et al. 2005): a threshold that finds ``found`` of n cases finds another one drawn
    like them with a chance of at least found / (n + 1).
    """
    return min(1.0, share * (cases + 1) / cases)


def choose_operating_points(validation: pd.DataFrame, card: Card) -> list[OperatingPoint]:
    """Return six levels, chosen on validation predictions alone: three of melanoma, three of malignancy."""
    cases = read_cases(validation, card.labels)
    points = []
    for word, subject in (("melanoma", "mel"), ("malignant", MALIGNANT)):
        question = ask(cases, subject)
        truth, score = question.truth, question.score
        points += [
            OperatingPoint(
                f"{word}, high sensitivity", subject,
                threshold_for_sensitivity(truth, score, for_a_further_case(0.95, truth.sum())),
                f"the highest threshold that a further {word} image like those of validation reaches with a chance of "
                "95 % or more", RULE_OUT,
            ),
            OperatingPoint(
                f"{word}, balanced", subject, balanced_threshold(truth, score),
                "the highest lesser of sensitivity and specificity on validation", BALANCED,
            ),
            OperatingPoint(
                f"{word}, high specificity", subject,
                threshold_for_specificity(truth, score, for_a_further_case(0.95, (~truth).sum())),
                "the lowest threshold that a further other image like those of validation stays below with a chance of "
                "95 % or more", CONFIRM,
            ),
        ]  # fmt: skip
    return points


def fit_decision(validation: pd.DataFrame, card: Card, shares: np.ndarray) -> dict:
    """Return thresholds, decision rule and limits of prediction sets, as the card contains them.

    Parameters
    ----------
    validation : DataFrame
        Validation rows of every set; thresholds and sets are fitted on the one that the model is calibrated on.
    shares : ndarray, shape (classes,)
        Of each class among the training images of that set.
    """
    home = validation.dataset == card.raw["calibration"]["dataset"]
    first = validation[home]
    points = choose_operating_points(first, card)
    return {
        "thresholds": [
            {"name": point.name, "subject": point.subject, "role": point.role, "value": point.threshold,
             "chosen_for": point.chosen_for, "fitted_on": VALIDATION}
            for point in points
        ],
        "decision": fit_rule(pd.concat([first, validation[~home]]), card.labels, shares),
        "prediction_sets": {
            "method": "least ambiguous sets (Sadinle, Lei and Wasserman 2019), one limit for malignant and one for "
            "benign classes (Vovk 2012)",
            "levels": fit_limits(read_cases(first, card.labels), LEVELS),
            "fitted_on": VALIDATION,
            "dataset": card.raw["calibration"]["dataset"],
            "n_images": len(first),
            "n_lesions": int(first.lesion_id.nunique()),
        },
    }  # fmt: skip


def training_shares(card: Card) -> np.ndarray:
    """Return the share of each class among the training images of the set that the model is calibrated on."""
    counts = load_table(card, "dataset/class_counts.csv")
    home = counts[(counts.split == TRAIN) & (counts.dataset == card.raw["calibration"]["dataset"])]
    images = home.set_index("label").images.reindex(card.codes, fill_value=0).to_numpy(float)
    return np.maximum(images, 1) / images.sum()


def measure_operating_points(predictions: pd.DataFrame, card: Card, points: list[OperatingPoint]) -> pd.DataFrame:
    """Return sensitivity, specificity and predictive values of each point in each set, with intervals."""
    rows = []
    for (dataset, split), part in predictions.groupby(["dataset", "split"], sort=False):
        cases = read_cases(part, card.labels)
        for point in points:
            question = ask(cases, point.subject)
            if not question.answerable:
                continue
            for metric, rate in two_way_rates(question.truth, question.score >= point.threshold).items():
                rows.append(
                    {"dataset": dataset, "split": split, "point": point.name, "subject": point.subject,
                     "threshold": round(point.threshold, 6), "metric": metric,
                     **rate_figure(rate.hits, question.lesions[rate.rows])}
                )  # fmt: skip
    return pd.DataFrame(rows)
