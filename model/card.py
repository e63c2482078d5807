"""The card of a bundle: a machine-readable description of its weights, input, labels and tables."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.answer.decision_entries import check_decision_entries
from model.answer.gate import Gate, read_gate
from model.answer.lesion import OutlineEntry, read_outline
from model.answer.patient import Effects, read_effects
from model.answer.quality import Gauges, read_gauges
from model.errors import BundleError

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
COOLEST, HOTTEST = 0.01, 100  # temperatures beyond these give no probabilities any more
SCHEMA = 1
DEFAULT_BUNDLE = Path(__file__).parent / "bundle"
BUNDLE_VARIABLE = "LESIONSCOPE_BUNDLE"  # environment variable that points to another bundle
# A lesion has no upright direction: views of a photo, with the axes of a batch (n, height, width, 3) to reverse.
VIEWS = {"identity": (), "flip_left_right": (2,), "flip_up_down": (1,), "rotate_180": (1, 2)}


@dataclass(frozen=True)
class Label:
    """One class of the network's output; ``malignant`` counts towards the summed probability."""

    index: int
    code: str
    name: str
    malignant: bool


@dataclass(frozen=True)
class Card:
    """The description of a bundle, checked for form when it is loaded.

    Parameters
    ----------
    bundle_dir : Path
        Folder that the card was read from; it also contains tables and weights.
    labels : tuple of Label
        In the order of the network's output.
    size : int
        Edge length of the network's input in pixels.
    temperature : float
        What logits are divided by before softmax, greater than 0.
    views : tuple of str
        Views of a photo whose logits are averaged, from `VIEWS`.
    feature_layer, logits_layer : str
        Layers whose output and kernel give the heat maps.
    raw : dict
        The whole card as it is in the file.
    effects : Effects or None
        Effects of age, sex and site on the probabilities; None if the model uses the photo alone.
    gate : Gate or None
        Refuses photos of another kind; None if every photo is answered.
    gauges : Gauges or None
        Measures of a photo in addition to its answer.
    outline : OutlineEntry or None
        The network that draws the lesion's outline; None where the model has none.
    """

    bundle_dir: Path
    model_id: str
    version: str
    labels: tuple[Label, ...]
    size: int
    temperature: float
    views: tuple[str, ...]
    feature_layer: str
    logits_layer: str
    raw: dict[str, Any]
    effects: Effects | None = None
    gate: Gate | None = None
    gauges: Gauges | None = None
    outline: OutlineEntry | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Class codes in the order of the network's output."""
        return tuple(label.code for label in self.labels)

    @property
    def names(self) -> dict[str, str]:
        """Full names of the classes by code."""
        return {label.code: label.name for label in self.labels}

    @property
    def malignant(self) -> np.ndarray:
        """Whether each class counts as malignant, shape (classes,)."""
        return np.array([label.malignant for label in self.labels])

    @property
    def weights_path(self) -> Path:
        """File of the network."""
        return self.bundle_dir / self.raw["weights"]["file"]

    @property
    def exported_path(self) -> Path | None:
        """File of the network for ONNX Runtime; None if the bundle has none."""
        entry = self.raw.get("exported")
        return self.bundle_dir / entry["file"] if entry else None

    @property
    def release(self) -> str:
        """Name and version, as reports and pictures state them."""
        return f"{self.model_id} {self.version}"

    def label(self, code: str) -> Label:
        """Return the class with this code; BundleError names the known ones if there is none."""
        for label in self.labels:
            if label.code == code:
                return label
        raise BundleError("unknown_class", f"There is no class '{code}'; known are {', '.join(self.codes)}.")


def bundle_folder(bundle_dir: Path | str | None = None) -> Path:
    """Return the folder asked for, else the one in the environment, else the one in the repository."""
    return Path(bundle_dir or os.environ.get(BUNDLE_VARIABLE) or DEFAULT_BUNDLE)


def load_card(bundle_dir: Path | str | None = None) -> Card:
    """Read and check the card of a bundle.

    Parameters
    ----------
    bundle_dir : path, optional
        Folder of the bundle; by default ``LESIONSCOPE_BUNDLE`` or the one in the repository.

    Returns
    -------
    Card

    Raises
    ------
    BundleError
        If ``card.json`` is missing, not JSON, of another schema, or lacks or contradicts something needed.
    """
    folder = bundle_folder(bundle_dir)
    try:
        return _read(folder)
    except UNREADABLE as error:  # an entry of a kind that no check below has thought of
        said = f"card.json or a file that it names is damaged ({type(error).__name__}); restore it."
        raise BundleError("card_entry", said) from error


