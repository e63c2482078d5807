"""What mistakes in a split do to the network of an earlier system, beside what its authors claim."""

import pandas as pd
import streamlit as st

from model.card import Card
from ui import evidence
from ui.dataset import wording as dataset_wording
from ui.dataset.split import LEAKAGE
from ui.evaluation.wording import estimate
from ui.method import wording

HONEST_ENDS = ("honest_low", "honest_high")
LEAK_COLUMNS = (
    "method", "metric", "leak", "n_test", "value", "low", "high", "honest_value", *HONEST_ENDS, "demonstration",
)  # fmt: skip


def claims(card: Card, earlier: pd.DataFrame) -> None:
    """Show the accuracy of each recipe whose network was trained with mistakes on purpose, with and without them.

    ``earlier`` are the rows of earlier systems in ``results/comparison.csv``.
    """
    if earlier.empty:
        return
    leaks = evidence.optional(card, LEAKAGE, wording.NO_LEAKS, LEAK_COLUMNS)
    leaks = leaks[(leaks["metric"] == "accuracy") & (leaks["leak"] != dataset_wording.NO_LEAK)]
    recipes = leaks["method"].str.partition(",")[0] if len(leaks) else pd.Series(dtype=str)
    for name in recipes[recipes.isin(earlier["recipe"])].unique():
        rows = leaks[recipes == name]
        own = earlier.loc[earlier["recipe"] == name, "family"].iloc[0]
        family = earlier[earlier["family"] == own].dropna(subset="claimed")
        st.header(wording.CLAIMS.format(name))
        st.markdown("\n".join(f"- `{row.recipe}`: {row.claimed}" for row in family.itertuples()))
        evidence.grid("", (wording.MISTAKE, wording.TESTED, wording.WITH_IT, wording.WITHOUT_IT), [
            (dataset_wording.leak(row["leak"]), f"{row['n_test']:,}", estimate(row),
             estimate(row, "honest_value", HONEST_ENDS))
            for row in rows.to_dict("records")
        ])  # fmt: skip
        st.caption(wording.CLAIMS_HINT)
        said = dataset_wording.COMPUTED["leakage"].format(rows["demonstration"].iloc[0])
        evidence.origin(card, (LEAKAGE,), said, rows, f"claims_{name}.csv", dataset_wording.LEAKAGE_COMMAND)
