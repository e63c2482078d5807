"""Estimates with intervals, a row each."""

import pandas as pd

from model.evaluation import plots


def test_forest_gives_counts_where_a_group_is_too_small(groups):
    display = plots.ForestDisplay(groups, "Sensitivity", 0.9)
    figure = display.figure()
    assert list(figure.data[0].x) == [0.9, 0.8]
    assert figure.layout.yaxis.ticktext == (
        "everyone, n\u00a0=\u00a01,200", "female, n\u00a0=\u00a040", "under 30, n\u00a0=\u00a012",
        "skin tone: not assessed",
    )  # fmt: skip
    said = {note.y: note.text for note in figure.layout.annotations}
    assert said == {2: "too few for a rate", 3: ""}
    assert "lowest female with 0.800 (0.700 to 0.880)" in display.description


def test_a_long_forest_is_read_from_above(groups):
    sides = [plots.ForestDisplay(pd.concat([groups] * many), "AUC").figure().layout.xaxis.side for many in (1, 9)]
    assert sides == [None, "top"]
