"""The numbers behind every picture, and that a picture can be told without colour."""

import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from model.errors import ContractError
from model.evaluation import plots
from model.evaluation.calibration import reliability_table, uncalibrated
from model.evaluation.cases import read_cases
from model.evaluation.confusion import confusion_table
from model.evaluation.curves import move_prevalence
from model.evaluation.decisions.decision_curve import decision_curve
from model.evaluation.decisions.threshold import clinic_table, two_way
from model.evaluation.plots.style import PAGE, PALETTES, fill, series, with_interval, wrapped
from model.evaluation.stored import stored_curves
from model.evaluation.summary import summarise

NAMES = {"malignant": "Malignant against benign", "mel": "Melanoma"}
OUTCOMES = {
    "found": "Malignant, found", "missed": "Malignant, missed", "benign_biopsied": "Benign, biopsied",
    "benign_spared": "Benign, spared",
}  # fmt: skip
COUNTS = pd.DataFrame({"label": ["mel", "nv", "df"], "images": [1113, 6705, 115], "lesions": [614, 5403, 73]})
FULL = {"mel": "Melanoma", "nv": "Melanocytic nevus", "df": "Dermatofibroma"}
LINES = pd.DataFrame({"series": ["blur"] * 3 + ["hair"] * 3, "x": [2, 0, 1] * 2, "value": [0.5, 0.9, 0.7] * 2})
MODELS = pd.DataFrame({"name": ["A", "B"], "cost": [2e6, 4e6], "value": [0.7, 0.8], "ours": [False, True]}).assign(
    low=lambda rows: rows.value - 0.1, high=lambda rows: rows.value + 0.05
)


@pytest.fixture(scope="module")
def displays(make_predictions, make_question, labels, groups):
    """Return every kind of display, made from random predictions."""
    predictions = make_predictions(300)
    cases = read_cases(predictions, labels)
    curves = stored_curves(predictions, labels, np.random.default_rng(0), 30)
    metrics = summarise(predictions, labels, np.random.default_rng(0), 30)
    question, full = make_question(), {label.code: label.name for label in labels}
    stored = (cases, NAMES, curves, metrics)
    states = {"before": reliability_table(uncalibrated(cases, 1.5)), "after": reliability_table(cases)}
    return {
        "roc": plots.CurveDisplay.from_cases("roc", *stored, threshold=0.4),
        "precision_recall": plots.CurveDisplay.from_cases("precision_recall", *stored, threshold=0.4),
        "reliability": plots.ReliabilityDisplay(states),
        "decision": plots.DecisionDisplay(decision_curve(question, np.random.default_rng(0), resamples=50)),
        "confusion": plots.ConfusionDisplay(confusion_table(predictions, labels), full),
        "forest": plots.ForestDisplay(groups, "Sensitivity", 0.9),
        "clinic": plots.LesionsDisplay(clinic_table(two_way(question, 0.5), 0.07), OUTCOMES),
        "balance": plots.ClassBalanceDisplay(COUNTS, FULL, {"mel"}),
        "lines": plots.LinesDisplay(LINES, "Severity", "Accuracy"),
        "trade_off": plots.TradeOffDisplay(MODELS, "Parameters", "Balanced accuracy"),
    }


def test_every_display_draws_on_light_and_dark_with_a_table_and_a_sentence(displays):
    for name, display in displays.items():
        light, dark = (display.figure(dark) for dark in (False, True))
        for figure in (light, dark):
            assert isinstance(figure, go.Figure), name
            json.loads(figure.to_json())
        assert light.layout.font.color != dark.layout.font.color
        assert (light.layout.paper_bgcolor, dark.layout.paper_bgcolor) == (PAGE[False], PAGE[True])
        assert len(display.table()) > 0
        assert display.description.endswith(".")
        assert not re.search(r"\bnan\b", display.description)


def test_drawing_changes_no_number(displays):
    for name, display in displays.items():
        before = display.table().copy()
        display.figure()
        pd.testing.assert_frame_equal(before, display.table(), obj=name)


