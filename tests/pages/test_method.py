"""The page on how the model was made, from the card and tables alone."""

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model.card import BUNDLE_VARIABLE
from tests.support.bundles import PATIENT
from tests.support.card_bundle import charts, text, write_bundle
from ui.method import wording
from ui.method.page import SECTIONS

APP = str(Path(__file__).resolve().parents[2] / "app.py")
HISTORY = pd.DataFrame(
    {
        "stage": ["first", "first", "second"], "epoch": [1, 2, 1], "loss": [1.5, 1.1, 0.8],
        "validation_balanced_accuracy": [0.5, 0.6, 0.7], "validation_melanoma_auc": [0.8, 0.85, 0.9],
        "other_sets_balanced_accuracy": [None, None, 0.65],
    }
)  # fmt: skip
COST = pd.DataFrame(
    {
        "kind": ["trunks", "trunks", "trunks", "trunks", "release"],
        "tried": ["one_a + two_b", "one_a", "one_a + two_b", "one_a", "second 1.0.0"],
        "size": [224, 224, 192, 192, 224],
        "multiply_adds": [1.5e9, 0.5e9, 1.1e9, 0.4e9, 0.3e9], "dataset": "ham10000", "split": "validation",
        "metric": "log_loss", "value": [0.4, 0.45, 0.42, 0.46, 0.5], "low": 0.35, "high": 0.55,
        "difference": [0.0, 0.05, 0.02, 0.06, 0.1], "difference_low": [0.0, 0.01, -0.01, 0.01, 0.0],
        "difference_high": [0.0, 0.08, 0.12, 0.12, 0.12],
        "n_images": 40, "n_lesions": 30,
    }
)  # fmt: skip
COST = pd.concat([COST, COST.assign(dataset="milk10k", metric="melanoma_auc", value=COST["value"] + 0.4)])
GAINS = pd.DataFrame(
    {
        "share": [1, 0.25, 1, 1, 1], "draws": [32000, 32000, 32000, 96000, 32000], "teachers": [0, 0, 1, 3, 0],
        "seed": [1, 1, 1, 1, 2], "train_images": [2000, 507, 2000, 2000, 2000], "learner": "a network at 128 px",
        "dataset": "ham10000", "split": "validation", "metric": "melanoma_auc",
        "value": [0.8, 0.75, 0.81, 0.85, 0.795], "low": 0.7, "high": 0.9,
        "difference": [0, -0.05, 0.01, 0.05, -0.005], "difference_low": [0, -0.07, -0.01, 0.02, -0.02],
        "difference_high": [0, -0.02, 0.03, 0.07, 0.01], "n_images": 40, "n_lesions": 30,
    }
)  # fmt: skip
COMPARISON = pd.DataFrame(
    {
        "recipe": ["second", "two_way"], "ancestor": "", "claimed": "", "parameters": [2e6, 1e6],
        "milliseconds": [20.0, 10.0], "minutes": 1,
        "n_images": [1512, 1512], "n_lesions": [1119, 1119], "split": "internal_test",
        "balanced_accuracy": [0.7, None], "balanced_accuracy_low": [0.65, None], "balanced_accuracy_high": [0.75, None],
        "melanoma_auc": [0.9, 0.8], "melanoma_auc_low": [0.88, 0.75], "melanoma_auc_high": [0.92, 0.85],
    }
)  # fmt: skip
PREDICTIONS = pd.DataFrame(
    {
        "image_id": ["a", "b"], "lesion_id": ["a", "b"], "dataset": "ham10000", "split": "internal_test",
        "label": ["mel", "nv"], **{f"p_{code}": [0.1, 0.1] for code in ("akiec", "bcc", "bkl", "df", "nv", "vasc")},
        "p_mel": [0.4, 0.4],
    }
)  # fmt: skip
ANSWERS = PREDICTIONS.assign(recipe="second").drop(columns=["lesion_id", "dataset", "split", "label"])
TABLES = {
    "results/history.csv": HISTORY, "results/cost.csv": COST, "results/gains.csv": GAINS,
    "results/comparison.csv": COMPARISON,
    "results/predictions.csv": PREDICTIONS, "results/comparison_answers.csv": ANSWERS,
}  # fmt: skip


def open_page():
    return AppTest.from_file(APP, default_timeout=60).switch_page("pages/method.py").run()


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", TABLES)))
    return open_page()


def go(page, section: str):
    return page.button_group(key="method").set_value(section).run()


