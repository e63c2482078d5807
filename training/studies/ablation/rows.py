"""Figures of trained networks on validation photos, for the table of what was tried."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from training.data.label_sets import CODES
from training.fitting.checkpoints import CHECKPOINT, load_weights
from training.judging.trained_run import read_record
from training.recipe import RecipeError

EXPONENTS = (0.0, 0.1, 0.2, 0.3)  # of the class shares that the joined network divides out, beyond its members'
FIGURES = {  # (metric, subject) of the summary -> what the table calls it
    ("balanced_accuracy", "all"): "balanced_accuracy",
    ("macro_auc", "all"): "macro_auc",
    ("auc", "mel"): "melanoma_auc",
    ("auc", "malignant"): "malignant_auc",
    ("log_loss", "all"): "log_loss",
    ("ece", "all"): "ece",
}
COLUMNS = ["tried", "setting", "metric", "value", "low", "high", "n", "n_lesions", "dataset", "split"]


def view_logits(
    network, canvas: np.ndarray, rows: np.ndarray, size: int, views: tuple[str, ...], batch: int = 64
) -> dict[str, np.ndarray]:
    """Return the logits of the named views of each image, view name -> (len(rows), classes)."""
    from training.data.batches import plain_views
    from training.fitting.validation import predict_logits

    found: dict[str, list[np.ndarray]] = {view: [] for view in views}
    for start in range(0, len(rows), batch):
        images = plain_views(canvas, rows[start : start + batch], size)
        for view, parts in found.items():
            parts.append(predict_logits(network, images, (view,), batch))
    return {view: np.concatenate(parts) for view, parts in found.items()}


def network_of(run: Path, size: int):
    """Return the run's trained network up to its logits, at another input size."""
    import keras

    from training.networks.architectures import build_network, logits_model

    recipe, _ = read_record(run)
    trained = keras.models.load_model(run / "trained.keras", compile=False)
    plain = dataclasses.replace(recipe, size=size, weights="none", dropout=0.0)
    network = logits_model(build_network(plain, len(CODES)))
    network.set_weights(logits_model(trained).get_weights())
    return network