def drawn(figure, start):
    """Return the first trace whose legend name starts so."""
    return next(trace for trace in figure.data if (trace.name or "").startswith(start))


def luminance(colour):
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(("dark", "page"), [(False, "#F5F5F5"), (True, "#171717")])
def test_colours_stand_out_from_the_page(dark, page):
    """WCAG 2.1, 1.4.11: 3 to 1 for the parts of a chart."""
    for colour in PALETTES[dark]:
        pair = sorted([luminance(colour), luminance(page)])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3, colour


def test_no_two_series_differ_by_colour_alone():
    looks = [series(position, dark=False) for position in range(8)]
    assert len({(look.dash, look.symbol) for look in looks}) == 8
    assert len({look.colour for look in looks}) == 8


def test_malignant_bars_are_hatched():
    assert fill([True, False], dark=False)["pattern"]["shape"] == ["/", ""]
    assert fill(True, dark=True)["pattern"]["shape"] == "/"


def test_roc_line_and_mark_are_the_points(displays):
    display = displays["roc"]
    points = display.points[display.points.subject == "mel"]
    line = drawn(display.figure(), "Melanoma")
    assert set(zip(line.x, line.y, strict=True)) <= set(
        zip(points.false_positive_rate, points.sensitivity, strict=True)
    )
    assert (line.x[0], line.y[0], line.x[-1], line.y[-1]) == (0, 0, 1, 1)
    marks = [trace for trace in display.figure().data if trace.mode == "markers"]
    at = points[points.threshold >= 0.4].iloc[-1]
    assert (marks[1].x[0], marks[1].y[0]) == (at.false_positive_rate, at.sensitivity)


def test_areas_are_the_stored_ones(displays):
    for kind, metric in (("roc", "auc"), ("precision_recall", "average_precision")):
        area = displays[kind].areas.set_index("subject").loc["mel"]
        assert area.metric == metric
        assert with_interval(area["value"], area.low, area.high) in displays[kind].description


def test_precision_band_moves_with_prevalence(displays, make_predictions, labels):
    here = displays["precision_recall"]
    predictions = make_predictions(300)
    curves = stored_curves(predictions, labels, np.random.default_rng(0), 30)
    there = plots.CurveDisplay.from_cases(
        "precision_recall", read_cases(predictions, labels), NAMES, curves, here.areas, prevalence=0.03
    )
    for subject in NAMES:
        own, moved = (display.bands[display.bands.subject == subject] for display in (here, there))
        given = own.n_positive.iloc[0] / own.n_images.iloc[0]
        np.testing.assert_allclose(moved.low, move_prevalence(own.low.to_numpy(), given, 0.03))
    assert there.areas.empty  # an average precision at another prevalence was never measured


def test_reliability_shows_n_of_every_bin(displays):
    display = displays["reliability"]
    bars = [trace for trace in display.figure().data if trace.type == "bar"]
    for bar, bins in zip(bars, display.states.values(), strict=True):
        assert list(bar.y) == bins.n_images.tolist()
        assert sum(bar.y) == 300
    points = drawn(display.figure(), "after")
    filled = display.states["after"].dropna()
    np.testing.assert_allclose(np.array(points.y) - points.error_y.arrayminus, filled.low)
    np.testing.assert_allclose(np.array(points.y) + points.error_y.array, filled.high)


def test_decision_curve_is_drawn_per_1000_lesions(displays):
    display = displays["decision"]
    line = drawn(display.figure(), "Follow")
    np.testing.assert_allclose(line.y, 1000 * display.curve["value"][:50])
    assert max(line.x) == 0.5


def test_a_useless_model_is_not_praised():
    flat = pd.DataFrame({"threshold": [0.1, 0.2], "value": 0.0, "low": -0.1, "high": 0.1})
    display = plots.DecisionDisplay(flat.assign(treat_all=0.05, treat_none=0.0))
    assert "at no threshold" in display.description


