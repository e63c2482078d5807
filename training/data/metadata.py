"""Age, sex and site as numbers, for networks that take them with the photo."""

import numpy as np
import pandas as pd

from model.tables.site_names import SITES, site_code

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
    part = manifest.site.map(site_code, na_action="ignore")
    columns = [
        (age.fillna(TYPICAL_AGE) - TYPICAL_AGE) / 25,
        age.notna(),
        manifest.sex == "male",
        manifest.sex == "female",
    ]
    columns += [part == name for name in SITES]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)
