"""The confusion matrix, whose cells can be clicked."""

import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from model.errors import ContractError
from model.evaluation.confusion import commonest_mistake
from model.evaluation.plots.style import GRID, INK, PAGE, PALETTES, VERMILION, empty_figure

MODES = {"count": "images", "row": "share of the true class", "column": "share of the answers"}

CELL_TURNS = 0.5  # share from which the page's colour reads better on a cell
DARKEST = {False: "#0B4F7A", True: "#9BD3F5"}  # of a full cell; an empty one has the page's colour
ACCENT = {False: PALETTES[False][VERMILION], True: PALETTES[True][VERMILION]}  # around the chosen cell


@dataclass(frozen=True)
class ConfusionDisplay:
    """How many images of each class got each answer.

    Parameters
    ----------
    counts : DataFrame
        label, predicted, count: every pair of classes of one dataset and split, in the order to draw them.
    names : mapping of str to str
        Full names by class code.
    mode : str
        ``count``, ``row`` (shares of the answers to a class) or ``column`` (shares of the classes of an answer).
    malignant : collection of str
        Codes of malignant classes, where they come first; a line separates them from the others.
    chosen : tuple of str, optional
        True class and answer of the cell to outline.
    """

    counts: pd.DataFrame
    names: Mapping[str, str]
    mode: str = "count"
    malignant: Collection[str] = ()
    chosen: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ContractError("unknown_mode", f"There is no mode {self.mode!r}; known are {', '.join(MODES)}.")

    def table(self) -> pd.DataFrame:
        """Return the matrix: one row per true class, one column per answer; an empty row or column has no shares."""
        codes = self.counts["label"].drop_duplicates()
        matrix = self.counts.pivot(index="label", columns="predicted", values="count").loc[codes, codes]
        if self.mode == "count":
            return matrix
        total = matrix.sum(axis="columns" if self.mode == "row" else "index")
        return matrix.div(total.where(total > 0), axis="index" if self.mode == "row" else "columns")

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart; ``customdata`` of a clicked cell is its true class and its answer.

        Counts are coloured by the share of their row, because one class outnumbers all others together.
        """
        matrix = self.table()
        figure = empty_figure(dark, 560, "Named by the model", "True diagnosis")
        shade = matrix if self.mode != "count" else ConfusionDisplay(self.counts, self.names, "row").table()
        figure.add_heatmap(
            x=list(matrix.columns), y=list(matrix.index), z=shade.to_numpy(), showscale=False, hoverinfo="skip",
            colorscale=[[0, PAGE[dark]], [1, DARKEST[dark]]], zmin=0, zmax=1,
        )  # fmt: skip
        cells = self.counts
        figure.add_scatter(  # clicks reach points, not heat map cells
            x=cells["predicted"], y=cells["label"], mode="markers", showlegend=False,
            customdata=cells[["label", "predicted"]].to_numpy(),
            text=[f"{self.names[a]} called {self.names[b]}: {n} images" for a, b, n in
                  cells[["label", "predicted", "count"]].itertuples(index=False)],
            marker={"size": 34, "opacity": 0, "symbol": "square"}, hovertemplate="%{text}<extra></extra>",
            selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        )  # fmt: skip
        self._write(figure, matrix, shade, dark)
        self._outline(figure, list(matrix.columns), dark)
        ticks = {
            "tickvals": list(matrix.columns),
            "ticktext": [_short(self.names[code]) for code in matrix.columns],
            "tickfont": {"size": 11},
        }
        figure.update_yaxes(**ticks, autorange="reversed", showgrid=False, ticks="")
        figure.update_xaxes(**ticks, showgrid=False, ticks="")
        return figure

    def _outline(self, figure: go.Figure, codes: list[str], dark: bool) -> None:
        """Draw lines between cells, a stronger one between malignant and benign, and a frame around the chosen cell."""
        between = sum(code in self.malignant for code in codes)
        for place in range(len(codes) + 1):
            strong = place == between and 0 < between < len(codes)
            line = {"color": INK[dark] if strong else GRID[dark], "width": 1.5 if strong else 1}
            figure.add_hline(place - 0.5, line=line)
            figure.add_vline(place - 0.5, line=line)
        if self.chosen and set(self.chosen) <= set(codes):
            y, x = map(codes.index, self.chosen)
            figure.add_shape(x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"color": ACCENT[dark], "width": 4})

    def _write(self, figure: go.Figure, matrix: pd.DataFrame, shade: pd.DataFrame, dark: bool) -> None:
        """Write every number in the page's or the text's colour, whichever reads better on its cell."""
        text_of, notes = "{:,.0f}".format if self.mode == "count" else "{:.0%}".format, []
        for (label, predicted), value in matrix.stack().items():
            filled = shade.loc[label, predicted] > CELL_TURNS
            font = {"color": PAGE[dark] if filled else INK[dark], "size": 13}
            text = "" if pd.isna(value) else text_of(value)
            notes.append({"x": predicted, "y": label, "text": text, "showarrow": False, "font": font})
        figure.update_layout(annotations=notes)

    @property
    def description(self) -> str:
        """How many are right, and the most common mistake."""
        right = self.counts["label"] == self.counts["predicted"]
        total = self.counts["count"].sum()
        said = f"Confusion matrix: {self.counts['count'][right].sum():,} of {total:,} images are named correctly."
        worst = commonest_mistake(self.counts)
        if worst is None:
            return said
        mistake = f"{self.names[worst['label']]} called {self.names[worst['predicted']]}"
        return f"{said} The most common mistake is {mistake}: {worst['count']:,} images."


def _short(name: str) -> str:
    """Return the first of a class's names, broken into lines that fit below a cell."""
    return "<br>".join(textwrap.wrap(name.split(" / ")[0], 11, break_long_words=False))
