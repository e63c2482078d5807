"""The plan of a run on a GPU machine: its recipes, the seconds of each, and which options of a recipe it follows."""

import dataclasses
from collections.abc import Sequence

from training.command import TrainingError
from training.data.augment import LEVELS
from training.data.provenance import TEXTS
from training.fitting.recipe_check import check_recipe
from training.recipe import Recipe, load_recipe

FOLLOWED = (  # options of a recipe that count there; all others must be as they are by default
    "architecture", "architecture_options", "size", "batch", "rate", "warmup", "weight_decay", "dropout",
    "augmentation", "mixup", "balancing_options", "loss_options", "start_from", "teachers", "distil",
    "source_weights", "seed",
)  # fmt: skip
IN_OPTIONS = {"balancing_options": {"exponent"}, "loss_options": {"label_smoothing"}}  # what counts in these
NO_MATTER = (*TEXTS, "datasets", "serve_size", "views", "epochs", "validation_images")  # texts, what is packed or later


@dataclasses.dataclass(frozen=True)
class Step:
    """A recipe and the seconds that it may take."""

    recipe: Recipe
    seconds: float


def read_plan(entries: list[str], changes: list[str]) -> list[Step]:
    """Return the steps of "RECIPE:SECONDS" entries, each recipe with the "name=value" changes.

    Raises
    ------
    TrainingError
        If an entry has no seconds, a recipe is unknown or asks for something that is not followed there, or stands
        before the recipes that teach it.
    """
    steps: list[Step] = []
    for entry in entries:
        name, _, seconds = entry.partition(":")
        if not _number(seconds):
            raise TrainingError(f"Write {name}:SECONDS with a number above 0, not {entry!r}.")
        recipe = load_recipe(name).with_options(changes)
        check_followed(recipe, [change.partition("=")[0] for change in changes])
        if name in {step.recipe.name for step in steps}:
            raise TrainingError(f"{name} stands twice in the plan; its files have the same names.")
        needed = {*recipe.teachers, *filter(None, [recipe.start_from])}
        missing = needed - {step.recipe.name for step in steps}
        if missing:
            raise TrainingError(f"{name} learns from {', '.join(sorted(missing))}; name them before it in the plan.")
        steps.append(Step(recipe, float(seconds)))
    return steps


def _number(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def check_followed(recipe: Recipe, changed: Sequence[str] = ()) -> None:
    """Refuse a recipe with an option that does not exist, or that would change nothing on a GPU machine.

    Raises
    ------
    TrainingError
        With the options, and those that count.
    """
    check_recipe(recipe)
    usual = Recipe(name="")
    asked = {
        field.name
        for field in dataclasses.fields(Recipe)
        if field.name not in (*FOLLOWED, *NO_MATTER) and getattr(recipe, field.name) != getattr(usual, field.name)
    }
    for name, heard in IN_OPTIONS.items():
        asked |= {f"{option} of {name}" for option in set(getattr(recipe, name)) - heard}
    unheard = sorted(asked | (set(changed) - set(FOLLOWED)))
    if unheard:
        raise TrainingError(
            f"{recipe.name}: {', '.join(unheard)} would change nothing on a GPU machine; train it with training.train, "
            f"or leave that out. What counts: {', '.join(FOLLOWED)}."
        )
    if LEVELS.get(recipe.augmentation) is None:
        known = ", ".join(name for name, amount in LEVELS.items() if amount)
        raise TrainingError(f"{recipe.name} has the augmentation {recipe.augmentation!r}; a GPU machine knows {known}.")
    if bool(recipe.distil) != bool(recipe.teachers):
        raise TrainingError(f"{recipe.name} needs both teachers and distil above 0, or neither.")
