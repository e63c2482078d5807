"""Rows of an earlier comparison, for recipes whose run is not here: the figures stay true, the differences do not."""

from pathlib import Path

import pandas as pd

from training.judged_run import RunError

NOTE = "figures of an earlier comparison on the same images, not set against the bundled model image by image"
SAME = ["split", "n_images", "n_lesions"]


def with_published(
    table: pd.DataFrame, history: pd.DataFrame, published: Path, missing: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add an earlier comparison's rows and training curves of the recipes that are missing now.

    Differences from the bundled model are left out: that was another model, and they need every answer of both. So is
    the time of one photo, which can be compared only when all are timed on one machine.

    Parameters
    ----------
    table, history : DataFrame
        From `training.compare.compare`.
    published : Path
        An earlier ``comparison.csv``, with ``comparison_history.csv`` beside it.
    missing : list of str
        Recipes that have no finished run here.

    Raises
    ------
    RunError
        If the earlier comparison was made on other images.
    """
    earlier = pd.read_csv(published)
    kept = earlier[earlier["recipe"].isin(missing)]
    if (kept[SAME] != table[SAME].iloc[0]).any(axis=None):
        raise RunError(f"{published} was made on other test images; its rows cannot stand beside these.")
    notes = kept["note"].fillna("").str.removesuffix(NOTE).str.removesuffix("; ")
    kept = kept.assign(note=[f"{note}; {NOTE}" if note else NOTE for note in notes])
    other = [name for name in kept if "_difference" in name or name == "milliseconds"]
    kept = kept.drop(columns=other).reindex(columns=table.columns)
    curves = pd.read_csv(published.with_name("comparison_history.csv"))
    curves = curves[curves["recipe"].isin(kept["recipe"])]
    return pd.concat([table, kept], ignore_index=True), pd.concat([history, curves], ignore_index=True)
