"""Age, sex and site in addition to the photo: how much more or less often each class occurs in such patients.

The photo's probabilities are multiplied by the share of each class among training images of such patients over its
share among all of them, to a power fitted on validation, and scaled to a sum of 1. With the power 1 this would be
Bayes' rule for a photo that says nothing about the patient; photos do say something, so the power is lower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.errors import BundleError, ContractError

SEXES = ("female", "male")
OLDEST = 120  # years


@dataclass(frozen=True)
class Patient:
    """What is known about the patient; each of the three may be None and then has no effect.

    Parameters
    ----------
    age : float, optional
        Years, 0 to `OLDEST`.
    sex : str, optional
        One of `SEXES`.
    site : str, optional
        Where the lesion is, by the codes of `Effects.sites`.

    Raises
    ------
    ContractError
        If age or sex is another.
    """

    age: float | None = None
    sex: str | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.age is not None and not 0 <= self.age <= OLDEST:
            raise ContractError("patient_age", f"An age must be between 0 and {OLDEST} years, not {self.age}.")
        if self.sex is not None and self.sex not in SEXES:
            raise ContractError("patient_sex", f"Sex must be one of {', '.join(SEXES)}, not {self.sex!r}.")

    @property
    def known(self) -> bool:
        """Whether anything is known at all."""
        return (self.age, self.sex, self.site) != (None, None, None)


UNKNOWN = Patient()


@dataclass(frozen=True, eq=False)
class Effects:
    """What age, sex and site do to the logarithm of each class's probability, before the power.

    Parameters
    ----------
    power : float
        Between 0 (the photo alone) and 1 or more.
    youngest, oldest : float
        Years; an age beyond them counts as the nearer one, since training had too few to learn from.
    typical_age : float
        Years, at which age has no effect.
    decade : ndarray, float64, shape (classes,)
        For every ten years above the typical age.
    sexes, sites : mapping of str to ndarray, float64, shape (classes,)
    """

    power: float
    youngest: float
    oldest: float
    typical_age: float
    decade: np.ndarray
    sexes: Mapping[str, np.ndarray]
    sites: Mapping[str, np.ndarray]

    def log_factors(self, patient: Patient) -> np.ndarray:
        """Return what is added to the logarithm of each probability, shape (classes,).

        Raises
        ------
        ContractError
            If the site is not one of ``sites``.
        """
        total = np.zeros_like(self.decade)
        if patient.age is not None:
            total = total + (min(max(patient.age, self.youngest), self.oldest) - self.typical_age) / 10 * self.decade
        if patient.sex is not None:
            total = total + self.sexes[patient.sex]
        if patient.site is not None:
            if patient.site not in self.sites:
                raise ContractError("patient_site", f"Known sites are {', '.join(self.sites)}, not {patient.site!r}.")
            total = total + self.sites[patient.site]
        return self.power * total

    def inform(self, probabilities: np.ndarray, patient: Patient) -> np.ndarray:
        """Return the probabilities (classes,) of a photo for this patient; float64, summing to 1."""
        factors = np.exp(self.log_factors(patient))
        return probabilities * factors / (probabilities * factors).sum()


def read_effects(entry: Any, classes: int) -> Effects | None:
    """Return the effects in a card, or None if it has none.

    Parameters
    ----------
    entry : object
        The card's entry "patient".
    classes : int

    Raises
    ------
    BundleError
        If the entry lacks something, or a row has not one finite number a class.
    """
    if entry is None:
        return None
    try:
        factors = entry["log_factors"]
        sexes, sites = (
            {name: np.array(row, np.float64) for name, row in factors[part].items()} for part in ("sex", "site")
        )
        power, youngest, oldest, typical = (
            float(entry[name]) for name in ("power", "youngest", "oldest", "typical_age")
        )
        effects = Effects(power, youngest, oldest, typical, np.array(factors["decade"], np.float64), sexes, sites)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            "card_patient", f"The card's entry patient is incomplete or not a number ({error})."
        ) from None
    every = [effects.decade, *effects.sexes.values(), *effects.sites.values()]
    if any(row.shape != (classes,) or not np.isfinite(row).all() for row in every) or set(effects.sexes) != set(SEXES):
        raise BundleError("card_patient", f"The card's entry patient needs {classes} finite numbers for each factor.")
    ages = (effects.youngest, effects.typical_age, effects.oldest)
    if not (0 <= effects.power < 10 and np.isfinite(ages).all() and effects.youngest < effects.oldest):
        raise BundleError("card_patient", "The card's entry patient has an invalid power or invalid ages.")
    return effects
