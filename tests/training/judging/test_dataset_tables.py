"""The tables of the dataset page, counted from small label tables in the official layout of each set."""

import shutil

import numpy as np
import pandas as pd
import pytest

from tests.support.card_bundle import write_bundle
from training.data.balancing import STUDIED
from training.data.label_sets import CODES
from training.data.sets.registry import IMAGE_SETS
from training.judging import dataset_tables

ISIC2019_CLASSES = ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Label tables of HAM10000 and ISIC 2019, of which the second contains the first; a manifest; a bundle."""
    folder = tmp_path_factory.mktemp("tables")
    ham, isic = folder / "data/ham10000", folder / "data/isic2019"
    (ham / "HAM10000_images").mkdir(parents=True)
    (isic / "ISIC_2019_Training_Input").mkdir(parents=True)
    listed = pd.DataFrame(
        {
            "lesion_id": ["HAM_1", "HAM_1", "HAM_2", "HAM_3"],
            "image_id": ["A", "B", "C", "D"],
            "dx": ["nv", "nv", "mel", "nv"],
            "dx_type": ["follow_up", "follow_up", "histo", "histo"],
            "age": [12, 12, np.nan, 70],
            "sex": ["male", "male", "unknown", "female"],
            "localization": ["back", "back", "face", "unknown"],
        }
    )
    listed.to_csv(ham / "HAM10000_metadata.csv", index=False)
    truth = pd.DataFrame(0, index=list("ABCDEF"), columns=ISIC2019_CLASSES)
    for image, label in zip("ABCDEF", ["NV", "NV", "MEL", "NV", "SCC", "SCC"], strict=True):
        truth.loc[image, label] = 1
    truth.rename_axis("image").reset_index().to_csv(isic / "ISIC_2019_Training_GroundTruth.csv", index=False)
    metadata = pd.DataFrame(
        {
            "image": list("ABCDEF"),
            "age_approx": [10, 10, np.nan, 70, 30, 50],
            "anatom_site_general": ["head/neck"] * 6,
            "lesion_id": ["HAM_1", "HAM_1", "HAM_2", "HAM_3", None, None],
            "sex": ["male"] * 6,
        }
    )
    metadata.to_csv(isic / "ISIC_2019_Training_Metadata.csv", index=False)
    (folder / "work").mkdir()
    manifest = pd.DataFrame({"dataset": ["ham10000"] * 3 + ["isic2019"], "image_id": ["A", "B", "C", "E"]})
    manifest.assign(label="nv", canvas_row=range(4)).to_csv(folder / "work/manifest.csv", index=False)
    labels = ["nv"] * 40 + ["mel"] * 12 + ["bcc"] * 6 + ["akiec"] * 5 + ["bkl"] * 5 + ["df"] * 3 + ["vasc"] * 4
    splits = pd.DataFrame({"image_id": [f"I{i}" for i in range(75)], "label": labels, "split": "train"})
    write_bundle(folder / "bundle", {"dataset/splits.csv": splits.assign(dataset="ham10000", lesion_id="L", group="L")})
    return folder


def run(place) -> dict[str, pd.DataFrame]:
    command = ["--data", str(place / "data"), "--work", str(place / "work"), "--bundle", str(place / "bundle")]
    assert dataset_tables.main(command) == 0
    names = ("class_balance", "attributes", "balancing")
    return {name: pd.read_csv(place / f"bundle/dataset/{name}.csv") for name in names}


@pytest.fixture(scope="module")
def tables(place):
    return run(place)


def test_every_row_of_a_published_table_is_counted_and_only_read_images_are_called_read(tables):
    counts = tables["class_balance"].set_index(["dataset", "label"])
    assert counts.loc[("ham10000", "nv"), ["images", "lesions", "images_read"]].tolist() == [3, 2, 2]
    assert counts.loc["isic2019"].images.sum() == 6
    assert counts.loc[("isic2019", "SCC"), ["seven", "images", "lesions", "images_read"]].tolist() == ["akiec", 2, 2, 1]
    assert counts.loc[("isic2019", "SCC")].malignant and not counts.loc[("isic2019", "NV")].malignant
    assert "ph2" not in counts.index.get_level_values(0)


def test_what_was_not_recorded_is_a_group_and_what_no_image_has_is_not_assessed(tables):
    counts = tables["attributes"].set_index(["dataset", "attribute", "label", "group"]).images
    assert counts["ham10000", "sex", "mel", "not recorded"] == 1
    assert counts["ham10000", "site", "nv", "not recorded"] == 1
    assert counts["ham10000", "age", "nv", "under 30"] == 2
    assert counts["ham10000", "confirmation", "nv", "follow_up"] == 2
    assert counts["ham10000", "skin_tone", "nv", "not assessed"] == 3
    assert counts["isic2019", "confirmation", "SCC", "not assessed"] == 2
    totals = tables["attributes"].groupby(["dataset", "attribute"]).images.sum()
    assert set(totals["ham10000"]) == {4} and set(totals["isic2019"]) == {6}


def test_skin_tone_classes_are_whole_numbers():
    rows = pd.DataFrame({"dataset": "x", "source_label": "a", "image_id": ["1", "2"], "lesion_id": ["1", "2"]})
    rows = rows.assign(**dict.fromkeys(dataset_tables.ATTRIBUTES)).assign(skin_tone=[3.0, np.nan])
    found = dataset_tables.attribute_counts(rows)
    assert set(found[found.attribute == "skin_tone"].group) == {"3", "not recorded"}


def test_every_studied_way_has_its_epoch(tables):
    table = tables["balancing"]
    assert len(table) == len(STUDIED) * len(CODES)
    assert (table.groupby(["method", "options"]).images.sum() == 75).all()
    epochs = table.set_index(["method", "label"]).draws
    assert epochs["none", "nv"] == 40
    assert set(epochs["over"]) == {40.0}
    assert set(epochs["under"]) == {3.0}
    made = table[table.synthetic > 0]
    assert set(made.method) == {"smote_pixels", "smote_embedding"}
    assert (made.draws == made.images + made.synthetic).all()
    weighed = table[table.method == "class_weights"]
    assert (weighed.images * weighed.class_weight).to_numpy() == pytest.approx(75 / 7, rel=1e-3)


def test_the_tables_are_listed_in_the_card(place, tables):
    from model.card import load_card
    from model.evaluation.tables import load_table

    for name, table in tables.items():
        assert len(load_table(load_card(place / "bundle"), f"dataset/{name}.csv")) == len(table)


def test_writing_again_gives_the_same_bytes(place, tables):
    paths = [place / f"bundle/dataset/{name}.csv" for name in tables]
    before = [path.read_bytes() for path in paths]
    run(place)
    assert [path.read_bytes() for path in paths] == before


def test_what_is_missing_is_said_in_one_sentence(place, tmp_path, capsys):
    nothing = ["--data", str(tmp_path), "--work", str(place / "work"), "--bundle", str(place / "bundle")]
    assert dataset_tables.main(nothing) == 1
    assert "No image set was found" in capsys.readouterr().err
    no_manifest = ["--data", str(place / "data"), "--work", str(tmp_path), "--bundle", str(place / "bundle")]
    assert dataset_tables.main(no_manifest) == 1
    assert "run python -m training.data.manifest first" in capsys.readouterr().err
    bundle = shutil.copytree(place / "bundle", tmp_path / "bundle")
    (bundle / "dataset/splits.csv").unlink()
    with pytest.raises(SystemExit):
        dataset_tables.main([*nothing[:4], "--bundle", str(bundle)])


def test_every_set_that_can_be_read_can_be_listed():
    assert set(dataset_tables.LISTINGS) == set(IMAGE_SETS)
