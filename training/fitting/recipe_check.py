"""Holds a recipe's options against what there is, before anything is read or trained."""

import inspect
import math
from collections.abc import Callable, Collection
from typing import Any

from model.card import VIEWS
from training.data.augment import LEVELS
from training.data.balancing import BALANCING
from training.data.label_sets import LABEL_SETS
from training.data.prepared import SYNTHETIC
from training.data.sets.registry import IMAGE_SETS
from training.fitting.losses import LOSSES
from training.fitting.phases import OPTIMIZERS
from training.fitting.validation import WATCHED
from training.networks.architectures import ARCHITECTURES
from training.recipe import Recipe, RecipeError

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16")
CHOICES: dict[str, Collection[str]] = {
    "architecture": ARCHITECTURES,
    "augmentation": LEVELS,
    "balancing": BALANCING,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "label_set": LABEL_SETS,
    "precision": PRECISIONS,
    "datasets": (*IMAGE_SETS, SYNTHETIC),
    "views": VIEWS,
}
LEAST = {
    "size": 32, "serve_size": 0, "epochs": 0, "batch": 1, "workers": 1, "images_per_class": 0,
    "epoch_images": 0, "validation_images": 0, "patience": 0, "seed": 0, "mixup": 0, "weight_decay": 0,
    "last_layer_penalty": 0, "prior_exponent": 0,
}  # fmt: skip
GIVEN = ("labels", "classes", "features", "seed")  # to a way of balancing, by the training loop
SHARES = ("dropout", "warmup", "blend", "distil")  # between 0 and 1


def check_recipe(recipe: Recipe) -> None:
    """Refuse an option whose value does not exist or makes no sense.

    Raises
    ------
    RecipeError
        With the option, the value, and what is known.
    """
    for name, known in CHOICES.items():
        value = getattr(recipe, name)
        for one in value if isinstance(value, tuple) else (value,):
            if one not in known:
                raise RecipeError(f"No {name} {one!r}; there are {', '.join(known)}.")
    if not recipe.datasets or not recipe.views:
        raise RecipeError("A recipe needs at least one of datasets and of views.")
    for name, least in LEAST.items():
        if not least <= getattr(recipe, name) < math.inf:
            raise RecipeError(f"The option {name} must be {least} or more, not {getattr(recipe, name)}.")
    for name in SHARES:
        if not 0 <= getattr(recipe, name) <= 1:
            raise RecipeError(f"The option {name} must lie between 0 and 1, not {getattr(recipe, name)}.")
    if not 0 < recipe.rate < math.inf:
        raise RecipeError(f"The option rate must be above 0, not {recipe.rate}.")
    for name in ("balancing_options", "loss_options", "source_weights"):
        for option, value in getattr(recipe, name).items():
            if not _is_number(value):
                raise RecipeError(f"{option} in {name} must be a number from 0 on, not {value!r}.")
    _check_options("balancing", BALANCING[recipe.balancing], recipe.balancing_options)
    _check_options("loss", LOSSES[recipe.loss], recipe.loss_options)
    if not all(_is_number(value) and value > 0 for phase in recipe.phases for value in (phase.share, phase.rate)):
        raise RecipeError("Share and rate of every phase must be numbers above 0.")
    watched = WATCHED if LABEL_SETS[recipe.label_set].melanoma else WATCHED[:-1]
    if recipe.watch not in watched:
        raise RecipeError(f"No score {recipe.watch!r} to watch; there are {', '.join(watched)}.")
    if recipe.mixup and "metadata" in recipe.architecture:
        raise RecipeError("mixup mixes photos and not what is known of patients; set it to 0 for this architecture.")


def _is_number(value: Any) -> bool:
    """Say whether a value is a finite number from 0 on."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _check_options(name: str, method: Callable, options: dict) -> None:
    """Refuse options that a method does not have; those that the training loop gives cannot be named."""
    known = [option for option in inspect.signature(method).parameters if option not in GIVEN]
    for option in options:
        if option not in known:
            there = f"there are {', '.join(known)}" if known else "it has none"
            raise RecipeError(f"No option {option!r} of {name} {getattr(method, '__name__', '')}; {there}.")
