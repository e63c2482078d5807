"""How the confusion matrix parts its classes and frames the chosen cell."""

import pandas as pd

from model.evaluation import plots


def test_malignant_classes_are_parted_and_the_chosen_cell_is_framed():
    counts = pd.DataFrame({"label": list("aabb"), "predicted": list("abab"), "count": [3, 1, 0, 2]})
    display = plots.ConfusionDisplay(counts, {"a": "A / with more", "b": "B"}, "count", {"a"}, ("a", "b"))
    figure = display.figure()
    assert list(figure.layout.xaxis.ticktext) == ["A", "B"]
    [frame] = [shape for shape in figure.layout.shapes if shape.type not in ("line",)]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (0.5, 1.5, -0.5, 0.5)
    widths = {
        shape.x0: shape.line.width for shape in figure.layout.shapes if shape.type == "line" and shape.x0 == shape.x1
    }
    assert widths[0.5] > widths[-0.5]
