"""What a split table is checked for."""

import pandas as pd

from model.evaluation.inputs.splits import split_facts

COLUMNS = ["lesion_id", "group", "split"]
SOUND = [("L1", "L1", "train"), ("L1", "L1", "train"), ("L2", "L1", "train"), ("L3", "L3", "validation")]


def facts(rows) -> dict[str, int]:
    return split_facts(pd.DataFrame(rows, columns=COLUMNS).assign(dataset="a"))


def test_a_sound_split_shares_nothing():
    assert facts(SOUND) == {"lesions": 3, "several": 1, "joined": 1, "shared": 0}


def test_a_lesion_on_two_sides_is_counted_and_so_is_a_group():
    assert facts([*SOUND, ("L3", "L4", "train")])["shared"] == 1
    assert facts([*SOUND, ("L5", "L3", "train")])["shared"] == 1


def test_lesions_of_two_sets_may_have_the_same_name():
    table = pd.DataFrame(SOUND, columns=COLUMNS)
    both = pd.concat([table.assign(dataset="a"), table.assign(dataset="b", split="external", group="x" + table.group)])
    assert split_facts(both)["shared"] == 0
