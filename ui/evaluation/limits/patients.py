"""The effect of age, sex and site in addition to the photo, on the same images."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from model.answer.patient import Effects
from model.card import Card
from model.evaluation.plots import ForestDisplay
from ui import evidence
from ui import wording as shared
from ui.evaluation import wording
from ui.evaluation.methods import METHODS
from ui.wording import SEXES, SITES

INFORMED, BY_AGE = "results/informed.csv", "results/informed_subgroups.csv"


def informed(card: Card) -> None:
    """Show the main figures with and without the patient, and their paired differences."""
    table = evidence.table(card, INFORMED)
    with evidence.bar():
        chosen = evidence.choose_set(table)
    evidence.warn_of_validation(chosen)
    rows = evidence.named(evidence.of_set(table, chosen), wording.INFORMED_METRICS)
    said = shared.size(rows["n_images"].max(), rows["n_lesions"].max())
    st.caption(wording.INFORMED.format(shared.set_name(chosen), said))
    evidence.grid(wording.INFORMED_FIGURES, wording.INFORMED_COLUMNS, [_cells(row) for row in rows.to_dict("records")])
    shares = rows[rows["metric"].isin(wording.HIGHER_IS_BETTER)].reset_index(drop=True)
    drawn = shares.assign(group=shares["name"], value=shares["difference"])
    drawn = drawn.assign(low=shares["difference_low"], high=shares["difference_high"])
    evidence.chart(ForestDisplay(drawn, wording.INFORMED_DIFFERENCE, 0.0), "informed")
    evidence.origin(card, (INFORMED,), METHODS["informed"], rows, "informed.csv")
    _by_age(card, chosen)
    if card.effects is not None:
        _factors(card, card.effects)


def _cells(row: dict) -> tuple[str, ...]:
    difference, low, high = (shared.signed(row[name]) for name in ("difference", "difference_low", "difference_high"))
    sides = (_side(row, side) for side in ("photo_alone", "with_patient"))
    return (row["name"], *sides, f"{difference} {wording.bracket(low, high)}")


def _side(row: Mapping, side: str) -> str:
    return wording.estimate(row, side, (f"{side}_low", f"{side}_high"))


def _by_age(card: Card, chosen: evidence.Set) -> None:
    """Show melanoma at the threshold of each side, by age: a gain between ages is no gain within one age."""
    st.header(wording.INFORMED_BY_AGE)
    rows = evidence.of_set(evidence.table(card, BY_AGE), chosen)
    first = rows.iloc[0]
    st.caption(
        wording.INFORMED_BY_AGE_HINT.format(
            shared.set_name(chosen), first["point"], *map(wording.share, first[["threshold_alone", "threshold"]])
        )
    )
    named = rows.rename(columns={"value": "with_patient", "low": "with_patient_low", "high": "with_patient_high"})
    listed = [
        (f"{wording.group(*group)}, {said}", *_group_cells(part, side))
        for group, part in named.groupby(["attribute", "group"], sort=False)
        for side, said in wording.SIDES.items()
    ]
    evidence.grid("", wording.INFORMED_AGE_COLUMNS, listed)
    evidence.origin(card, (BY_AGE,), METHODS["informed_by_age"], rows, "informed_by_age.csv")


def _group_cells(part: pd.DataFrame, side: str) -> list[str]:
    figures = part.set_index("metric")
    cells = []
    for metric in wording.SUBGROUP_METRICS:
        row = figures.loc[metric]
        cells.append(f"{_side(row, side) if pd.notna(row[side]) else wording.TOO_FEW}, n = {row['n_images']:.0f}")
    return cells


def _factors(card: Card, effects: Effects) -> None:
    """Show how much each entry multiplies the odds of each class, before all are scaled to a sum of 1."""
    st.header(wording.FACTORS)
    st.caption(
        wording.FACTORS_HINT.format(
            effects.power, effects.typical_age, effects.youngest, effects.oldest, card.raw["patient"].get("n_images", 0)
        )
    )
    rows = {wording.DECADE: effects.decade}
    rows |= {SEXES[name]: row for name, row in effects.sexes.items()}
    rows |= {SITES.get(name, name): row for name, row in effects.sites.items()}
    cells = [(name, *(f"{factor:.2f}" for factor in np.exp(effects.power * row))) for name, row in rows.items()]
    evidence.grid("", (wording.TOLD, *(label.name for label in card.labels)), cells)
