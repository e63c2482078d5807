"""What age, sex and site say about the class, learnt from the training split's records, photos left out."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from model.answer.patient import SEXES, Effects, Patient, read_effects
from model.evaluation.calibration import mean_log_loss
from model.tables.site_names import SITES, site_code

YOUNGEST, OLDEST = 30, 85  # years; the training split holds 22 melanomas of younger patients, and nobody older
PENALTY = 1.0  # scikit-learn's C of the logistic regression


def patients_of(rows: pd.DataFrame) -> list[Patient]:
    """Return what is recorded of the patient of each image; columns age (years), sex and site, each may be empty."""
    sites = _sites(rows)
    ages = pd.to_numeric(rows.age, errors="coerce")
    return [
        Patient(
            None if pd.isna(age) else float(age),
            sex if sex in SEXES else None,
            site if isinstance(site, str) else None,
        )
        for age, sex, site in zip(ages, rows.sex, sites, strict=True)
    ]


def _sites(rows: pd.DataFrame) -> pd.Series:
    return rows.site.map(site_code, na_action="ignore")


def fit_effects(train: pd.DataFrame, codes: Sequence[str]) -> dict:
    """Return the card's entry "patient" without its power, by multinomial logistic regression.

    Every image set has its own intercepts, so that which classes a set collected is not taken for an effect of its
    patients. Effects of a factor average to 0 over the images where it is recorded: what is not known changes nothing.

    Parameters
    ----------
    train : DataFrame
        Rows of the manifest in the training split: dataset, label, age, sex, site.
    codes : sequence of str
        Classes in the card's order.
    """
    from sklearn.linear_model import LogisticRegression

    age = pd.to_numeric(train.age, errors="coerce").clip(YOUNGEST, OLDEST)
    typical = float(age.mean())
    site = _sites(train)
    columns = {
        "decade": ((age - typical) / 10).fillna(0),
        **{name: (train.sex == name).astype(float) for name in SEXES},
        **{name: (site == name).astype(float) for name in SITES},
        **{name: (train.dataset == name).astype(float) for name in train.dataset.unique()},
    }
    target = pd.Index(codes).get_indexer(train.label)
    design = np.column_stack(list(columns.values()))
    fitted = LogisticRegression(C=PENALTY, max_iter=5000).fit(design, target)
    coefficients = np.zeros((len(columns), len(codes)))
    coefficients[:, fitted.classes_] = fitted.coef_.T
    by_name = dict(zip(columns, coefficients, strict=True))
    return {
        "method": "class shares of such patients in training over those of all (multinomial logistic regression), to a "
        "power that minimises log loss on validation",
        "youngest": YOUNGEST,
        "oldest": OLDEST,
        "typical_age": round(typical, 2),
        "log_factors": {
            "decade": _written(by_name["decade"]),
            "sex": _centred(by_name, columns, SEXES),
            "site": _centred(by_name, columns, SITES),
        },
        "learnt_from": sorted(train.dataset.unique()),
        "n_images": len(train),
    }


def _centred(by_name: dict[str, np.ndarray], columns: dict[str, pd.Series], names: Collection[str]) -> dict:
    """Return the effects of one factor's values, less their mean over the images where it is recorded."""
    counts = [columns[name].sum() for name in names]
    mean = np.average([by_name[name] for name in names], axis=0, weights=counts) if sum(counts) else 0
    return {name: _written(by_name[name] - mean) for name in names}


def _written(row: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in row]


def fit_power(entry: dict, probabilities: np.ndarray, patients: Sequence[Patient], targets: np.ndarray) -> float:
    """Return the power at which the informed probabilities have the least log loss.

    Parameters
    ----------
    entry : dict
        As `fit_effects` returns it.
    probabilities : ndarray, shape (n, classes)
        Calibrated, of the photos alone.
    patients : sequence of Patient
    targets : ndarray of int, shape (n,)
    """
    from scipy.optimize import minimize_scalar

    whole = read_effects(entry | {"power": 1.0}, probabilities.shape[1])
    assert whole is not None  # it is None only where there is no entry
    factors = np.stack([whole.log_factors(patient) for patient in patients])
    photo = np.log(np.clip(probabilities, 1e-12, None))

    def loss(power: float) -> float:
        return mean_log_loss(photo + power * factors, targets)

    return float(minimize_scalar(loss, bounds=(0, 2), method="bounded").x)


def inform(predictions: pd.DataFrame, effects: Effects, codes: Sequence[str]) -> pd.DataFrame:
    """Return a predictions table with the probabilities of the photo and the patient together."""
    names = [f"p_{code}" for code in codes]
    alone = predictions[names].to_numpy(np.float64)
    told = [effects.inform(row, patient) for row, patient in zip(alone, patients_of(predictions), strict=True)]
    return predictions.assign(**dict(zip(names, np.transpose(told), strict=True)))
