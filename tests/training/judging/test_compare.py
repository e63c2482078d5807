"""The comparison on run folders whose answers are known: right numbers, fair differences, and unfair runs refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.evaluation.tables import load_table
from tests.support.compared_runs import RESAMPLES, answers, make_run
from training import compare
from training.data.label_sets import CODES, LABELS
from training.data.splits import INTERNAL_TEST
from training.judging import comparison_rows
from training.judging.trained_run import RunError

MALIGNANT = [code for code, _, malignant in LABELS if malignant]
EIGHT = ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"]


def test_a_recipe_that_is_right_about_all_but_melanoma(bundle, test_images, tmp_path):
    right = (test_images.label != "mel").to_numpy()
    make_run(tmp_path / "runs/one", answers(test_images, list(CODES), right, "nv"))
    table, history, _ = compare.compare(tmp_path / "runs", bundle, ["one"], RESAMPLES)
    own, row = table.iloc[0], table.iloc[1]
    assert list(table.columns) == comparison_rows.COLUMNS
    assert row.balanced_accuracy == pytest.approx(6 / 7)
    assert row.accuracy == pytest.approx(right.mean(), abs=1e-6)
    assert row.accuracy_low < row.accuracy < row.accuracy_high
    assert (row.melanoma_sensitivity, row.melanoma_auc) == (0, 0.5)
    assert row.carcinoma_keratosis_auc == 1
    assert row.balanced_accuracy_difference == pytest.approx(6 / 7 - own.balanced_accuracy, abs=1e-5)
    assert (row.n_images, row.n_lesions, row.split) == (
        len(test_images),
        test_images.lesion_id.nunique(),
        INTERNAL_TEST,
    )
    assert (row.recipe, row.claimed, row.data) == ("one", "accuracy .9", "ham10000: 10 training images")
    assert row.ece == pytest.approx((~right).mean(), abs=1e-6)
    assert "uncalibrated" in row.note and "calibrated" in own.note
    assert pd.isna(own.balanced_accuracy_difference)
    assert set(history.recipe) == {own.recipe, "one"}
    assert "seconds" not in history


def test_images_that_a_gpu_has_learnt_from_are_counted(bundle, test_images, tmp_path):
    given = answers(test_images, list(CODES), np.ones(len(test_images), bool), "nv")
    make_run(tmp_path / "runs/one", given, train_sizes={"ham10000": [10, 10], "another": [25, 20]})
    table, _, _ = compare.compare(tmp_path / "runs", bundle, ["one"], RESAMPLES)
    assert table.iloc[1].data == "ham10000, another: 35 training images"


def test_the_bundles_row_is_its_published_figures(bundle, tmp_path):
    (tmp_path / "runs").mkdir()
    own = compare.compare(tmp_path / "runs", bundle, [], RESAMPLES)[0].iloc[0]
    metrics = pd.read_csv(bundle / "results/metrics.csv").set_index(["split", "metric", "subject"]).value
    for column, key in comparison_rows.METRICS.items():
        assert own[column] == pytest.approx(metrics[(INTERNAL_TEST, *key)], abs=1e-6)
    assert own.milliseconds > 0


def test_the_bundles_own_answers_differ_from_it_by_nothing(bundle, test_images, tmp_path):
    published = pd.read_csv(bundle / "results/predictions.csv")
    eight = published.rename(columns={f"p_{c}": f"p_{c.upper()}" for c in CODES} | {"p_akiec": "p_AK"})
    eight = eight.assign(p_SCC=eight.p_AK / 2, p_AK=eight.p_AK / 2)
    malignant = published[[f"p_{code}" for code in MALIGNANT]].sum(axis=1).clip(upper=1)
    two = published[["image_id"]].assign(p_benign=1 - malignant, p_malignant=malignant)
    make_run(tmp_path / "runs/eight", eight[["image_id", *(f"p_{code}" for code in EIGHT)]], "eight")
    make_run(tmp_path / "runs/two", two, "two")
    table = compare.compare(tmp_path / "runs", bundle, ["eight", "two"], RESAMPLES)[0].set_index("recipe")
    differences = [f"{name}_difference{end}" for name in comparison_rows.DIFFERENCES for end in ("", "_low", "_high")]
    assert table.loc["eight", differences].to_numpy(float) == pytest.approx(0, abs=1e-6)
    assert table.loc["two", "malignant_auc_difference"] == pytest.approx(0, abs=1e-6)
    assert table.loc["two", "two_way_accuracy"] == pytest.approx(table.loc["untrained", "two_way_accuracy"], abs=1e-6)
    unanswerable = ["accuracy", "balanced_accuracy", "macro_auc", "melanoma_auc", "ece", "melanoma_auc_difference"]
    assert table.loc["two", unanswerable].isna().all()


def test_an_earlier_release_is_set_against_the_bundled_model_image_by_image(bundle, test_images, tmp_path):
    earlier = Path(shutil.copytree(bundle, tmp_path / "earlier"))
    predictions = pd.read_csv(earlier / "results/predictions.csv")
    sure = answers(predictions, list(CODES), np.ones(len(predictions), bool), "nv")
    for name in sure.columns[1:]:
        predictions[name] = sure[name]
    predictions.to_csv(earlier / "results/predictions.csv", index=False)
    (tmp_path / "runs").mkdir()
    table, history, _ = compare.compare(tmp_path / "runs", bundle, [], RESAMPLES, [earlier])
    own, row = table.iloc[0], table.iloc[1]
    assert row.recipe == f"{own.recipe} {json.loads((bundle / 'card.json').read_text())['version']}"
    assert (row.ancestor, row.balanced_accuracy, row.melanoma_auc) == (comparison_rows.RELEASED, 1, 1)
    assert row.balanced_accuracy_difference == pytest.approx(1 - own.balanced_accuracy, abs=1e-5)
    assert row.melanoma_auc_difference_low <= row.melanoma_auc_difference <= row.melanoma_auc_difference_high
    assert row.milliseconds > 0 and set(history.recipe) == {own.recipe}


def test_an_earlier_release_that_learnt_from_a_test_image_is_refused(bundle, test_images, tmp_path):
    earlier = Path(shutil.copytree(bundle, tmp_path / "earlier"))
    splits = pd.read_csv(earlier / "dataset/splits.csv")
    splits.loc[splits.image_id == test_images.image_id[0], "split"] = "train"
    splits.to_csv(earlier / "dataset/splits.csv", index=False)
    (tmp_path / "runs").mkdir()
    with pytest.raises(RunError, match="trained or tuned on"):
        compare.compare(tmp_path / "runs", bundle, [], RESAMPLES, [earlier])


def sees_image(run: Path, test: pd.DataFrame) -> None:
    add_seen(run, image_id=test.image_id[0])


def sees_lesion(run: Path, test: pd.DataFrame) -> None:
    add_seen(run, lesion_id=test.lesion_id[0], split="validation")


def sees_group(run: Path, test: pd.DataFrame) -> None:
    add_seen(run, group=test.group[0])


def sees_renamed_group(run: Path, test: pd.DataFrame) -> None:
    add_seen(run, group="new name")
    add_seen(run, group="new name", image_id=test.image_id[0], split="internal_test")


def add_seen(run: Path, **changes) -> None:
    splits = pd.read_csv(run / "splits.csv")
    extra = splits.head(1).assign(image_id="X", lesion_id="XL", group="XG").assign(**changes)
    pd.concat([splits, extra]).to_csv(run / "splits.csv", index=False)


def loses_an_image(run: Path, test: pd.DataFrame) -> None:
    pd.read_csv(run / "predictions.csv").iloc[1:].to_csv(run / "predictions.csv", index=False)


def answers_twice(run: Path, test: pd.DataFrame) -> None:
    table = pd.read_csv(run / "predictions.csv")
    pd.concat([table, table.head(1)]).to_csv(run / "predictions.csv", index=False)


def forgets_groups(run: Path, test: pd.DataFrame) -> None:
    pd.read_csv(run / "splits.csv").drop(columns="group").to_csv(run / "splits.csv", index=False)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (sees_image, "share their image_id with the test"),
        (sees_lesion, "share their lesion_id with the test"),
        (sees_group, "share their group with the test"),
        (sees_renamed_group, "share their group with the test"),
        (loses_an_image, "no prediction of 1 of"),
        (answers_twice, "more than one prediction"),
        (forgets_groups, "lacks group"),
    ],
)
def test_an_unfair_run_is_refused(spoil, words, bundle, test_images, tmp_path):
    run = make_run(tmp_path / "runs/one", answers(test_images, list(CODES), np.ones(len(test_images), bool), "nv"))
    spoil(run, test_images)
    with pytest.raises(RunError, match=words):
        compare.compare(tmp_path / "runs", bundle, ["one"], RESAMPLES)


def test_the_command_writes_listed_tables_and_names_what_is_not_trained(
    bundle, test_images, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(compare, "recipe_names", lambda: ["one", "other", "outside"])
    make_run(tmp_path / "runs/one", answers(test_images, list(CODES), np.ones(len(test_images), bool), "nv"))
    outside = make_run(tmp_path / "runs/outside", pd.DataFrame({"image_id": ["P1"], "p_benign": [1.0]}))
    record = json.loads((outside / "run.json").read_text())
    record["recipe"]["datasets"] = ["ph2"]
    (outside / "run.json").write_text(json.dumps(record))
    command = ["--runs", str(tmp_path / "runs"), "--bundle", str(bundle), "--resamples", str(RESAMPLES)]
    assert compare.main(command) == 0
    out = capsys.readouterr().out
    assert "not trained, so not in the table: other" in out
    assert "other sets than ham10000, so not in the table: outside" in out
    from model.card import load_card

    table = load_table(load_card(bundle), "results/comparison.csv")
    assert list(table.recipe) == ["untrained", "one"]
    assert len(load_table(load_card(bundle), "results/comparison_history.csv")) == 4
    classes = load_table(load_card(bundle), "results/comparison_classes.csv")
    assert set(classes.recipe) == {"untrained", "one"}
    one = classes[classes.recipe == "one"].set_index(["metric", "subject"])
    assert (one.value == 1).all() and set(one.index.get_level_values("metric")) == {"auc", "sensitivity"}
    assert one.n_images["sensitivity", "mel"] == (test_images.label == "mel").sum()
    (tmp_path / "runs/one/run.json").unlink()
    assert compare.main(command) == 1
    assert "lacks run.json" in capsys.readouterr().err


def test_members_of_the_bundle_are_compared_and_its_stages_are_not():
    joined = {"name": "joined", "members": ["first", "second"]}
    built = {"recipe": joined, "stages": [{"recipe": {"name": name}} for name in ("zeroth", "first", "second")]}
    assert compare.own_recipes(built) == {"joined", "zeroth"}
    assert compare.members_of(built) == ("first", "second")
    assert compare.members_of({"recipe": "joined"}) == ()


def test_a_published_figure_keeps_its_interval_and_another_value_has_its_own(bundle):
    file = bundle / "results/metrics.csv"
    rows = pd.read_csv(file)
    mine = (rows.dataset == "ham10000") & (rows.split == "internal_test") & (rows.subject == "all")
    assert mine.any()
    rows.loc[mine & (rows.metric == "accuracy"), ["low", "high"]] = [0.111, 0.999]
    rows.loc[mine & (rows.metric == "balanced_accuracy"), ["value", "low", "high"]] = [0.5, 0.111, 0.999]
    rows.to_csv(file, index=False)
    card, _, reference = compare.bundled(bundle)
    own, plain = (comparison_rows.figures(reference, 30, known) for known in (card, None))
    assert (own["accuracy_low"], own["accuracy_high"]) == (0.111, 0.999)
    assert own["balanced_accuracy_low"] == plain["balanced_accuracy_low"] != 0.111
    rows.head(0).to_csv(file, index=False)
    assert comparison_rows.figures(reference, 30, card) == plain
    rows.drop(columns="low").to_csv(file, index=False)
    with pytest.raises(RunError, match="lacks low"):
        comparison_rows.figures(reference, 30, card)
