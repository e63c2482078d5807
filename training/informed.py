"""What age, sex and site beside the photo change on images that the model has not seen."""

import numpy as np
import pandas as pd

from model.card import Card
from model.evaluation.cases import CLINICAL_QUESTIONS, MALIGNANT, ask, read_cases
from model.evaluation.comparison import paired_differences
from model.evaluation.intervals import RESAMPLES
from model.evaluation.operating_points import threshold_for_sensitivity
from model.evaluation.stored import by_set, stored_subgroups
from training.patients import inform, patients_of
from training.splits import VALIDATION

GROUPS = ("everyone", "age_band")
SUBJECT, SENSITIVITY = "mel", 0.95  # the threshold finds this share of validation melanomas, on either side
FIGURES = ("macro_auc", "auc", "balanced_accuracy", "accuracy", "sensitivity", "log_loss", "ece")
NAMES = {"first": "with_patient", "second": "photo_alone"}
SAME = ["dataset", "split", "attribute", "group", "metric", "subject", "n_images"]


def informed_tables(
    predictions: pd.DataFrame, card: Card, random: np.random.Generator, resamples: int = RESAMPLES
) -> dict[str, pd.DataFrame]:
    """Return the tables ``informed`` and ``informed_subgroups``; none for a model that takes a photo alone.

    Images of which neither age, sex nor site is recorded are left out of both sides.

    Parameters
    ----------
    predictions : DataFrame
        Of the photos alone, with age, sex and site; validation among them.
    card : Card
    random : Generator
    resamples : int

    Returns
    -------
    dict of str to DataFrame
        ``informed``: dataset, split and what `paired_differences` gives, as with_patient and photo_alone.
        ``informed_subgroups``: `stored_subgroups` of melanoma with the patient, by age; beside each value that of the
        photo alone at its own threshold, as photo_alone and threshold_alone.
    """
    known = predictions[[patient.known for patient in patients_of(predictions)]]
    if card.effects is None or known.empty:
        return {}
    told = inform(known, card.effects, card.codes)

    def differences(part: pd.DataFrame) -> list[pd.DataFrame]:
        alone = known[known.image_id.isin(part.image_id)]
        table = paired_differences(part, alone, card.labels, random, resamples)
        kept = table.metric.isin(FIGURES) & ~table.subject.isin(CLINICAL_QUESTIONS)
        return [table[kept].reset_index(drop=True).apply(_counted, axis=1, part=part, card=card)]

    groups, alone = (_by_age(table, card, random, resamples) for table in (told, known))
    alone = alone[[*SAME, "value", "threshold"]].rename(
        columns={"value": "photo_alone", "threshold": "threshold_alone"}
    )
    return {
        "informed": by_set(told, differences).rename(columns=NAMES),
        "informed_subgroups": groups.merge(alone, on=SAME, validate="1:1"),
    }


def _counted(row: pd.Series, part: pd.DataFrame, card: Card) -> pd.Series:
    """Let a sensitivity count the images that it is a share of."""
    if row.metric != "sensitivity":
        return row
    positive = [label.code for label in card.labels if row.subject in (label.code, label.malignant and MALIGNANT)]
    counted = part[part.label.isin(positive)]
    return pd.Series({**row, "n_images": len(counted), "n_lesions": counted.lesion_id.nunique()})


def _by_age(table: pd.DataFrame, card: Card, random: np.random.Generator, resamples: int) -> pd.DataFrame:
    home = table[(table.split == VALIDATION) & (table.dataset == card.raw["calibration"]["dataset"])]
    melanoma = ask(read_cases(home, card.labels), SUBJECT)
    threshold = round(threshold_for_sensitivity(melanoma.truth, melanoma.score, SENSITIVITY), 6)
    point = {"name": f"melanoma, {SENSITIVITY:.0%} sensitivity".replace("%", " %"), "subject": SUBJECT}
    groups = stored_subgroups(table, card.labels, [point | {"value": threshold}], random, resamples)
    return groups[groups.attribute.isin(GROUPS) & groups.metric.notna()].reset_index(drop=True)
