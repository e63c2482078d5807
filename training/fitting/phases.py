"""Which part of the network a phase trains, with which optimizer, and when it ends early."""

from collections.abc import Callable

import keras

from training.recipe import Phase, Recipe, RecipeError


def freeze_until(network: keras.Model, name: str, trainable: list[bool] | None = None) -> None:
    """Keep every layer before the named one as it is; an empty name trains them all.

    Parameters
    ----------
    network : Model
    name : str
    trainable : list of bool, optional
        Which layers may learn at all, in the order of the layers; default as they are.

    Raises
    ------
    RecipeError
        If the network has no layer of that name.
    """
    names = [layer.name for layer in network.layers]
    if name and name not in names:
        raise RecipeError(f"The network has no layer {name!r} to freeze up to.")
    first = names.index(name) if name else 0
    may_learn = trainable or [layer.trainable for layer in network.layers]
    for place, layer in enumerate(network.layers):
        layer.trainable = may_learn[place] and place >= first


def part_after(network: keras.Model, name: str) -> keras.Model:
    """Return the layers that follow the named one, further inputs included; they are shared, not copied.

    Raises
    ------
    RecipeError
        If the network has no layer of that name.
    """
    if name not in [layer.name for layer in network.layers]:
        raise RecipeError(f"The network has no layer {name!r} whose output could be kept.")
    cut = network.get_layer(name).output
    if isinstance(network.input, dict):
        return keras.Model({**network.input, "photo": cut}, network.output)
    return keras.Model(cut, network.output)


def _adamw(recipe: Recipe, schedule, **options) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, **options)


def _adam(recipe: Recipe, schedule, **options) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(schedule, **options)


def _rmsprop(recipe: Recipe, schedule, **options) -> keras.optimizers.Optimizer:
    """RMSProp with decay .9, momentum .9 and epsilon .1, as in Esteva et al. (Nature 542, 2017)."""
    return keras.optimizers.RMSprop(schedule, rho=0.9, momentum=0.9, epsilon=0.1, **options)


OPTIMIZERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {
    "adamw": _adamw,
    "adam": _adam,
    "rmsprop": _rmsprop,
}


def make_optimizer(recipe: Recipe, steps: int, factor: float = 1.0) -> keras.optimizers.Optimizer:
    """Return the optimizer with a cosine schedule that warms up to ``factor`` of the rate and ends near zero."""
    warmup = max(1, int(recipe.warmup * steps))
    rate = recipe.rate * factor
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 25, max(1, steps - warmup), alpha=0.01, warmup_target=rate, warmup_steps=warmup
    )
    return OPTIMIZERS[recipe.optimizer](recipe, schedule, clipnorm=1.0)


def best_row(rows: list[dict], recipe: Recipe) -> int:
    """Return the place of the first row with the best watched score; a score that is not a number is the worst."""
    name = f"validation_{recipe.watch}"
    sign = -1 if recipe.watch == "log_loss" else 1
    scores = [float("-inf") if row[name] != row[name] else sign * row[name] for row in rows]
    return scores.index(max(scores))


def is_over(rows: list[dict], recipe: Recipe, phase: Phase) -> bool:
    """Say whether a phase ends: all its epochs are done, or patience is at its end."""
    if len(rows) >= phase.epochs:
        return True
    return bool(recipe.patience and rows) and len(rows) - 1 - best_row(rows, recipe) >= recipe.patience
