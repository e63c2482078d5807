"""Every reader meets its set's official layout, and every kind of bad input gets one clear sentence."""

import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.data import manifest
from training.data.sets.class_folders import read as read_class_folders
from training.data.sets.inventory import describe, take_stock
from training.data.sets.isic2019 import read as read_isic2019
from training.data.sets.layouts import DatasetError
from training.data.sets.milk10k import read as read_milk10k
from training.data.sets.registry import IMAGE_SETS
from training.data.splits import SplitError, make_splits


def images(folder: Path, *names: str) -> None:
    """Write files whose bytes differ; readers look at names, not at pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"{folder} {name}")


def table(path: Path, text: str, separator: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(separator.join(line.split()) for line in text.strip().splitlines()) + "\n")
    return path


@pytest.fixture
def ham10000(tmp_path) -> Path:
    root = tmp_path / "ham10000"
    table(
        root / "HAM10000_metadata.csv",
        """lesion_id image_id dx dx_type age sex localization
           HAM_1 ISIC_1 mel histo 60 male back
           HAM_1 ISIC_2 mel histo 60 male back
           HAM_2 ISIC_3 nv consensus 30 female face""",
    )
    images(root / "HAM10000_images", "ISIC_1.jpg", "ISIC_2.jpg", "ISIC_3.jpg")
    return root


@pytest.fixture
def isic2019(tmp_path) -> Path:
    root = tmp_path / "isic2019"
    table(
        root / "ISIC_2019_Training_GroundTruth.csv",
        """image MEL NV BCC AK BKL DF VASC SCC UNK
           ISIC_1 1 0 0 0 0 0 0 0 0
           ISIC_8 0 0 0 0 0 0 0 1 0
           ISIC_9 0 0 0 1 0 0 0 0 0""",
    )
    (root / "ISIC_2019_Training_Metadata.csv").write_text(
        "image,age_approx,anatom_site_general,lesion_id,sex\n"
        "ISIC_1,60,back,HAM_1,male\nISIC_8,70,,BCN_8,male\nISIC_9,70,face,,female\n"
    )
    images(root / "ISIC_2019_Training_Input", "ISIC_1.jpg", "ISIC_8.jpg", "ISIC_9.jpg")
    return root


@pytest.fixture
def milk10k(tmp_path) -> Path:
    root = tmp_path / "milk10k"
    table(
        root / "MILK10k_Training_GroundTruth.csv",
        "lesion_id MEL SCCKA INF\nIL_1 0 1 0\nIL_2 0 0 1",
    )
    (root / "MILK10k_Training_Metadata.csv").write_text(
        "lesion_id,isic_id,image_type,age_approx,sex,site,skin_tone_class\n"
        "IL_1,ISIC_11,dermoscopic,50,male,back,3\nIL_1,ISIC_12,clinical: close-up,50,male,back,3\n"
        "IL_2,ISIC_21,dermoscopic,50,male,back,3\n"
    )
    table(root / "MILK10k_Training_Supplement.csv", "isic_id diagnosis_confirm_type\nISIC_11 histopathology")
    images(root / "MILK10k_Training_Input" / "IL_1", "ISIC_11.jpg", "ISIC_12.jpg")
    images(root / "MILK10k_Training_Input" / "IL_2", "ISIC_21.jpg")
    return root


@pytest.fixture
def tree(tmp_path) -> Path:
    """Twelve training and four test images of an archive sorted into folders."""
    root = tmp_path / "class_folders"
    for name in ("benign", "malignant"):
        images(root / "train" / name, *(f"{name}_{number}.jpg" for number in range(6)))
        images(root / "test" / name, *(f"{name}_test_{number}.JPG" for number in range(2)))
    return root


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_class_folders_name_label_and_split(tree):
    found = read_class_folders(tree)
    assert found.groupby(["preset_split", "label"]).size().to_dict() == {
        ("train", "benign"): 6, ("train", "malignant"): 6, ("internal_test", "benign"): 2,
        ("internal_test", "malignant"): 2,
    }  # fmt: skip
    assert (found.source_label == found.label).all() and found.path.map(lambda path: Path(path).exists()).all()
    assert (found.lesion_id == found.image_id).all()


def test_eight_class_folders_join_the_seven_and_keep_their_name(tmp_path):
    for name in ("MEL", "SCC", "AK"):
        images(tmp_path / "train" / name, f"{name}.png")
    found = read_class_folders(tmp_path).set_index("image_id")
    assert found.label.to_dict() == {"MEL": "mel", "SCC": "akiec", "AK": "akiec"}
    assert found.source_label.to_dict() == {"MEL": "MEL", "SCC": "SCC", "AK": "AK"}
    assert "preset_split" not in found  # a tree without a test folder is split like any other set


def test_class_folders_need_not_be_divided(tree):
    shutil.rmtree(tree / "test")
    for folder in sorted((tree / "train").glob("*")):
        shutil.move(folder, tree / folder.name)
    (tree / "train").rmdir()
    found = read_class_folders(tree)
    assert found.label.value_counts().to_dict() == {"benign": 6, "malignant": 6}
    assert "preset_split" not in found
    images(tree / "wart", "odd.jpg")
    with pytest.raises(DatasetError, match="Unknown class 'wart'"):
        read_class_folders(tree)


def test_a_preset_test_stays_the_test_and_the_rest_is_never_in_it(tree):
    images(tree / "train" / "benign", *(f"more_{number}.jpg" for number in range(60)))
    found = read_class_folders(tree).assign(group=lambda rows: rows.lesion_id)
    split = make_splits(found)
    assert (split[found.preset_split == "internal_test"] == "internal_test").all()
    assert set(split[found.preset_split == "train"]) == {"train", "validation"}
    found.loc[found.image_id.isin(["benign_0", "benign_test_0"]), "group"] = "look_alike"
    with pytest.raises(SplitError, match="group look_alike is in more than one split"):
        make_splits(found)


def test_a_folder_without_images_says_what_belongs_there(tmp_path):
    (tmp_path / "train" / "benign").mkdir(parents=True)
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DatasetError, match=r"holds no image; images belong in train/CLASS.*isic-archive\.com"):
            read_class_folders(root)


def test_an_empty_class_folder_is_named(tree):
    (tree / "test" / "unknown").mkdir()
    with pytest.raises(DatasetError, match="test/unknown holds no image"):
        read_class_folders(tree)


@pytest.mark.parametrize("place", [".", "train", "test"])
def test_an_image_outside_the_class_folders_has_no_label(tree, place):
    images(tree / place, "stray.jpg")
    with pytest.raises(DatasetError, match=r"1 images have no label, .*stray\.jpg first"):
        read_class_folders(tree)


def test_a_folder_beside_train_and_test_is_no_class(tree):
    images(tree / "validation" / "benign", "more.jpg")
    with pytest.raises(DatasetError, match="Unknown class 'validation'"):
        read_class_folders(tree)


@pytest.mark.parametrize("name", ["wart", "mel", "Benign"])
def test_an_unknown_class_folder_lists_the_known_ones(tree, name):
    shutil.move(tree / "train" / "benign", tree / "train" / "moved")
    shutil.move(tree / "train" / "moved", tree / "train" / name)
    with pytest.raises(DatasetError, match=f"Unknown class '{name}'.*akiec, bcc.*AK.*benign, malignant, unknown"):
        read_class_folders(tree)


def test_the_same_image_on_both_sides_is_refused_by_name_and_by_content(tree):
    shutil.copy(tree / "train/benign/benign_0.jpg", tree / "test/benign/other_name.jpg")
    with pytest.raises(DatasetError, match="other_name and benign_0 have the same content and lie in train and test"):
        read_class_folders(tree)
    (tree / "test/benign/other_name.jpg").unlink()
    images(tree / "test/benign", "benign_3.png")
    with pytest.raises(DatasetError, match="benign_3 lies in more than one folder"):
        read_class_folders(tree)


def test_a_lesion_on_both_sides_is_refused(tree):
    table(tree / "metadata.csv", "isic_id lesion_id\nbenign_1 IL_7\nbenign_2 IL_7")
    assert read_class_folders(tree).lesion_id.eq("IL_7").sum() == 2
    table(tree / "metadata.csv", "isic_id lesion_id\nbenign_1 IL_7\nmalignant_test_1 IL_7")
    with pytest.raises(DatasetError, match="malignant_test_1 and benign_1 have the same lesion"):
        read_class_folders(tree)
    table(tree / "metadata.csv", "isic_id age\nbenign_1 50")
    with pytest.raises(DatasetError, match=r"metadata\.csv lacks the columns lesion_id"):
        read_class_folders(tree)


def test_eight_classes_stay_readable_beside_the_seven(isic2019, milk10k):
    found = read_isic2019(isic2019).set_index("image_id")
    assert found.label.to_dict() == {"ISIC_8": "akiec", "ISIC_9": "akiec"}
    assert found.source_label.to_dict() == {"ISIC_8": "SCC", "ISIC_9": "AK"}
    assert found.lesion_id.to_dict() == {"ISIC_8": "BCN_8", "ISIC_9": "ISIC_9"}
    found = read_milk10k(milk10k).set_index("image_id")
    assert found.label.to_dict() == {"ISIC_11": "akiec", "ISIC_21": ""}
    assert found.source_label.to_dict() == {"ISIC_11": "SCCKA", "ISIC_21": "INF"}


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "words"),
    [
        ("ham10000", "HAM10000_metadata.csv", ",nv,", ",wart,", "Unknown class 'wart'.*akiec, bcc, bkl"),
        ("isic2019", "ISIC_2019_Training_GroundTruth.csv", "SCC", "WART", "Unknown class 'WART'.*MEL, NV"),
        ("milk10k", "MILK10k_Training_GroundTruth.csv", "SCCKA", "WART", "Unknown class 'WART'.*SCCKA"),
        ("isic2019", "ISIC_2019_Training_GroundTruth.csv", "ISIC_9,0,0,0,1", "ISIC_9,0,0,0,0", "0 classes for ISIC_9"),
        ("milk10k", "MILK10k_Training_GroundTruth.csv", "IL_2,0,0,1", "IL_2,1,0,1", "2 classes for IL_2"),
    ],
)
def test_a_wrong_label_is_named(name, file, old, new, words, request):
    root = request.getfixturevalue(name)
    edit(root / file, old, new)
    with pytest.raises(DatasetError, match=words):
        IMAGE_SETS[name].read(root)


def test_what_was_left_out_is_counted(ham10000, capsys):
    (ham10000 / "HAM10000_images/ISIC_2.jpg").unlink()
    images(ham10000 / "HAM10000_images", "ISIC_7.jpg", "ISIC_8.jpg")
    assert len(manifest.list_images(ham10000.parent, ["ham10000"])) == 2
    said = capsys.readouterr().out
    assert "1 labels have no image and are left out, ISIC_2 first" in said
    assert "2 images have no label and are left out, ISIC_7 first" in said


def test_labels_without_any_image_are_an_error(ham10000):
    for path in (ham10000 / "HAM10000_images").glob("*"):
        path.unlink()
    with pytest.raises(DatasetError, match="lists 3 labels and holds none of their images"):
        manifest.list_images(ham10000.parent, ["ham10000"])


def test_the_manifest_command_ends_in_one_sentence(tmp_path, capsys):
    assert manifest.main(["--data", str(tmp_path), "--work", str(tmp_path / "work")]) == 1
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "work").exists()


def test_images_without_any_label_are_an_error(ham10000):
    for path in sorted((ham10000 / "HAM10000_images").glob("*")):
        path.rename(path.with_name("copy_" + path.name))
    with pytest.raises(DatasetError, match="holds 3 images and no label for any, copy_ISIC_1 first"):
        manifest.list_images(ham10000.parent, ["ham10000"])


def test_images_that_a_reader_leaves_to_another_set_are_not_gaps(isic2019, milk10k):
    assert take_stock("isic2019", isic2019).gaps() == []  # ISIC_1 is HAM10000's
    assert take_stock("milk10k", milk10k).gaps() == []  # ISIC_12 is a close-up


def test_a_milk10k_lesion_without_truth_has_no_label(milk10k):
    truth = milk10k / "MILK10k_Training_GroundTruth.csv"
    edit(truth, "IL_2,0,0,1\n", "")
    stock = take_stock("milk10k", milk10k)
    assert stock.without_label == ["ISIC_21"] and stock.here.image_id.tolist() == ["ISIC_11"]


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_a_missing_set_says_where_it_is_published(name, tmp_path):
    assert IMAGE_SETS[name].published in "\n".join(describe(name, tmp_path / name))


def test_the_command_lists_every_set(ham10000, tree, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["datasets", "--data", str(ham10000.parent)])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("training.data.sets.inventory", run_name="__main__")
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert "ham10000: 3 images of 2 lesions" in said and "mel 2  nv 1" in said
    assert "class_folders: 16 images" in said
    assert "ph2: not found" in said and said.count(IMAGE_SETS["ph2"].published) == 1


def test_rehearsals_keep_both_sides_of_a_divided_set(tree):
    kept = manifest.list_images(tree.parent, ["class_folders"], per_class=1)
    assert kept.groupby(["preset_split", "label"]).size().tolist() == [1] * 4
    assert np.all(kept.path.notna()) and isinstance(kept, pd.DataFrame)
