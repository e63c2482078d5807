"""A card is valid or says in one sentence what is wrong with it."""

import json
import shutil

import pytest

from model.card import BUNDLE_VARIABLE, load_card
from model.errors import BundleError

REMOVED = object()


@pytest.fixture
def change(tiny_bundle, tmp_path):
    """Return a function that writes the small bundle's card with one entry changed, and its folder."""

    def write(dotted: str, value) -> str:
        card = json.loads((tiny_bundle / "card.json").read_text())
        *parents, name = dotted.split(".")
        inner = card
        for parent in parents:
            inner = inner[parent]
        if value is REMOVED:
            del inner[name]
        else:
            inner[name] = value
        (tmp_path / "card.json").write_text(json.dumps(card))
        shutil.copy(tiny_bundle / "outline.keras", tmp_path)
        return tmp_path

    return write


def test_card_of_the_small_bundle(tiny_bundle):
    card = load_card(tiny_bundle)
    assert card.codes == ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    assert [label.code for label in card.labels if label.malignant] == ["akiec", "bcc", "mel"]
    assert card.label("mel").name == "Melanoma"
    assert card.bundle_dir == tiny_bundle
    assert card.raw["tables"]["results/metrics.csv"]["rows"] > 0


def test_the_environment_names_another_bundle(bundle_in_use, monkeypatch, tmp_path):
    assert load_card().model_id == "untrained"
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    with pytest.raises(BundleError, match=r"card\.json is missing"):
        load_card()
    assert load_card(bundle_in_use).model_id == "untrained"


def test_an_unknown_class_names_the_known_ones(tiny_bundle):
    with pytest.raises(BundleError, match=r"'scc'.*akiec, bcc"):
        load_card(tiny_bundle).label("scc")


@pytest.mark.parametrize(
    ("dotted", "value", "words"),
    [
        ("schema", 2, "schema 2"),
        ("version", REMOVED, "needs version"),
        ("version", 1.0, "needs version"),
        ("output.labels", [], "two or more"),
        ("output.labels", [{"index": 0}], "index, code, name and malignant"),
        ("output", REMOVED, "needs output.labels"),
        ("input.shape", [64, 32, 3], "square"),
        ("input.shape", [64, 64, 1], "square"),
        ("input.dtype", "uint8", "float32"),
        ("input.range", [0, 1], "255"),
        ("calibration.temperature", 0, "above 0"),
        ("calibration.temperature", True, "needs calibration.temperature"),
        ("calibration.temperature", 1e-300, "above 0"),
        ("calibration.temperature", 10**400, "damaged"),
        ("gate", [], "damaged"),
        ("outline", "x", "damaged"),
        ("decision", {"log_offsets": [0] * 7, "near_tie": []}, "cannot be used|damaged"),
        ("inference.views", ["identity", "upside_down"], "upside_down"),
        ("inference.views", ["identity", "identity"], "identity"),
        ("inference.views", [], "one or more"),
        ("inference.views", [["identity"]], "one or more"),
        ("input.shape", ["64", "64", 3], "square"),
        ("output.labels", [{"index": 0, "code": ["mel"], "name": "Melanoma", "malignant": True}], "code must be str"),
        ("output.labels", [{"index": 0, "code": "mel", "name": "Melanoma", "malignant": "no"}], "malignant must be"),
        ("explain.layer", None, "needs explain.layer"),
        ("weights.sha256", REMOVED, "needs weights.sha256"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(change, dotted, value, words):
    with pytest.raises(BundleError, match=words) as caught:
        load_card(change(dotted, value))
    assert "\n" not in str(caught.value)


def test_labels_out_of_order_are_refused(change, tiny_bundle):
    labels = json.loads((tiny_bundle / "card.json").read_text())["output"]["labels"]
    with pytest.raises(BundleError, match="order of their index"):
        load_card(change("output.labels", labels[::-1]))
    doubled = [label | {"code": "mel"} for label in labels]
    with pytest.raises(BundleError, match="its own code"):
        load_card(change("output.labels", doubled))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_card_that_is_no_json_object(tmp_path, text):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(BundleError, match="JSON"):
        load_card(tmp_path)
