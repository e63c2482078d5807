"""What age, sex and site change in the answers, measured on images that the model has not seen."""

import numpy as np
import pandas as pd

from model.card import Card
from model.evaluation.cases import CLINICAL_QUESTIONS, ask, read_cases
from model.evaluation.comparison import paired_differences
from model.evaluation.decisions.operating_points import threshold_for_sensitivity
from model.evaluation.intervals import RESAMPLES
from model.evaluation.stored import by_set, stored_subgroups
from model.evaluation.summary import summarise
from training.data.splits import VALIDATION
from training.judging.patients import inform, patients_of

GROUPS = ("everyone", "age_band")
SUBJECT, SENSITIVITY = "mel", 0.95  # the threshold finds this share of validation melanomas, on either side
METRICS = ("macro_auc", "auc", "log_loss", "ece")  # what is named follows from the photo alone
FIGURE = ["dataset", "split", "metric", "subject"]
GROUP = [*FIGURE, "attribute", "group", "n_images"]
ALONE = ["photo_alone", "photo_alone_low", "photo_alone_high"]


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
        ``informed``: dataset, split, metric, subject, with_patient and photo_alone, each with _low and _high, their
        difference with difference_low and difference_high on the same resampled lesions, n_images, n_lesions.
        ``informed_subgroups``: `stored_subgroups` of melanoma with the patient, by age; next to each value that of the
        photo alone at its own threshold, as photo_alone, photo_alone_low, photo_alone_high and threshold_alone.
    """
    known = predictions[[patient.known for patient in patients_of(predictions)]]
    if card.effects is None or known.empty:
        return {}
    told = inform(known, card.effects, card.codes)

    def differences(part: pd.DataFrame) -> list[pd.DataFrame]:
        alone = known[known.image_id.isin(part.image_id)]
        table = paired_differences(part, alone, card.labels, random, resamples)
        return [table.rename(columns={"low": "difference_low", "high": "difference_high"})]

    with_patient, alone = (_figures(table, card, random, resamples) for table in (told, known))
    compared = by_set(told, differences)[[*FIGURE, "difference", "difference_low", "difference_high"]]
    groups, alone_by_age = (_by_age(table, card, random, resamples) for table in (told, known))
    alone_by_age = _named(alone_by_age, "photo_alone").rename(columns={"threshold": "threshold_alone"})
    sides = _named(with_patient, "with_patient").merge(_named(alone, "photo_alone")[[*FIGURE, *ALONE]], on=FIGURE)
    return {
        "informed": sides.merge(compared, on=FIGURE, validate="1:1"),
        "informed_subgroups": groups.merge(alone_by_age[[*GROUP, *ALONE, "threshold_alone"]], on=GROUP, validate="1:1"),
    }


def _figures(table: pd.DataFrame, card: Card, random: np.random.Generator, resamples: int) -> pd.DataFrame:
    found = summarise(table, card.labels, random, resamples)
    kept = found[found.metric.isin(METRICS) & ~found.subject.isin(CLINICAL_QUESTIONS)]
    return kept[[*FIGURE, "value", "low", "high", "n_images", "n_lesions"]].reset_index(drop=True)


def _named(table: pd.DataFrame, side: str) -> pd.DataFrame:
    return table.rename(columns={"value": side, "low": f"{side}_low", "high": f"{side}_high"})


def _by_age(table: pd.DataFrame, card: Card, random: np.random.Generator, resamples: int) -> pd.DataFrame:
    home = table[(table.split == VALIDATION) & (table.dataset == card.raw["calibration"]["dataset"])]
    melanoma = ask(read_cases(home, card.labels), SUBJECT)
    threshold = round(threshold_for_sensitivity(melanoma.truth, melanoma.score, SENSITIVITY), 6)
    point = {"name": f"melanoma, {SENSITIVITY:.0%} sensitivity".replace("%", " %"), "subject": SUBJECT}
    groups = stored_subgroups(table, card.labels, [point | {"value": threshold}], random, resamples)
    return groups[groups.attribute.isin(GROUPS) & groups.metric.notna()].reset_index(drop=True)