def test_every_section_is_drawn(page):
    for section in SECTIONS:
        shown = go(page, section)
        assert not shown.exception, section
        assert not shown.info, section
        assert len(shown.get("download_button")) == (section != list(SECTIONS)[-1]), section


def test_the_recipe_has_a_column_for_every_stage(page):
    said = text(page)
    assert "MobileNetV2 with 2,266,951 parameters" in said and "in 2 stages on 1,234 photos of 987 lesions" in said
    assert f"{wording.SETTINGS['size']}</th><td>160</td><td>192</td>" in said
    assert f"{wording.SETTINGS['serve_size']}</th><td>160</td><td>224</td>" in said
    assert f"{wording.TRAINED['minutes']}</th><td>34.1</td><td>46.7</td>" in said
    assert f"{wording.SETTINGS['weights']}</th><td>trunk.h5</td><td>first</td>" in said


def test_what_all_stages_share_is_said_once(page):
    said = text(page)
    changing, alike = said.split(wording.IN_ALL_STAGES)
    assert f"{wording.SETTINGS['balancing']}</th><td>power, exponent 0.6</td></tr>" in alike
    assert f"{wording.SETTINGS['balancing']}</th>" not in changing
    assert f"{wording.SETTINGS['datasets']}</th><td>HAM10000</td><td>HAM10000, MILK10k</td>" in changing


def test_a_single_stage_has_one_table(page, tmp_path):
    bundle = tmp_path / "bundle"
    card = json.loads((bundle / "card.json").read_text())
    card["built"]["stages"] = []
    card["built"]["recipe"] |= {"start_from": "", "weights": "folder/mobilenet_v2_imagenet_notop.weights.h5"}
    (bundle / "card.json").write_text(json.dumps(card))
    said = text(open_page())
    assert wording.IN_ALL_STAGES not in said and "in one stage" in said
    assert f"{wording.SETTINGS['weights']}</th><td>{wording.IMAGENET}</td>" in said
    assert f"{wording.SETTINGS['freeze_until']}</th><td>{wording.ALL_LAYERS}</td>" in said


def test_what_age_sex_and_site_do_is_said_where_the_card_holds_it(page, tmp_path, monkeypatch):
    said = wording.TOLD.format(0.5, "HAM10000 validation").strip()
    assert said not in text(page)
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "told", TABLES, patient=PATIENT)))
    assert said in text(open_page())


def test_joined_networks_are_named_with_their_shares_and_what_was_divided_out(page, tmp_path):
    bundle = tmp_path / "bundle"
    card = json.loads((bundle / "card.json").read_text())
    other = card["built"]["recipe"] | {"name": "other", "start_from": "", "weights": "wide.h5", "prior_exponent": 0.4}
    joined = other | {"name": "joined", "architecture": "side_by_side", "members": ["second", "other"], "epochs": 0}
    joined |= {"architecture_options": {"trunks": ["mobilenetv2", "resnet50v2_conv4", "inceptionv3"]}}
    joined |= {"shares": [0.75, 0.25], "prior_exponent": 0.2}
    second = {"recipe": card["built"]["recipe"], "epochs": 5, "minutes": 46.7}
    stages = [*card["built"]["stages"], second, {"recipe": other, "epochs": 9, "minutes": 80.0}]
    card["built"] |= {"recipe": joined, "stages": stages, "epochs": 0, "minutes": 0.0}
    (bundle / "card.json").write_text(json.dumps(card))
    said = text(open_page())
    assert "MobileNetV2, ResNet50V2 to its fourth stage and Inception V3 side by side with" in said
    assert "in 3 stages" in said
    assert wording.JOINED.strip() in said and wording.PRIOR.format(0.3).strip() in said
    cells = ["trunk.h5", "first", "wide.h5", wording.MEMBERS]
    assert f"{wording.SETTINGS['weights']}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) in said
    assert f"{wording.SETTINGS['rate']}</th><td>0.0003</td></tr>" in said.split(wording.IN_ALL_STAGES)[1]
    assert f"{wording.SETTINGS['shares']}</th><td>none</td><td>none</td><td>none</td><td>0.75, 0.25</td>" in said
    card["built"]["recipe"] |= {"shares": []}
    (bundle / "card.json").write_text(json.dumps(card))
    assert f"<td>none</td><td>{wording.EQUAL}</td>" in text(open_page())
    assert f"{wording.SETTINGS['members']}</th><td>none</td><td>none</td><td>none</td><td>second, other</td>" in said


