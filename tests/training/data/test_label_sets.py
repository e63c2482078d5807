"""Diagnoses map to each recipe's classes, metadata to numbers, masks to photos, folders to rows."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from training.data.label_sets import LABEL_SETS, labels_in
from training.data.masks import OUTSIDE, OutlinedCanvas, overlay
from training.data.metadata import COLUMNS, metadata_columns
from training.data.sets.class_folders import read as read_class_folders
from training.data.sets.layouts import DatasetError
from training.data.splits import SplitError, extend_split_table

ROWS = pd.DataFrame(
    [
        ("akiec", "akiec", "histo"),
        ("akiec", "SCCKA", "histopathology"),
        ("nv", "nv", "follow_up"),
        ("nv", "nv", "consensus"),
        (None, "BEN_OTH", "histopathology"),
        ("mel", "MEL", None),
        ("bkl", "BKL", "single contributor clinical assessment"),
    ],
    columns=["label", "source_label", "confirmation"],
)


@pytest.mark.parametrize(
    ("label_set", "expected"),
    [
        ("seven", ["akiec", "akiec", "nv", "nv", None, "mel", "bkl"]),
        ("eight", ["AK", "SCC", "NV", "NV", None, "MEL", "BKL"]),
        ("two", ["malignant", "malignant", "benign", "benign", None, "malignant", "benign"]),
        ("three", ["malignant", "malignant", "benign", "unknown", "unknown", "malignant", "unknown"]),
    ],
)
def test_each_label_set_has_its_own_classes(label_set, expected):
    found = labels_in(ROWS, label_set)
    assert [None if pd.isna(label) else label for label in found] == expected
    assert set(found.dropna()) <= set(LABEL_SETS[label_set].codes)


def test_metadata_says_what_is_known_and_what_is_not():
    rows = pd.DataFrame({"age": [75.0, None], "sex": ["female", None], "site": ["head_neck_face", None]})
    known, unknown = metadata_columns(rows)
    assert dict(zip(COLUMNS, known, strict=True)) | {} == {
        "age": 1, "age_known": 1, "male": 0, "female": 1, "site_head": 1, "site_trunk": 0, "site_upper": 0,
        "site_lower": 0, "site_acral": 0,
    }  # fmt: skip
    assert not unknown.any()


def test_a_mask_dims_and_greys_what_is_outside():
    photo = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255
    shown = overlay(photo, mask)
    assert (shown[16, 16] == photo[16, 16]).all()
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[0, 0]
    assert shown[0, 0].tolist() == pytest.approx([OUTSIDE * grey] * 3, abs=1)


def test_masks_are_found_where_the_set_keeps_them_and_a_missing_one_is_named(tmp_path):
    folder = tmp_path / "ham10000/HAM10000_segmentations_lesion_tschandl"
    folder.mkdir(parents=True)
    photos = tmp_path / "ham10000/HAM10000_images"
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    cv2.imwrite(str(folder / "ISIC_1_segmentation.png"), mask)
    rows = pd.DataFrame({"image_id": ["ISIC_1", "ISIC_2"], "dataset": "ham10000", "canvas_row": [0, 1]})
    rows["path"] = [str(photos / f"{name}.jpg") for name in rows.image_id]
    canvas = OutlinedCanvas(np.full((2, 40, 40, 3), 200, np.uint8), rows)
    assert canvas[0][20, 4].tolist() == [200] * 3 and canvas[0][20, 36, 0] < 100
    with pytest.raises(DatasetError, match=r"ISIC_2_segmentation\.png"):
        canvas[1]


def test_class_folders_name_the_two_and_the_three_classes(tmp_path):
    for name in ("benign/one.jpg", "unknown/deep/two.PNG", "malignant/three.png"):
        path = Path(tmp_path / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    table = read_class_folders(tmp_path)
    assert table.image_id.tolist() == ["one", "three", "two"]
    assert labels_in(table, "three").tolist() == ["benign", "malignant", "unknown"]
    assert labels_in(table, "two").tolist()[:2] == ["benign", "malignant"] and labels_in(table, "two").isna().sum() == 1
    assert labels_in(table, "seven").isna().all()


def test_an_extended_split_keeps_the_published_rows_and_never_parts_a_group():
    names = [f"image_{number}" for number in range(300)]
    groups = [f"group_{number // 3}" for number in range(300)]
    manifest = pd.DataFrame({"image_id": names, "lesion_id": groups, "group": groups, "dataset": "ham10000"})
    table = manifest[:100].assign(split=["train" if number // 3 % 2 else "internal_test" for number in range(100)])
    split = extend_split_table(manifest, table)
    assert split[:100].tolist() == table.split.tolist()
    assert split.groupby(manifest.group).nunique().max() == 1
    assert set(split[102:]) == {"train", "validation", "internal_test"}
    table.loc[0, "split"] = "train"
    with pytest.raises(SplitError):
        extend_split_table(manifest, table)


def test_an_extended_split_leaves_a_divided_set_its_test():
    names = [f"image_{number}" for number in range(100)]
    manifest = pd.DataFrame({"image_id": names, "lesion_id": names, "group": names, "dataset": "class_folders"})
    manifest["preset_split"] = ["internal_test"] * 20 + ["train"] * 80
    split = extend_split_table(manifest, manifest[:0].assign(split=""))
    assert set(split[:20]) == {"internal_test"} and set(split[20:]) == {"train", "validation"}
