"""Age, sex and site as numbers, for networks that take them beside the photo."""

import numpy as np
import pandas as pd

# The sets name sites in different detail; these are the parts that all of them can be brought to.
SITES = {
    "head": ("face", "scalp", "ear", "neck", "head/neck", "head_neck_face", "head_neck"),
    "trunk": (
        "back", "trunk", "chest", "abdomen", "anterior torso", "posterior torso", "lateral torso", "genital",
        "oral/genital", "oral_genital",
    ),
    "upper": ("upper extremity", "hand", "upper_extremity"),
    "lower": ("lower extremity", "foot", "lower_extremity"),
    "acral": ("acral", "palms/soles", "palms_soles"),
}  # fmt: skip
COLUMNS = ("age", "age_known", "male", "female", *(f"site_{name}" for name in SITES))
TYPICAL_AGE = 50.0  # years; stands in where no age was recorded, and age_known says so


def metadata_columns(manifest: pd.DataFrame) -> np.ndarray:
    """Return `COLUMNS` of each row: float32, shape (len(manifest), len(COLUMNS)); all zero is "nothing known".

    Parameters
    ----------
    manifest : DataFrame
        With columns age (years), sex and site, each of which may be missing.
    """
    age = pd.to_numeric(manifest.age, errors="coerce")
    part = manifest.site.map({site: name for name, sites in SITES.items() for site in sites})
    columns = [
        (age.fillna(TYPICAL_AGE) - TYPICAL_AGE) / 25,
        age.notna(),
        manifest.sex == "male",
        manifest.sex == "female",
    ]
    columns += [part == name for name in SITES]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)