def test_a_prior_that_was_taken_off_is_said(page, tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    assert "divided out" not in text(page)
    card = json.loads((bundle / "card.json").read_text())
    card["built"]["recipe"]["prior_exponent"] = 0.2
    (bundle / "card.json").write_text(json.dumps(card))
    said = text(open_page())
    assert wording.PRIOR.format(0.2).strip() in said
    assert f"{wording.SETTINGS['prior_exponent']}</th>" in said


def test_a_last_layer_that_learnt_again_is_said_and_replaces_what_members_had_divided_out(page, tmp_path):
    bundle = tmp_path / "bundle"
    card = json.loads((bundle / "card.json").read_text())
    card["built"]["recipe"] |= {"prior_exponent": 0.2, "last_layer_penalty": 2.0}
    card["built"]["last_layer"] = {"learnt_from": "validation", "n_images": 1234, "n_lesions": 1001, "folds": 5}
    (bundle / "card.json").write_text(json.dumps(card))
    said = text(open_page())
    assert wording.LAST_LAYER.format(n_images=1234, n_lesions=1001, folds=5).strip() in said
    assert wording.PRIOR.format(0.2).strip() in said
    assert f"{wording.SETTINGS['last_layer_penalty']}</th>" in said


@pytest.mark.parametrize("entry", ["yes", {}, {"n_images": "1234", "n_lesions": 1, "folds": 5}, [1], True])
def test_a_damaged_entry_of_the_last_layer_is_one_sentence(page, tmp_path, entry):
    card = json.loads((tmp_path / "bundle/card.json").read_text())
    card["built"]["last_layer"] = entry
    (tmp_path / "bundle/card.json").write_text(json.dumps(card))
    shown = open_page()
    assert "built.last_layer of card.json is damaged" in text(shown) + " ".join(one.value for one in shown.error)
    assert not shown.exception


def test_curves_run_on_over_the_stages(page):
    shown = go(page, "Training curves")
    loss, figure = charts(shown)
    assert [line["x"] for line in loss["data"]] == [[1, 2], [3]]
    assert [line["name"] for line in figure["data"]] == ["first, HAM10000", "second, HAM10000", "second, other sets"]
    changed = shown.selectbox(key="progress").set_value("validation_melanoma_auc").run()
    assert [line["y"] for line in charts(changed)[1]["data"]] == [[0.8, 0.85], [0.9]]
    assert "40 images of 30 lesions" in text(changed)


def test_a_log_of_the_last_stage_alone_says_so(tmp_path, monkeypatch):
    bundle = write_bundle(tmp_path / "bundle", {"results/history.csv": HISTORY[2:].drop(columns="stage")})
    monkeypatch.setenv(BUNDLE_VARIABLE, str(bundle))
    shown = go(open_page(), "Training curves")
    assert not shown.exception
    assert wording.LAST_STAGE.format("the last", 2) in text(shown)
    assert [line["x"] for line in charts(shown)[0]["data"]] == [[1]]


def test_a_figure_is_drawn_over_its_cost_and_changes_are_paired(page):
    shown = go(page, "What it costs")
    over, fewer, releases = charts(shown)
    assert {line["name"]: (line["x"], line["y"]) for line in over["data"]} == {
        "one a + two b": ([1.1, 1.5], [0.42, 0.4]), "one a": ([0.4, 0.5], [0.46, 0.45]),
        wording.SERVED: ([1.5], [0.4]),
    }  # fmt: skip
    assert over["data"][0]["text"] == ["192 px", "224 px"]
    symbols = [line["marker"]["symbol"] for line in over["data"]]
    assert symbols[2] == "star" and "star" not in symbols[:2]
    assert fewer["data"][0]["x"] == [0.02, 0.05]  # the most costly first; both changed at once is in the first chart
    labels = [label.replace("<br>", " ") for label in fewer["layout"]["yaxis"]["ticktext"]]
    assert labels == ["one a + two b, 192 px: 1.10 billion", "one a, 224 px: 0.50 billion"]
    assert releases["data"][0]["x"] == [0.1]
    said = text(shown) + " ".join(element.value for element in shown.caption)
    assert "needs 1.50 billion multiply-adds. Its log loss is 0.400 (0.350 to 0.550) on HAM10000, validation" in said
    assert "40 images of 30 lesions, where less is better" in said and "at 192, 224 px from left to right" in said
    other = shown.selectbox(key="cost_set").set_value("milk10k").run().selectbox(key="cost_metric")
    changed = other.set_value("melanoma_auc").run()
    assert charts(changed)[0]["data"][0]["y"] == pytest.approx([0.82, 0.8]) and len(charts(changed)) == 3
    captions = " ".join(element.value for element in changed.caption)
    assert "Its melanoma AUC is 0.800" in captions and "MILK10k" in captions and "more is better" in captions


def test_each_gain_is_named_by_what_differs(page):
    shown = go(page, "What would help")
    [changes] = charts(shown)
    labels = [label.replace("<br>", " ") for label in changes["layout"]["yaxis"]["ticktext"]]
    assert labels == [
        "507 images (25 % of the lesions)", "distilled from one trunk",
        "distilled from all 3 trunks, 96,000 draws",
        wording.GAIN_SEED,
    ]  # fmt: skip
    assert changes["data"][0]["x"] == [-0.05, 0.01, 0.05, -0.005]
    said = " ".join(element.value for element in shown.caption)
    assert "a network at 128 px. With all 2,000 training images, 32,000 draws and labels alone" in said
    assert "its melanoma AUC is 0.800 (0.700 to 0.900) on HAM10000, validation" in said
    assert "40 images of 30 lesions" in said


def test_gains_without_the_first_network_are_one_sentence(tmp_path, monkeypatch):
    tables = TABLES | {"results/gains.csv": GAINS.iloc[1:]}
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", tables)))
    shown = go(open_page(), "What would help")
    assert not shown.exception and not charts(shown)
    assert "results/gains.csv lacks the rows of the first network" in " ".join(
        one.value for one in [*shown.info, *shown.error]
    )


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("dataset", None, "odd value in dataset"), ("split", None, "odd value in split"),
        ("value", "much", "odd value in value"), ("n_images", "many", "odd value in n_images"),
        ("tried", None, "odd value in tried"), ("difference", 0.5, "lacks the rows of the trunks"),
        ("multiply_adds", None, "lacks the rows of the trunks"),
    ],
)  # fmt: skip
def test_an_odd_value_is_one_sentence(tmp_path, monkeypatch, column, value, words):
    odd = COST.reset_index(drop=True).astype({column: object})
    odd.loc[0, column] = value  # the row of what is served
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", TABLES | {"results/cost.csv": odd})))
    shown = go(open_page(), "What it costs")
    assert not shown.exception and words in " ".join(one.value for one in [*shown.info, *shown.error])


