"""A comparison that was published: its answers judged again, and its rows where a recipe's answers are not there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from model.card import Label
from model.evaluation.comparison import RELEASED
from training.data.provenance import read_table
from training.judging.label_map import TO_TWO, Mapped, map_labels
from training.judging.trained_run import RunError

COMPARISON, HISTORY, ANSWERS = "comparison.csv", "comparison_history.csv", "comparison_answers.csv"
CLASSES = "comparison_classes.csv"
DECIMALS = 6  # of a stored probability: figures are made of what is stored, so that anybody gets the same ones
NOTE = "figures of an earlier comparison on the same images, not set against the bundled model image by image"
SAME = ["split", "n_images", "n_lesions"]
SHORT = {f"p_{two}": f"p_{short}" for short, two in TO_TWO["two"].items()}


def as_stored(judged: Mapped) -> Mapped:
    """Return answers as precisely as they are written down."""
    return replace(judged, table=judged.table.round(DECIMALS))


def answers_of(name: str, judged: Mapped) -> pd.DataFrame:
    """Return what ``ANSWERS`` keeps of a recipe: recipe, image_id and its seven or two probabilities."""
    columns = ["image_id", *(f"p_{label.code}" for label in judged.labels)]
    return judged.table[columns].rename(columns=SHORT).assign(recipe=name)


def stored_answers(answers: pd.DataFrame, name: str, truth: pd.DataFrame, labels: Sequence[Label]) -> Mapped:
    """Return a recipe's answers out of ``ANSWERS``, to the images of ``truth`` and with its labels."""
    own = answers[answers.recipe == name].dropna(axis=1, how="all")
    label_set = "two" if set(SHORT.values()) <= set(own) else "seven"
    return map_labels(own, truth, label_set, labels)


def with_published(
    table: pd.DataFrame, history: pd.DataFrame, answers: pd.DataFrame, published: Path, missing: list[str],
    judge: Callable[[pd.DataFrame, str], dict],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Add an earlier comparison's rows, training curves and answers of the recipes that have no run now.

    Where it kept a recipe's answers, they are judged again and set against the bundled model. Where it did not, its
    figures stay; its differences stay only while the bundled model is the one that they were taken from. The time of
    one photo is that of its own machine, times how much longer the model bundled then takes on this one.

    Parameters
    ----------
    table, history, answers : DataFrame
        From `training.compare.compare`.
    published : Path
        An earlier ``comparison.csv``, with ``comparison_history.csv`` and perhaps ``comparison_answers.csv``.
    missing : list of str
        Recipes that have no finished run here; rows of earlier releases are kept too.
    judge : callable
        Gives figures and differences of a recipe in a table of answers.

    Raises
    ------
    RunError
        If the earlier comparison was made on other images.
    """
    earlier, file = pd.read_csv(published), published.with_name(ANSWERS)
    released = (earlier["ancestor"] == RELEASED) & ~earlier["recipe"].isin(table["recipe"])
    kept = earlier[earlier["recipe"].isin(missing) | released]
    if kept["recipe"].duplicated().any():
        raise RunError(f"{published} has a recipe more than once; keep one row of each.")
    if (kept[SAME] != table[SAME].iloc[0]).any(axis=None):
        raise RunError(f"{published} was made on other test images; its rows cannot be compared with these.")
    stored = read_table(file) if file.exists() else answers.head(0)
    stored = stored[stored.recipe.isin(kept.recipe)]
    differences = [name for name in kept if "_difference" in name]
    again = [row for _, row in table.iterrows() if _same_model(earlier.iloc[0], row)]  # or as an earlier release
    slower = again[0]["milliseconds"] / earlier.iloc[0]["milliseconds"] if again else np.nan
    if not _same_model(earlier.iloc[0], table.iloc[0]):
        kept = kept.assign(**dict.fromkeys(differences, np.nan))
    rows = [_noted(dict(row) | _judged_again(row["recipe"], stored, judge), differences) for _, row in kept.iterrows()]
    rows = pd.DataFrame(rows).reindex(columns=table.columns).round(DECIMALS)
    rows["milliseconds"] = (rows["milliseconds"].astype(float) * slower).round(1)
    curves = pd.read_csv(published.with_name(HISTORY))
    curves = curves[curves["recipe"].isin(kept["recipe"])]
    return tuple(pd.concat(pair, ignore_index=True) for pair in ((table, rows), (history, curves), (answers, stored)))


def _judged_again(name: str, stored: pd.DataFrame, judge: Callable) -> dict:
    return judge(stored, name) if name in set(stored.recipe) else {}


def _noted(row: dict, differences: list[str]) -> dict:
    """Say in a row's note that it has no differences, or no longer say it."""
    note = ("" if pd.isna(row["note"]) else row["note"]).removesuffix(NOTE).removesuffix("; ")
    if all(pd.isna(row[name]) for name in differences):
        note = f"{note}; {NOTE}" if note else NOTE
    return row | {"note": note}


def _same_model(earlier: pd.Series, now: pd.Series) -> bool:
    """Say whether two comparisons begin with one and the same bundled model: name and every figure are equal."""
    figures = [name for name in now.index if name.endswith("_auc") or name in ("accuracy", "balanced_accuracy", "ece")]
    equal = np.allclose(earlier[figures].astype(float), now[figures].astype(float), rtol=0, atol=2 * 10**-DECIMALS)
    return earlier["recipe"] == now["recipe"].partition(" ")[0] and equal
