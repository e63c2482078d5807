"""Two models on the same images: how far they differ, and which cases only one of them names rightly."""

import pandas as pd
import streamlit as st

from model.answer.decision import named_codes
from model.card import Card
from ui import evidence
from ui import wording as shared
from ui.evaluation.choices import COMPARED, COMPARISON, PREDICTIONS
from ui.evaluation.methods import METHODS
from ui.evaluation.mistakes import archive_page
from ui.evaluation.wording import BUNDLED, NOTHING, bracket
from ui.method import wording

ANSWERS = "results/comparison_answers.csv"
OUTCOMES = {(True, True): "both", (True, False): "ours", (False, True): "theirs", (False, False): "neither"}


def changed(card: Card) -> None:
    """Let a person choose another system, and list the cases that it and the bundled model name differently."""
    answers = evidence.table(card, ANSWERS)
    columns = [f"p_{code}" for code in card.codes]
    seven = answers.dropna(subset=columns)
    st.header(wording.CHANGED)
    chosen = st.selectbox(
        wording.OTHER_MODEL, list(dict.fromkeys(seven["recipe"])), key="other", width=evidence.CHOICE,
        persist_state="session",
    )  # fmt: skip
    cases = pair(card, evidence.table(card, PREDICTIONS), seven[seven["recipe"] == chosen])
    st.caption(_difference(evidence.table(card, COMPARISON, COMPARED), chosen))
    counted = cases["outcome"].value_counts()
    rows = [(wording.OUTCOMES[name].format(chosen), f"{counted.get(name, 0):,}") for name in OUTCOMES.values()]
    evidence.grid("", (wording.CASES_OF.format(f"{len(cases):,}"), ""), rows)
    shown = st.segmented_control(
        wording.CASES_SHOWN, ("ours", "theirs"), default="theirs", required=True, key="changed_cases",
        format_func=lambda name: wording.OUTCOMES[name].format(chosen), label_visibility="collapsed",
        persist_state="session",
    )  # fmt: skip
    listed = cases[cases["outcome"] == shown]
    link = st.column_config.LinkColumn(wording.ARCHIVE, display_text=wording.OPEN_PAGE)
    said = {"image_id": wording.IMAGE, "label": wording.TRUTH, "ours": BUNDLED, "theirs": chosen, "page": link}
    st.dataframe(listed[list(said)], hide_index=True, column_config=said)
    command = wording.COMPARISON_COMMAND
    evidence.origin(card, (ANSWERS, PREDICTIONS), METHODS["changed"], cases, f"changed_{chosen}.csv", command)


def pair(card: Card, predictions: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return a row a case: its truth, what either model names, and who is right.

    Parameters
    ----------
    card : Card
    predictions : DataFrame
        The bundled model's; only the images of ``other`` count.
    other : DataFrame
        image_id and p_<code> of another model.
    """
    columns = [f"p_{code}" for code in card.codes]
    ours = predictions.set_index("image_id").loc[other["image_id"]]
    mine = pd.Index(card.codes).get_indexer(named_codes(ours[columns].to_numpy(), card))
    named = {"ours": mine, "theirs": other[columns].to_numpy().argmax(axis=1)}
    truth = [card.codes.index(code) for code in ours["label"]]
    full = [card.names[code] for code in card.codes]
    right = [(mine == true, yours == true) for mine, yours, true in zip(*named.values(), truth, strict=True)]
    return pd.DataFrame(
        {
            "image_id": other["image_id"].to_numpy(),
            "label": [full[place] for place in truth],
            **{who: [full[place] for place in places] for who, places in named.items()},
            "page": other["image_id"].map(archive_page).to_numpy(),
            "outcome": [OUTCOMES[pair] for pair in right],
        }
    )


def _difference(comparison: pd.DataFrame, chosen: str) -> str:
    rows = comparison[comparison["recipe"] == chosen]
    if rows.empty:
        return NOTHING
    row = rows.iloc[0]
    name = "balanced_accuracy_difference"
    if pd.isna(row.get(name)):
        return shared.size(row["n_images"], row["n_lesions"])
    value, low, high = (shared.signed(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return wording.CHANGED_HINT.format(
        chosen, f"{value} {bracket(low, high)}", shared.size(row["n_images"], row["n_lesions"])
    )