def test_a_table_without_the_trunks_is_one_sentence(tmp_path, monkeypatch):
    tables = TABLES | {"results/cost.csv": COST[COST["kind"] == "release"]}
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", tables)))
    shown = go(open_page(), "What it costs")
    assert not shown.exception and "results/cost.csv lacks the rows of the trunks" in text(shown) + " ".join(
        one.value for one in [*shown.info, *shown.error]
    )


def test_the_commands_name_this_model(page):
    shown = text(go(page, "Make it again"))
    assert "python -m training.train second --data data" in shown and "--datasets ham10000 milk10k\n" in shown
    assert "training.accelerator.unpack" not in shown


def test_networks_that_a_gpu_taught_are_unpacked_before_training(page, tmp_path):
    card = json.loads((tmp_path / "bundle/card.json").read_text())
    card["built"]["stages"][0]["recipe"] |= {"teachers": ["another"]}
    (tmp_path / "bundle/card.json").write_text(json.dumps(card))
    shown = text(go(open_page(), "Make it again"))
    assert "training.accelerator.unpack first\npython -m training.train second" in shown


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("Training curves", "history"),
        ("What it costs", "cost"),
        ("What would help", "gains"),
        ("Systems compared", "comparison"),
    ],
)
def test_a_missing_table_is_one_sentence(tmp_path, monkeypatch, section, name):
    tables = {path: table for path, table in TABLES.items() if name not in path}
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", tables)))
    shown = go(open_page(), section)
    assert not shown.exception
    assert len(shown.info) == 1 and f"results/{name}.csv" in shown.info[0].value
    assert not charts(shown)


def test_a_card_that_says_nothing_of_training_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(write_bundle(tmp_path / "bundle", TABLES, built={"recipe": "unknown"})))
    page = open_page()
    assert [element.value for element in page.info] == [wording.NO_RECIPE]
    assert not go(page, "Training curves").exception
