"""No lesion and no near-duplicate is in two splits, whatever the image sets."""

import numpy as np
import pandas as pd
import pytest

from training.data.manifest import connected_groups, difference_hash, group_ids, near_duplicate_pairs, thumbnail
from training.data.splits import SplitError, apply_split_table, check_splits, make_splits, split_table
from training.synthetic.lesions import render_lesion


def manifest(lesions: int = 400, dataset: str = "ham10000") -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = []
    for lesion in range(lesions):
        label = random.choice(["nv", "mel", "df"], p=[0.7, 0.2, 0.1])
        for image in range(random.integers(1, 4)):
            rows.append((f"{dataset}_{lesion}_{image}", f"{dataset}_L{lesion}", dataset, label, label))
    table = pd.DataFrame(rows, columns=["image_id", "lesion_id", "dataset", "label", "source_label"])
    return table.assign(group=table.lesion_id)


def test_splits_keep_lesions_together_and_classes_in_proportion():
    table = manifest()
    split = make_splits(table)
    check_splits(table, split)
    lesions = table.assign(split=split).drop_duplicates("lesion_id")
    for _, part in lesions.groupby("label"):
        share = part.split.value_counts(normalize=True)
        assert share["train"] == pytest.approx(0.70, abs=0.04)
        assert share["internal_test"] == pytest.approx(0.15, abs=0.04)


def test_another_set_leaves_the_split_of_the_first_as_it_was():
    table = manifest()
    both = pd.concat([table, manifest(dataset="milk10k")], ignore_index=True)
    pd.testing.assert_series_equal(make_splits(both)[: len(table)], make_splits(table))


def test_another_seed_gives_another_split():
    table = manifest()
    assert (make_splits(table, 1) != make_splits(table, 2)).any()


def test_a_group_across_lesions_and_sets_stays_whole():
    both = pd.concat([manifest(60), manifest(60, "milk10k")], ignore_index=True)
    both.loc[both.lesion_id.isin(["ham10000_L3", "milk10k_L7", "ham10000_L9"]), "group"] = "ham10000_L3"
    split = make_splits(both)
    assert split[both.group == "ham10000_L3"].nunique() == 1


def test_ph2_is_never_trained_on():
    table = pd.concat([manifest(50), manifest(50, "ph2")], ignore_index=True)
    split = make_splits(table)
    assert set(split[table.dataset == "ph2"]) == {"external"}
    assert "external" not in set(split[table.dataset == "ham10000"])


def test_a_leaking_split_is_refused():
    table = manifest(40)
    split = make_splits(table)
    leaking = split.copy()
    twice = table.lesion_id.value_counts().index[0]
    leaking[table.index[table.lesion_id == twice][0]] = "internal_test"
    leaking[table.index[table.lesion_id == twice][1]] = "train"
    with pytest.raises(SplitError, match=twice):
        check_splits(table, leaking)
    with pytest.raises(SplitError, match=twice):
        apply_split_table(table, split_table(table, leaking))


def test_a_split_table_must_know_every_image():
    table = manifest(40)
    published = split_table(table, make_splits(table))
    with pytest.raises(SplitError, match=table.image_id[0]):
        apply_split_table(table, published[1:])
    assert (apply_split_table(table, published) == make_splits(table)).all()


def test_near_duplicates_are_found_and_chance_matches_are_not():
    random = np.random.default_rng(3)
    lesions = [render_lesion(code, random, 256) for code in ("mel", "nv", "bkl", "df")]
    noisy = np.clip(lesions[0] + random.normal(0, 3, lesions[0].shape), 0, 255).astype(np.uint8)
    images = [*lesions, noisy]
    table = pd.DataFrame({"image_id": list("abcde"), "lesion_id": list("ABCDE"), "dataset": "synthetic"})
    hashes = np.stack([difference_hash(image) for image in images])
    groups = group_ids(table, hashes, np.stack([thumbnail(image) for image in images]))
    assert groups[0] == groups[4]
    assert groups[:4].nunique() == 4
    # The same hash with an unlike thumbnail is chance, not a duplicate.
    unlike = np.stack([thumbnail(image) for image in [*lesions, lesions[1][::-1]]])
    assert group_ids(table, hashes, unlike)[4] != groups[0]


def test_pairs_are_complete_against_a_plain_double_loop():
    hashes = np.random.default_rng(0).integers(0, 2**63, (300, 4), dtype=np.uint64)
    hashes[299] = hashes[0] ^ np.uint64(5)
    hashes[280] = hashes[270]
    found = {tuple(pair) for pair in near_duplicate_pairs(hashes, 20)}
    expected = {
        (i, j)
        for i in range(300)
        for j in range(i + 1, 300)
        if sum(int(a ^ b).bit_count() for a, b in zip(hashes[i], hashes[j], strict=True)) <= 20
    }
    assert found == expected
    assert {(0, 299), (270, 280)} <= found


def test_groups_chain():
    groups = connected_groups(6, np.array([[0, 1], [1, 2], [4, 5]]))
    assert groups.tolist() == [0, 0, 0, 3, 4, 4]
