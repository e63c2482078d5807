"""What travels to a GPU machine, what it learns from, and what comes back."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from training.accelerator import pack
from training.accelerator.pack import encode, write_parts
from training.accelerator.plan import read_plan
from training.accelerator.weights import halved
from training.command import TrainingError
from training.data.splits import INTERNAL_TEST, TRAIN, VALIDATION, learnt_and_validated
from training.recipe import load_recipe


def manifest() -> pd.DataFrame:
    rows = [
        ("a", "g1", "ham10000", "nv"), ("b", "g2", "ham10000", "mel"), ("c", "g3", "ham10000", "nv"),
        ("d", "g1", "new", "mel"), ("e", "g2", "new", "mel"), ("f", "g3", "new", "mel"), ("g", "g9", "new", "mel"),
        ("h", "g8", "ph2", "mel"), ("i", "g7", "new", ""),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["image_id", "group", "dataset", "label"])


SPLITS = pd.DataFrame({"image_id": list("abc"), "split": [TRAIN, VALIDATION, INTERNAL_TEST], "dataset": "ham10000"})


def test_a_new_image_never_joins_training_beside_a_judged_one():
    packed = learnt_and_validated(manifest(), SPLITS).set_index("image_id").split
    assert packed.to_dict() == {"a": TRAIN, "b": VALIDATION, "d": TRAIN, "g": TRAIN}


def test_parts_hold_every_photo_in_order(tmp_path):
    canvas = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    photos = list(encode(canvas, np.arange(7), 80))
    count = write_parts(iter(photos), tmp_path, 2 * max(map(len, photos)))
    assert count > 1
    found = []
    for path in sorted(tmp_path.glob("part_*.npz")):
        with np.load(path) as part:
            found += np.split(part["data"], part["ends"][:-1])
    assert [photo.tobytes() for photo in found] == [photo.tobytes() for photo in photos]


def test_large_weights_travel_in_half_precision():
    narrow = halved([np.ones((400, 400), np.float32), np.ones(9, np.float32)])
    assert [value.dtype for value in narrow.values()] == [np.float16, np.float32]


@pytest.fixture
def brought(tmp_path):
    """What a GPU machine brought back, beside a split table and a folder of images."""
    from training.networks.architectures import build_network, logits_model
    from training.recipe import Recipe

    recipe = Recipe("small", architecture="tiny", weights="none", size=32, batch=8, teachers=("other",))
    network = build_network(recipe, 7)
    for folder in ("trained", "work"):
        (tmp_path / folder).mkdir()
    np.savez(tmp_path / "trained/small.npz", **halved(logits_model(network).get_weights()))
    record = {"recipe": vars(recipe), "device": "a GPU", "train_sizes": {"a_set": [400, 300]}}
    (tmp_path / "trained/small.json").write_text(json.dumps(record))
    pd.DataFrame({"step": [50, 100], "loss": [2.0, 1.0], "seconds": [30.0, 60.0]}).to_csv(
        tmp_path / "trained/small.csv", index=False
    )
    pd.DataFrame({"image_id": ["a"], "split": [TRAIN]}).to_csv(tmp_path / "splits.csv", index=False)
    (tmp_path / "work/manifest.csv").write_text("image_id\n")
    return network


def unpacked(folder):
    from training.accelerator import unpack

    return unpack.unpack("small", folder / "trained", folder / "splits.csv", folder / "work", folder / "runs")


def test_what_comes_back_is_a_run(brought, tmp_path):
    import keras

    run = unpacked(tmp_path)
    network = keras.models.load_model(run / "trained.keras", compile=False)
    photo = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    assert np.asarray(network(photo)) == pytest.approx(np.asarray(brought(photo)), abs=1e-3)
    written = json.loads((run / "run.json").read_text())
    assert (written["device"], written["minutes"], written["epochs"]) == ("a GPU", 1, 2)
    assert written["train_sizes"] == {"a_set": [400, 300]}
    assert list(pd.read_csv(run / "splits.csv").image_id) == ["a"]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("trained/small.npz", b"", "damaged"), ("trained/small.npz", None, "no weights of 'small'; there are none"),
        ("trained/small.json", b"{}", "damaged"), ("trained/small.json", b"[", "damaged"),
        ("trained/small.csv", b"step,loss,seconds\n", "damaged"), ("work/manifest.csv", None, "training.data.manifest"),
    ],
)  # fmt: skip
def test_what_comes_back_damaged_is_said_in_a_sentence_and_leaves_no_run(brought, tmp_path, file, content, said):
    (tmp_path / file).unlink() if content is None else (tmp_path / file).write_bytes(content)
    with pytest.raises(TrainingError, match=said):
        unpacked(tmp_path)
    assert not (tmp_path / "runs").exists()


def test_augmented_views_keep_their_shape_and_range():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from training.accelerator.augment import views
    from training.data.augment import LEVELS

    photos = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8)
    seeds = [(torch.Generator().manual_seed(1), np.random.default_rng(1)) for _ in range(2)]
    seen = [views(photos, 48, LEVELS["wide"], *seed) for seed in seeds]
    assert seen[0].shape == (8, 48, 48, 3)
    assert float(seen[0].min()) >= 0 and float(seen[0].max()) <= 255
    assert (seen[0] == seen[1]).all()
    assert not (seen[0] == views(photos, 48, LEVELS["wide"], *seeds[0])).all()


TEACHERS = list(load_recipe("lite2_distilled").teachers)


def test_a_plan_has_every_recipe_with_its_seconds_and_changes():
    plan = read_plan([*(f"{name}:60" for name in TEACHERS), "lite2_distilled:90.5"], ["batch=8", "mixup=0"])
    assert [step.recipe.name for step in plan] == [*TEACHERS, "lite2_distilled"]
    assert [step.seconds for step in plan] == [60, 60, 60, 90.5]
    assert {step.recipe.batch for step in plan} == {8} and plan[-1].recipe.mixup == 0


@pytest.mark.parametrize(
    ("entries", "changes", "said"),
    [
        (["lite2_distilled:60", *(f"{name}:60" for name in TEACHERS)], [], f"learns from .*{TEACHERS[0]}"),
        (["lite2_wide"], [], "Write lite2_wide:SECONDS"),
        (["lite2_wide:soon"], [], "Write lite2_wide:SECONDS"),
        (["lite2_wide:-5"], [], "Write lite2_wide:SECONDS"),
        (["lite3:60"], [], "No recipe 'lite3'"),
        (["lite2_wide:60"], ["balancing=over"], "balancing would change nothing"),
        (["lite2_wide:60"], ["epochs=3"], "epochs would change nothing"),
        (["inceptionv3_imbalance:60"], [], "loss.* would change nothing"),
        (["lite2_wide:60"], ["augmentation=none"], "a GPU machine knows .*wide"),
        (["lite2_wide:60"], ["augmentation=wider"], "No augmentation 'wider'"),
        (["lite2_wide:60"], ["batch=0"], "batch must be 1 or more"),
        (["lite2_wide:60"], ["distil=0.5"], "both teachers and distil"),
        (["lite2_wide:60", "lite2_wide:70"], [], "twice in the plan"),
        (["three_trunks_bundle:60"], [], "members.* would change nothing"),
        (["lite2_wide:60"], ['loss_options={"gamma": 2}'], "gamma"),
        (["mobilenetv2_192:60"], [], "learns from mobilenetv2_160"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_one_sentence_before_an_image_is_read(entries, changes, said):
    with pytest.raises(TrainingError, match=said):
        read_plan(entries, changes)


def test_a_plan_needs_no_more_packages_than_a_gpu_machine_has():
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"imblearn", "onnxruntime", "pillow_heif", "streamlit", "plotly", "tf_keras_vis"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from training.accelerator.plan import read_plan
print(read_plan(["lite2_wide:5"], ["batch=4"])[0].recipe.batch)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "4\n", done.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["lite3"], "No recipe 'lite3'"),
        (["three_trunks_bundle"], "members.* would change nothing"),
        (["mobilenetv2_160", "--weights", "nothing"], "weights nothing are missing"),
        (["mobilenetv2_160", "--weights", "none", "--splits", "splits.csv"], "lacks the columns dataset"),
    ],
)
def test_what_cannot_be_packed_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, capsys, command, words):
    monkeypatch.chdir(tmp_path)
    SPLITS.drop(columns="dataset").to_csv("splits.csv", index=False)
    manifest().to_csv("manifest.csv", index=False)
    assert pack.main([*command, "--work", ".", "--out", "packed"]) == 1
    assert re.search(words, capsys.readouterr().err) and not (tmp_path / "packed").exists()


@pytest.mark.parametrize("odd", [["--part-mib", "0"], ["--quality", "900"], ["--per-class", "-1"]])
def test_numbers_that_cannot_be_are_refused(odd, capsys):
    with pytest.raises(SystemExit):
        pack.main(["mobilenetv2_160", *odd])
    assert f"argument {odd[0]}: invalid number from 1" in capsys.readouterr().err


def test_packing_again_leaves_no_part_of_the_packing_before(tmp_path):
    photos = [np.full(1000, value, np.uint8) for value in range(6)]
    assert write_parts(iter(photos), tmp_path, 1500) == 6
    assert write_parts(iter(photos[:2]), tmp_path, 5000) == 1
    assert [path.name for path in tmp_path.glob("part_*.npz")] == ["part_00.npz"]