def test_confusion_cells_carry_their_counts_shares_and_names(displays):
    counts = displays["confusion"].counts
    by_row = plots.ConfusionDisplay(counts, displays["confusion"].names, "row").table()
    by_column = plots.ConfusionDisplay(counts, displays["confusion"].names, "column").table()
    np.testing.assert_allclose(by_row.sum(axis=1), 1)
    np.testing.assert_allclose(by_column.sum(axis=0), 1)
    of_mel = counts[counts.label == "mel"].set_index("predicted")["count"]
    assert by_row.loc["mel", "nv"] == pytest.approx(of_mel["nv"] / of_mel.sum())
    figure = displays["confusion"].figure()
    clickable = figure.data[1]
    place = [tuple(cell) for cell in clickable.customdata].index(("mel", "nv"))
    assert (clickable.y[place], clickable.x[place]) == ("mel", "nv")
    assert clickable.text[place] == f"mel called nv: {of_mel['nv']} images"
    written = {(note.y, note.x): note.text for note in figure.layout.annotations}
    assert written["mel", "nv"] == str(of_mel["nv"])
    assert figure.layout.yaxis.autorange == "reversed"  # the first class is on top


def test_a_class_without_images_has_no_shares_and_no_text():
    counts = pd.DataFrame({"label": list("aabb"), "predicted": list("abab"), "count": [3, 1, 0, 0]})
    display = plots.ConfusionDisplay(counts, {"a": "A", "b": "B"}, "row")
    assert display.table().loc["b"].isna().all()
    assert {note.text for note in display.figure().layout.annotations} == {"75%", "25%", ""}


def test_a_thousand_lesions_are_drawn_each_once_in_the_order_of_outcomes(displays):
    display = displays["clinic"]
    squares = display.figure().data
    assert [trace.name.rpartition(": ")[0] for trace in squares] == list(OUTCOMES.values())
    places = [(x, y) for trace in squares for x, y in zip(trace.x, trace.y, strict=True)]
    assert len(set(places)) == len(places) == 1000
    for outcome, count in display.counts().items():
        assert abs(count - display.table().set_index("outcome").value[outcome]) < 1
    assert "Of 1,000 lesions 70 are positive" in display.takeaway
    assert all(name in display.description for name in OUTCOMES.values())


def test_balance_counts_what_it_is_asked_for():
    images = plots.ClassBalanceDisplay(COUNTS, FULL, {"mel"})
    lesions = plots.ClassBalanceDisplay(COUNTS, FULL, {"mel"}, "lesions", logarithmic=True)
    assert images.imbalance == pytest.approx(6705 / 115)
    assert lesions.imbalance == pytest.approx(5403 / 73)
    assert list(lesions.figure().data[0].x) == [614, 5403, 73]
    assert lesions.figure().layout.xaxis.type == "log"
    assert "6,090 lesions" in lesions.description


def test_groups_are_shares_of_a_class_beside_the_whole_set():
    rows = pd.DataFrame({"group": ["a", "b", "?"], "images": [3, 1, 0], "images_all": [5, 3, 2]})
    display = plots.GroupsDisplay(rows, {"?"})
    assert display.table()["share"].tolist() == [0.75, 0.25, 0]
    bars, diamonds, _ = display.figure().data
    assert list(diamonds.x) == [0.5, 0.3, 0.2]
    assert list(bars.marker.pattern.shape) == ["", "", "/"]
    alone = plots.GroupsDisplay(rows.drop(columns="images_all"), {"?"})
    assert len(alone.figure(dark=True).data) == 2
    assert "largest group is a with 75.0%" in alone.description


