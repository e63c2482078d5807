"""The four commands, in order, on synthetic images: what they leave behind is a bundle that its own check accepts."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from model.card import load_card
from model.photo.image import read_photo
from model.pipeline import Analyser
from model.preprocess import to_tensor
from training import bundle, calibrate, evaluate, train
from training.data.label_sets import CODES
from training.data.manifest import build_manifest
from training.data.prepared import synthetic_table
from training.data.sets.ham10000 import read as read_ham10000
from training.data.sets.layouts import DatasetError
from training.fitting.last_layer import read_folds
from training.gauges import fit as gauges
from training.judging.predictions import write_missing_predictions
from training.judging.trained_run import load_run, read_record


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert train.main(["mobilenetv2_bundle", "--smoke"]) == 0
        assert calibrate.main(["--smoke"]) == 0
        assert bundle.main(["--smoke"]) == 0
        assert evaluate.main(["--smoke"]) == 0
        yield folder


def test_the_bundle_passes_its_own_check(place):
    from model.check import check_bundle

    assert check_bundle(place / "runs/smoke-bundle") == []


def test_the_tables_are_listed_and_hold_every_judged_image(place):
    packed = place / "runs/smoke-bundle"
    card = json.loads((packed / "card.json").read_text())
    predictions = pd.read_csv(packed / "results/predictions.csv")
    splits = pd.read_csv(packed / "dataset/splits.csv")
    judged = splits[splits.split != "train"]
    assert set(predictions.image_id) == set(judged.image_id)
    sums = predictions[[f"p_{code}" for code in CODES]].sum(axis=1).to_numpy()
    assert sums == pytest.approx(1, abs=1e-4)
    assert card["tables"]["results/predictions.csv"]["n_images"] == len(judged)
    assert card["evaluation"]["internal_test_opened"] == 1
    assert {point["fitted_on"] for point in card["thresholds"]} == {"validation"}
    for name in ("metrics", "confusion", "operating_points", "history"):
        assert f"results/{name}.csv" in card["tables"]


def test_the_card_knows_what_the_invented_patients_add(place):
    card = load_card(place / "runs/smoke-bundle")
    mel, nv = CODES.index("mel"), CODES.index("nv")
    assert card.effects.decade[mel] > card.effects.decade[nv]  # training.train draws them so
    assert card.effects.power > 0
    assert "patient" not in card.raw["calibration"]
    for name in ("informed", "informed_subgroups"):
        assert f"results/{name}.csv" in card.raw["tables"]


def test_without_a_record_of_patients_nothing_is_learnt_of_them(place):
    _, _, manifest = load_run(place / "runs/smoke")
    unknown = manifest.assign(age=np.nan, sex=None, site=None)
    shares = np.full((5, len(CODES)), 1 / len(CODES))
    assert calibrate.patient_factors(unknown, shares, unknown.head(5)) is None


def test_a_packed_network_answers_as_the_trained_one_without_its_normalisation(place, tmp_path):
    run = shutil.copytree(place / "runs/smoke", tmp_path / "run")
    photo = keras.Input(keras.models.load_model(run / "trained.keras", compile=False).input_shape[1:], name="photo")
    values = keras.layers.Conv2D(24, 5, strides=4, name="bare")(keras.layers.Rescaling(1 / 255)(photo))
    values = keras.layers.BatchNormalization(beta_initializer="ones", gamma_initializer="ones")(values)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Activation("relu")(values))
    answer = keras.layers.Softmax()(keras.layers.Dense(len(CODES), name="logits")(pooled))
    trained = keras.Model(photo, answer)
    trained.save(run / "trained.keras")
    bundle.pack(run, tmp_path / "bundle", "1.0.0")
    packed = keras.models.load_model(tmp_path / "bundle/weights.keras", compile=False)
    kinds = [{type(layer) for layer in network.layers} for network in (trained, packed)]
    assert [keras.layers.BatchNormalization in found for found in kinds] == [True, False]
    assert packed.get_layer("bare").bias.shape == (24,)
    photos = np.random.default_rng(0).uniform(0, 255, (4, *trained.input_shape[1:])).astype(np.float32)
    np.testing.assert_allclose(np.asarray(packed(photos)), np.asarray(trained(photos)), atol=1e-5)


def test_training_learnt_something(place):
    metrics = pd.read_csv(place / "runs/smoke-bundle/results/metrics.csv")
    chosen = metrics[(metrics.metric == "macro_auc") & (metrics.split == "internal_test")]
    assert chosen.value.item() > 0.75


def test_after_the_last_layer_learnt_from_validation_its_images_are_answered_out_of_fold(place, tmp_path, capsys):
    run, packed = tmp_path / "run", tmp_path / "bundle"
    names = ["--run", str(run), "--work", str(place / "runs/smoke-data")]
    asked = ["last_layer_penalty=1", "prior_exponent=0.2"]
    assert train.main(["mobilenetv2_bundle", "--smoke", *names, "--set", *asked]) == 0
    assert calibrate.main([str(run)]) == 0
    with pytest.raises(SystemExit):
        bundle.main([str(run), "--bundle", str(packed)])
    assert "a number of its own" in capsys.readouterr().err and not packed.exists()
    assert bundle.main([str(run), "--bundle", str(packed), "--version", "9.9.9"]) == 0
    assert evaluate.main([str(run), "--bundle", str(packed)]) == 0
    card, folds = load_card(packed), read_folds(run, read_record(run)[1])
    table = pd.read_csv(packed / "results/predictions.csv")
    images = load_run(run)[2].set_index("image_id").loc[table.image_id]
    analyser = Analyser(packed)
    views = np.concatenate([to_tensor(read_photo(Path(path).read_bytes()).pixels, card.size) for path in images.path])
    raw = analyser.classifier.run(views, features=False)
    served = softmax(raw.logits / card.temperature, axis=1)
    held_out = (table.split == "validation").to_numpy()
    names = [f"p_{code}" for code in card.codes]
    np.testing.assert_allclose(table.loc[~held_out, names], served[~held_out], atol=1e-4)
    unseen = softmax(folds.logits(raw.pooled[held_out], table.image_id[held_out]) / card.temperature, axis=1)
    np.testing.assert_allclose(table.loc[held_out, names], unseen, atol=1e-4)
    assert np.abs(unseen - served[held_out]).max() > 0.01
    assert card.raw["built"]["last_layer"]["n_images"] == held_out.sum()
    assert evaluate.main([str(run), "--bundle", str(place / "runs/smoke-bundle"), "--reopen"]) == 1
    assert "was not packed from" in capsys.readouterr().err
    logits, rows = calibrate.validation_logits(run)  # both read images that were made smaller before
    kept = rows.set_index("image_id").loc[table.image_id[held_out]].index
    near = pd.DataFrame(softmax(logits / card.temperature, axis=1), index=rows.image_id).loc[kept].to_numpy()
    assert np.abs(near - unseen).mean() < np.abs(near - served[held_out]).mean()


def test_members_answer_every_image_they_are_judged_on_and_only_once(place, tmp_path):
    shutil.copytree(place / "runs/smoke", tmp_path / "member")
    write_missing_predictions(tmp_path, ["member", "not trained"])
    path = tmp_path / "member/predictions.csv"
    answers, splits = pd.read_csv(path), pd.read_csv(tmp_path / "member/splits.csv")
    assert sorted(answers.image_id) == sorted(splits.image_id[splits.split.isin(["validation", "internal_test"])])
    shares = answers.filter(like="p_").to_numpy()
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4) and (shares.argmax(axis=1) != shares.argmax(axis=1)[0]).any()
    path.write_text("as it was")
    write_missing_predictions(tmp_path, ["member"])
    assert path.read_text() == "as it was"


def test_a_set_that_only_an_earlier_stage_or_a_gpu_has_learnt_from_is_no_outside_set(place, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(place / "runs/smoke", run)
    record = json.loads((run / "run.json").read_text())
    work = tmp_path / "work"
    work.mkdir()
    manifest = pd.read_csv(place / record["work"] / "manifest.csv")
    others = [
        manifest.head(3).assign(dataset=name, image_id=list(name[:3]), group=name)
        for name in ("one", "two", "gpu", "six")
    ]
    pd.concat([manifest, *others]).to_csv(work / "manifest.csv", index=False)
    stages = [
        {"recipe": {"datasets": ["one"], "weights": "none"}},
        {"recipe": {"weights": "none"}, "train_sizes": {"two": [3, 3]}},
    ]
    changed = {"work": str(work), "stages": stages, "train_sizes": {"gpu": [3, 2]}}
    (run / "run.json").write_text(json.dumps(record | changed))
    built = bundle._built(*read_record(run), load_run(run)[2])
    assert {"two", "gpu"} <= set(built["train_datasets"])
    own = (pd.read_csv(run / "splits.csv").split == "train").sum()
    assert built["train_images"] == own + 3 + 3
    judged = evaluate.judged_images(run)
    assert set(judged.dataset[judged.split == "external"]) == {"six"}


def test_options_given_for_a_rehearsal_count_and_minutes_of_an_interrupted_run_do_too(place, tmp_path, capsys):
    names = ["--run", str(tmp_path / "run"), "--work", str(place / "runs/smoke-data")]
    command = ["mobilenetv2_bundle", "--smoke", *names, "--set", "epochs=2", "size=32", "serve_size=32"]
    assert train.main(command) == 0
    recipe, record = read_record(tmp_path / "run")
    assert (recipe.epochs, recipe.size, record["epochs"]) == (2, 32, 2)
    log = pd.read_csv(tmp_path / "run/history.csv")
    log.assign(seconds=[3600.0, 60.0]).to_csv(tmp_path / "run/history.csv", index=False)
    (tmp_path / "run/run.json").write_text(json.dumps({k: v for k, v in record.items() if k != "wall_minutes"}))
    assert train.main(command) == 0  # nothing is left to train
    assert read_record(tmp_path / "run")[1]["wall_minutes"] == pytest.approx(61, abs=0.1)


def test_a_recipe_with_masks_is_judged_with_them(place, tmp_path, monkeypatch):
    shutil.copytree(place / "runs/smoke", tmp_path / "member")
    record = json.loads((tmp_path / "member/run.json").read_text())
    record["recipe"]["masks"] = True
    (tmp_path / "member/run.json").write_text(json.dumps(record))
    with pytest.raises(DatasetError, match="No lesion mask"):  # these images have none
        write_missing_predictions(tmp_path, ["member"])


def test_a_test_split_is_not_opened_twice_by_accident(place, capsys):
    with pytest.raises(SystemExit):
        evaluate.main([str(place / "runs/smoke"), "--bundle", str(place / "runs/smoke-bundle")])
    assert "--reopen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no_such_recipe"], "mobilenetv2_bundle"),
        (["mobilenetv2_bundle", "--set", "rat=1"], "rate"),
        (["mobilenetv2_160", "--weights", "nowhere.h5"], "Pretrained weights nowhere.h5 are missing"),
        (["mobilenetv2_bundle", "--data", "nowhere"], "HAM10000_metadata.csv is missing"),
    ],
)
def test_a_wrong_command_says_what_is_known(command, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main(command) == 1
    assert words in capsys.readouterr().err


def test_a_missing_set_names_where_it_is_published(tmp_path):
    with pytest.raises(DatasetError, match=r"doi:10\.7910/DVN/DBW86T"):
        read_ham10000(tmp_path)


def test_a_broken_image_is_skipped_and_many_are_an_error(tmp_path, capsys):
    images = synthetic_table(tmp_path / "drawn", per_class=15)
    Path(images.path[3]).write_bytes(b"not an image")
    manifest = build_manifest(images, tmp_path / "work")
    said = capsys.readouterr().out
    assert images.image_id[3] in said and "1 of 105 images cannot be read" in said
    assert len(manifest) == len(images) - 1
    Path(images.path[4]).write_bytes(b"")
    with pytest.raises(DatasetError, match="2 of 105"):
        build_manifest(images, tmp_path / "again")


def test_a_package_that_is_run_is_called_by_its_name(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/somewhere/training/gauges/__main__.py", "--help"])
    with pytest.raises(SystemExit):
        gauges.main()
    assert capsys.readouterr().out.startswith("usage: python -m training.gauges ")
