"""A published comparison beside a new one: kept answers are judged again, kept rows say what they lack."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.card import DEFAULT_BUNDLE
from tests.support.compared_runs import RESAMPLES, answers, command_on, compared, make_run
from training import compare
from training.data.label_sets import CODES
from training.data.provenance import read_table
from training.judging import comparison_rows, earlier_comparison


@pytest.fixture
def earlier(bundle, test_images, tmp_path, monkeypatch) -> Path:
    """A comparison of two recipes of seven classes and one of two, of which only the first still has its run."""
    monkeypatch.setattr(compare, "recipe_names", lambda: ["one", "other", "two"])
    right = np.arange(len(test_images)) % 2 == 0
    for name in ("one", "other"):
        make_run(tmp_path / "runs" / name, answers(test_images, list(CODES), right, "nv"))
    two = test_images[["image_id"]].assign(p_benign=np.linspace(0, 1, len(test_images)).round(4))
    make_run(tmp_path / "runs/two", two.assign(p_malignant=1 - two.p_benign), "two")
    assert compare.main(command_on(bundle)) == 0
    shutil.copytree(bundle / "results", tmp_path / "earlier")
    shutil.rmtree(tmp_path / "runs/other")
    shutil.rmtree(tmp_path / "runs/two")
    return tmp_path / "earlier/comparison.csv"


def change_the_model(bundle: Path) -> None:
    """Let the bundled model be right about everything."""
    predictions = pd.read_csv(bundle / "results/predictions.csv")
    for code in CODES:
        predictions[f"p_{code}"] = (predictions.label == code).astype(float)
    predictions.to_csv(bundle / "results/predictions.csv", index=False)


def test_kept_answers_are_judged_again_beside_another_bundled_model(bundle, earlier, capsys):
    before = pd.read_csv(earlier).set_index("recipe")
    change_the_model(bundle)
    for _ in range(2):  # what was kept can be kept again
        assert compare.main([*command_on(bundle), "--published", str(earlier)]) == 0
        shutil.copytree(bundle / "results", earlier.parent, dirs_exist_ok=True)
    after = compared(bundle)
    assert list(after.index) == ["untrained", "one", "other", "two"]
    cost = ["milliseconds", "note"]
    pd.testing.assert_series_equal(
        after.loc["other"].drop(cost), after.loc["one"].drop(cost), check_names=False, check_dtype=False
    )
    assert after.loc["other", "balanced_accuracy_difference"] == pytest.approx(
        before.loc["other"].balanced_accuracy - 1, abs=2e-6
    )
    assert after.loc["two", "malignant_auc"] == pytest.approx(before.loc["two", "malignant_auc"], abs=1e-6)
    assert after.loc["two", "malignant_auc_difference"] == pytest.approx(
        after.loc["two", "malignant_auc"] - 1, abs=2e-6
    )
    assert pd.isna(after.loc["two", "melanoma_auc_difference"]) and pd.isna(after.loc["other", "milliseconds"])
    assert not after.note.fillna("").str.contains(earlier_comparison.NOTE).any()
    for name in ("comparison_history.csv", "comparison_answers.csv"):
        assert {"one", "other", "two"} <= set(pd.read_csv(bundle / "results" / name).recipe)
    assert "not trained" not in capsys.readouterr().out


@pytest.mark.parametrize("changed", [False, True])
def test_rows_without_answers_keep_differences_from_the_same_model_only(bundle, earlier, changed):
    before = pd.read_csv(earlier).set_index("recipe")
    earlier.with_name("comparison_answers.csv").unlink()
    if changed:
        change_the_model(bundle)
    for _ in range(2):
        assert compare.main([*command_on(bundle), "--published", str(earlier)]) == 0
        shutil.copy(bundle / "results/comparison.csv", earlier)
    after = compared(bundle)
    assert after.loc["other", "accuracy"] == before.loc["other", "accuracy"]
    assert after.loc["other", "note"].count(earlier_comparison.NOTE) == int(changed)
    kept = before.loc["other", "melanoma_auc_difference"]
    assert (
        pd.isna(after.loc["other", "melanoma_auc_difference"])
        if changed
        else (after.loc["other", "melanoma_auc_difference"] == kept)
    )
    assert not pd.isna(after.loc["one", "melanoma_auc_difference"])


def test_earlier_releases_stay_and_times_are_those_of_this_machine(bundle, earlier):
    before = pd.read_csv(earlier)
    release = before[before.recipe == "one"].assign(recipe="untrained 0.0.1", ancestor=comparison_rows.RELEASED)
    pd.concat([before, release.assign(milliseconds=50.0)]).assign(
        milliseconds=lambda table: table.milliseconds.where(table.recipe != "untrained", 10.0)
    ).to_csv(earlier, index=False)
    assert compare.main([*command_on(bundle), "--published", str(earlier)]) == 0
    after = compared(bundle)
    assert after.loc["untrained 0.0.1", "accuracy"] == before.set_index("recipe").loc["one", "accuracy"]
    assert after.loc["untrained 0.0.1", "milliseconds"] == pytest.approx(
        5 * after.loc["untrained", "milliseconds"], abs=0.1
    )


def test_times_are_those_of_this_machine_where_the_model_bundled_then_is_an_earlier_release_now(
    bundle, earlier, tmp_path
):
    then = pd.read_csv(earlier).assign(milliseconds=[10.0, 20.0, 50.0, 50.0])
    then.to_csv(earlier, index=False)
    before = shutil.copytree(bundle, tmp_path / "before")
    change_the_model(bundle)
    assert compare.main([*command_on(bundle), "--published", str(earlier), "--before", str(before)]) == 0
    after = compared(bundle)
    wanted = 5 * after.loc["untrained 0.0.1", "milliseconds"]
    assert after.loc["other", "milliseconds"] == pytest.approx(wanted, abs=0.5)


def test_an_earlier_comparison_on_other_images_is_refused(bundle, earlier, capsys):
    pd.read_csv(earlier).assign(n_images=7).to_csv(earlier, index=False)
    assert compare.main([*command_on(bundle), "--published", str(earlier)]) == 1
    assert "other test images" in capsys.readouterr().err


def test_every_figure_can_be_made_again_from_the_answers_that_are_written(bundle, test_images, earlier):
    labels = compare.load_card(bundle).labels
    table, written = compared(bundle), pd.read_csv(bundle / "results/comparison_answers.csv")
    for name in ("one", "other", "two"):
        judged = earlier_comparison.stored_answers(written, name, test_images, labels)
        again = pd.Series(comparison_rows.figures(judged, RESAMPLES))
        assert again.to_numpy() == pytest.approx(table.loc[name, again.index].to_numpy(float), abs=1e-6)


@pytest.mark.skipif(not (DEFAULT_BUNDLE / "results/comparison_answers.csv").exists(), reason="no answers are packed")
def test_the_shipped_table_of_earlier_systems_follows_from_the_answers_packed_with_it():
    card, test, reference = compare.bundled(DEFAULT_BUNDLE)
    table, written = compared(DEFAULT_BUNDLE), read_table(DEFAULT_BUNDLE / "results/comparison_answers.csv")
    names = list(dict.fromkeys(written.recipe))
    assert set(table.index[table.ancestor.notna()]) - {card.model_id} - set(names) == set(
        table.index[table.ancestor == comparison_rows.RELEASED]
    )
    for name in names:
        judged = earlier_comparison.stored_answers(written, name, test, card.labels)
        again = pd.Series(comparison_rows.figures(judged, 2) | comparison_rows.differences(judged, reference, 2))
        again = again[~again.index.str.contains("_low|_high")]
        assert again.to_numpy() == pytest.approx(table.loc[name, again.index].to_numpy(float), abs=2e-6), name