def _read(folder: Path) -> Card:
    raw = _read_json(folder / "card.json")
    if raw.get("schema") != SCHEMA:
        raise BundleError("card_schema", f"card.json has schema {raw.get('schema')}, this code reads {SCHEMA}.")
    labels = _labels(_entry(raw, "output.labels", list))
    card = Card(
        bundle_dir=folder,
        model_id=_entry(raw, "model_id", str),
        version=_entry(raw, "version", str),
        labels=labels,
        size=_size(_entry(raw, "input.shape", list)),
        temperature=float(_entry(raw, "calibration.temperature", int | float)),
        views=tuple(_entry(raw, "inference.views", list)),
        feature_layer=_entry(raw, "explain.layer", str),
        logits_layer=_entry(raw, "explain.logits_layer", str),
        raw=raw,
        effects=read_effects(raw.get("patient"), len(labels)),
        gate=read_gate(raw.get("gate"), folder),
        gauges=read_gauges(raw.get("gauges"), folder, outlined=raw.get("outline") is not None),
        outline=read_outline(raw.get("outline"), folder),
    )
    _entry(raw, "weights.file", str)
    _entry(raw, "weights.sha256", str)
    if "exported" in raw:
        _entry(raw, "exported.file", str)
        _entry(raw, "exported.sha256", str)
    _check_values(card)
    return card


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BundleError("no_card", f"There is no model in {path.parent}: card.json is missing.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError("card_json", f"card.json is not valid JSON: {error}.") from None
    if not isinstance(raw, dict):
        raise BundleError("card_json", "card.json must contain one JSON object.")
    return raw


def _entry(raw: Any, dotted: str, kind: Any) -> Any:
    """Return the value at a dotted name in the card, and check its type."""
    value = raw
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        expected = getattr(kind, "__name__", str(kind))
        raise BundleError("card_entry", f"card.json needs {dotted} ({expected}), but it is {value!r}.")
    return value


def _labels(entries: list[Any]) -> tuple[Label, ...]:
    try:
        labels = tuple(Label(**entry) for entry in entries)
    except TypeError:
        raise BundleError("card_labels", "Every output label needs index, code, name and malignant.") from None
    kinds = {"index": int, "code": str, "name": str, "malignant": bool}
    for label in labels:
        for name, kind in kinds.items():
            value = getattr(label, name)
            if type(value) is not kind:
                raise BundleError("card_labels", f"A label's {name} must be {kind.__name__}, but it is {value!r}.")
    if [label.index for label in labels] != list(range(len(labels))):
        raise BundleError("card_labels", "Output labels must be in the order of their index, from 0.")
    if len(labels) < 2 or len({label.code for label in labels}) < len(labels):
        raise BundleError("card_labels", "Output labels must be two or more, each with its own code.")
    return labels


def _size(shape: list[Any]) -> int:
    if len(shape) != 3 or type(shape[0]) is not int or shape[0] < 1 or shape[1:] != [shape[0], 3]:
        raise BundleError("card_input", f"input.shape must be [S, S, 3] with a square S, but it is {shape}.")
    return shape[0]


def _check_values(card: Card) -> None:
    check_decision_entries(card.raw, len(card.labels))
    expected = {"dtype": "float32", "range": [0, 255]}
    for name, value in expected.items():
        if card.raw["input"].get(name) != value:
            raise BundleError("card_input", f"input.{name} must be {value}, but it is {card.raw['input'].get(name)}.")
    if not COOLEST <= card.temperature <= HOTTEST:
        raise BundleError(
            "card_temperature",
            f"The temperature must be above 0, from {COOLEST} to {HOTTEST}, but it is {card.temperature}.",
        )
    known = bool(card.views) and all(isinstance(view, str) and view in VIEWS for view in card.views)
    if not known or len(set(card.views)) < len(card.views):
        raise BundleError(
            "card_views",
            f"inference.views must be one or more of {list(VIEWS)}, but it is {list(card.views)}.",
        )