def test_an_epoch_shows_photos_and_synthetic_ones_apart():
    rows = pd.DataFrame(
        {"label": list(COUNTS["label"])[:2], "images": [9, 3], "draws": [9.0, 6.0], "synthetic": [0.0, 3.0],
         "class_weight": [1.0, 2.0]}
    )  # fmt: skip
    display = plots.EpochDisplay(rows, FULL)
    before, photos, made = display.figure().data
    assert list(before.x) == [9, 3] and list(photos.x) == [9, 3] and list(made.x) == [0, 3]
    assert list(made.base) == [9, 3]
    assert "15 images instead of 12" in display.description and "2.0 times" in display.description
    assert len(plots.EpochDisplay(rows.assign(synthetic=0.0), FULL, logarithmic=True).figure(dark=True).data) == 2


def test_lines_run_from_left_to_right(displays):
    assert list(drawn(displays["lines"].figure(), "hair").y) == [0.9, 0.7, 0.5]
    assert (
        displays["lines"].description == "Accuracy over severity: blur from 0.900 to 0.500; hair from 0.900 to 0.500."
    )


def test_the_bundled_model_stands_out_by_its_symbol(displays):
    figure = displays["trade_off"].figure()
    symbols = {trace.name: trace.marker.symbol for trace in figure.data}
    assert symbols == {"Recipes and earlier models": "circle-open", "Bundled model": "diamond"}


def test_only_models_that_no_other_beats_are_named_on_the_chart():
    rows = pd.DataFrame({"name": list("abcd"), "cost": [1, 2, 3, 4], "value": [0.6, 0.5, 0.8, 0.7]})
    rows = rows.assign(low=rows.value - 0.1, high=rows.value + 0.1, ours=[False, False, False, True])
    display = plots.TradeOffDisplay(rows, "Parameters", "Accuracy")
    assert display.on_front().tolist() == [True, False, True, False]
    texts = [text.strip() for trace in display.figure().data for text in trace.text]
    assert texts == ["a", "", "c", "d"]
    assert [name for trace in display.figure().data for name in trace.customdata] == list("abcd")


def test_names_of_models_that_lie_together_are_not_written_over_each_other():
    rows = pd.DataFrame({"name": list("abc"), "cost": [20, 21, 900], "value": [0.76, 0.77, 0.5]})
    rows = rows.assign(low=0.4, high=0.9, ours=[False, True, False])
    display = plots.TradeOffDisplay(rows, "Milliseconds", "Accuracy")
    assert display.with_room(pd.Series([True, True, True])).tolist() == [False, True, True]
    assert display.with_room(pd.Series([True, False, True])).tolist() == [True, False, True]


def test_steps_of_an_axis_can_be_named():
    figure = plots.LinesDisplay(LINES, "Severity", "Accuracy", {0: "as taken", 2: "severe"}).figure()
    assert figure.layout.xaxis.tickvals == (0, 2)
    assert figure.layout.xaxis.ticktext == ("as taken", "severe")


def test_the_camera_is_always_there():
    assert plots.CONFIG["displayModeBar"] is True
    assert "toImage" in plots.CONFIG["modeBarButtons"][0]


def test_long_names_leave_room_for_bars():
    assert wrapped("Actinic keratosis / intraepithelial carcinoma").count("<br>") == 2
    assert wrapped("Melanoma") == "Melanoma"


def test_unknown_kinds_are_refused(displays, make_cases):
    with pytest.raises(ContractError):
        plots.CurveDisplay.from_cases("lift", make_cases(50), NAMES, pd.DataFrame(), pd.DataFrame())
    with pytest.raises(ContractError):
        plots.ConfusionDisplay(displays["confusion"].counts, {}, "percent")


def test_the_takeaway_of_lines_is_the_one_that_changes_most():
    rows = pd.DataFrame({"series": ["a", "a", "b", "b"], "x": [0, 1, 0, 1], "value": [0.9, 0.8, 0.9, 0.4]})
    assert plots.LinesDisplay(rows, "x", "y").takeaway == "The largest change: b, from 0.900 to 0.400."
    assert plots.TradeOffDisplay(MODELS, "Parameters", "Balanced accuracy").takeaway.startswith("Best: B with 0.800")
