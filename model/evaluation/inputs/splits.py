"""Checks of a published split: lesions with several photos, groups that look the same, and no overlap."""

import pandas as pd


def split_facts(splits: pd.DataFrame) -> dict[str, int]:
    """Count what a split must keep together, and what it did not.

    Parameters
    ----------
    splits : DataFrame
        dataset, lesion_id, group, split: one row per image.

    Returns
    -------
    dict
        lesions; several (lesions with more than one image); joined (groups of more than one lesion); shared (lesions
        or groups found in more than one part: 0 in a sound split).
    """
    lesion = splits["dataset"] + "/" + splits["lesion_id"].astype(str)
    by_group = splits["group"].astype(str)
    shared = sum(int((splits["split"].groupby(key).nunique() > 1).sum()) for key in (lesion, by_group))
    return {
        "lesions": lesion.nunique(),
        "several": int((lesion.value_counts() > 1).sum()),
        "joined": int((lesion.groupby(by_group).nunique() > 1).sum()),
        "shared": shared,
    }