def calibrated(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return probabilities at the temperature that fits these cases best; (n, classes)."""
    from scipy.special import softmax

    from model.evaluation.calibration import fit_temperature

    return softmax(logits / fit_temperature(logits, labels).value, axis=1)


def figures(scored: pd.DataFrame, labels: Sequence, tried: str, size: int, views: int) -> pd.DataFrame:
    """Return the figures of one setting with 95 % intervals by lesion; ``scored`` as `summarise` takes it."""
    from model.evaluation.summary import summarise

    table = summarise(scored, labels, np.random.default_rng(2018), resamples=1000)
    names = [FIGURES.get(key) for key in zip(table.metric, table.subject, strict=True)]
    table = table.assign(metric=names, tried=tried, setting=f"{size} px, views: {views}", n=table.n_images)
    return table.dropna(subset="metric")[COLUMNS]


def figures_of(
    logits: np.ndarray, rows: pd.DataFrame, labels: Sequence, tried: str, size: int, views: int
) -> pd.DataFrame:
    """Return the figures of logits (len(rows), classes), calibrated on these same rows."""
    from training.data.batches import label_indices

    probabilities = calibrated(logits, label_indices(rows.label, CODES))
    names = [f"p_{code}" for code in CODES]
    scored = rows.reset_index(drop=True).join(pd.DataFrame(probabilities, columns=names))
    return figures(scored, labels, tried, size, views)


def unblended(run: Path, size: int, prior: np.ndarray) -> dict:
    """Return networks by what stands in for a blended run: its own weights alone, and the stage that it started from.

    Empty where nothing was blended, or where the checkpoint with its own weights has not been kept.
    """
    from training.fitting.loop import take_off_prior

    recipe, _ = read_record(run)
    if not recipe.start_from or recipe.blend == 1 or not (run / CHECKPOINT).is_file():
        return {}
    later = network_of(run, size)
    load_weights(run / CHECKPOINT, later)
    take_off_prior(later, prior, recipe.prior_exponent)  # a checkpoint is from before that
    sooner = network_of(run.parent / recipe.start_from, size)
    return {f"{run.name} not blended": later, f"{recipe.start_from} for {run.name}": sooner}


def mixtures(members: int) -> list[tuple[float, ...]]:
    """Return the shares of joined networks that are tried: equal ones, each half again, each alone or out.

    Each tuple has one share a member and adds up to 1.
    """
    equal = (1 / members,) * members
    found = [equal]
    for one in range(members):
        rest = (0.5 / (members - 1),) * members
        found += [
            tuple(float(other == one) for other in range(members)),
            tuple(0.5 if other == one else share for other, share in enumerate(rest)),
            tuple(0.0 if other == one else 1 / (members - 1) for other in range(members)),
        ]
    return list(dict.fromkeys(found))


def share_names(names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    """Return shares as a text, such as "40 % mobilenetv2 bundle, 60 % resnet50v2 224"; who has none is left out."""
    parts = zip(names, shares, strict=True)
    return ", ".join(f"{100 * share:.0f} % {name.replace('_', ' ')}" for name, share in parts if share)


class Joined:
    """A run that joins several networks, with what each of them answers to the validation images.

    Parameters
    ----------
    run : Path
        Its folder; those of its members are in the same folder as it.
    rows : DataFrame
        Validation images of the manifest.
    canvas : ndarray
        See `training.data.batches.open_canvas`.
    labels : sequence of Label
        The card's.
    prior : ndarray, shape (classes,)
        Class shares in training.
    """

    def __init__(self, run: Path, rows: pd.DataFrame, canvas: np.ndarray, labels: Sequence, prior: np.ndarray):
        self.run, self.rows, self.canvas, self.labels, self.prior = run, rows, canvas, labels, prior
        self.recipe, _ = read_record(run)
        self.size = self.recipe.served
        self.shares = (1 / len(self.recipe.members),) * len(self.recipe.members)
        self.members = [run.parent / name for name in self.recipe.members]
        self.own = [self.logits_of(network_of(member, self.size)) for member in self.members]

    def logits_of(self, network) -> np.ndarray:
        """Return the mean logits over the served views, shape (images, classes)."""
        views = view_logits(network, self.canvas, self.rows.canvas_row.to_numpy(), self.size, self.recipe.views)
        return np.mean(list(views.values()), axis=0)

    def with_other(self, member: str, logits: np.ndarray) -> list[np.ndarray]:
        """Return the logits of all members with those of another network in one's place."""
        return [logits if name == member else own for name, own in zip(self.recipe.members, self.own, strict=True)]

    def figures(self, tried: str, shares=None, exponent: float | None = None, parts=None) -> pd.DataFrame:
        """Return the figures of the members' logits joined; what is not given is as in the run."""
        exponent = self.recipe.prior_exponent if exponent is None else exponent
        logits = np.tensordot(shares or self.shares, parts or self.own, 1) - exponent * np.log(self.prior)
        views = len(self.recipe.views)
        return figures_of(logits, self.rows, self.labels, f"{self.run.name}{tried}", self.size, views)


def judge_joining(joined: Joined) -> list[pd.DataFrame]:
    """Return the figures at other shares and exponents, and with blended networks as they were before blending."""
    names, chosen = joined.recipe.members, joined.recipe.prior_exponent
    shares = [joined.figures(f", {share_names(names, share)}", shares=share) for share in mixtures(len(names))]
    priors = [
        joined.figures(f", {power} of the class shares divided out after joining", exponent=power)
        for power in EXPONENTS
        if power != chosen
    ]
    blends = [
        joined.figures(f", {said}", parts=joined.with_other(member.name, joined.logits_of(network)))
        for member in joined.members
        for said, network in unblended(member, joined.size, joined.prior).items()
    ]
    return shares + priors + blends


def other_runs(instead: list[str], members: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Return (member, folder of a trained run) of each "member=folder", before anything is computed.

    Raises
    ------
    RecipeError
        If a name is none of the joined networks, or a folder holds no trained one.
    """
    pairs = [(member, Path(folder)) for member, _, folder in (text.partition("=") for text in instead)]
    for member, run in pairs:
        if member not in members:
            raise RecipeError(f"{member!r} is not joined; joined are {', '.join(members) or 'none'}.")
        if not (run / "trained.keras").is_file():
            raise RecipeError(f"There is no trained network in {run}.")
    return pairs


def judge_instead(joined: Joined, others: list[tuple[str, Path]]) -> list[pd.DataFrame]:
    """Return the figures of each other network in the place of a member, and alone; see `other_runs`."""
    tables = []
    for member, run in others:
        said = name_beside(run, joined.run.parent / member)
        parts = joined.with_other(member, joined.logits_of(network_of(run, joined.size)))
        alone = tuple(float(name == member) for name in joined.recipe.members)
        tables.append(joined.figures(f" with {said} for {member}", parts=parts))
        tables.append(joined.figures(f", 100 % {said.replace('_', ' ')}", shares=alone, parts=parts))
    return tables


def name_beside(run: Path, member: Path) -> str:
    """Return the name of a network compared with a member: its recipe, and its seed where both have one recipe."""
    recipe, own = read_record(run)[0], read_record(member)[0]
    return f"{recipe.name} (seed {recipe.seed})" if recipe.name == own.name else recipe.name
