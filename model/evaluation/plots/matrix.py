"""The confusion matrix, whose cells can be clicked."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from model.errors import ContractError
from model.evaluation.plots.style import empty_figure

MODES = {"count": "images", "row": "share of the true class", "column": "share of the answers"}

CELL_TURNS_LIGHT = 0.5  # share from which black reads better on the colour map


@dataclass(frozen=True)
class ConfusionDisplay:
    """How many images of a class were called what.

    Parameters
    ----------
    counts : DataFrame
        label, predicted, count: every pair of classes of one dataset and split, in label order.
    names : mapping of str to str
        Full names by class code.
    mode : str
        ``count``, ``row`` (of a class, the share called what) or ``column`` (of an answer, the share that was what).
    """

    counts: pd.DataFrame
    names: Mapping[str, str]
    mode: str = "count"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ContractError("unknown_mode", f"There is no mode {self.mode!r}; known are {', '.join(MODES)}.")

    def table(self) -> pd.DataFrame:
        """Return the matrix: one row a true class, one column an answer; an empty row or column has no shares."""
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
        figure = empty_figure(dark, 460, "Called", "True class")
        shade = matrix if self.mode != "count" else ConfusionDisplay(self.counts, self.names, "row").table()
        bar = {"orientation": "h", "y": -0.2, "yanchor": "top", "thickness": 10, "tickformat": ".0%"}
        bar["title"] = {"text": MODES["row" if self.mode == "count" else self.mode], "side": "top"}
        figure.add_heatmap(
            x=list(matrix.columns), y=list(matrix.index), z=shade.to_numpy(),
            colorscale="Cividis", zmin=0, zmax=1, xgap=1, ygap=1, colorbar=bar,
            hoverinfo="skip",
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
        self._write(figure, matrix, shade)
        figure.update_yaxes(autorange="reversed", showgrid=False)
        figure.update_xaxes(showgrid=False)
        return figure

    def _write(self, figure: go.Figure, matrix: pd.DataFrame, shade: pd.DataFrame) -> None:
        """Write every number in black or white, whichever reads better on its cell."""
        text_of, notes = "{:,.0f}".format if self.mode == "count" else "{:.0%}".format, []
        for (label, predicted), value in matrix.stack().items():
            on_dark = not shade.loc[label, predicted] > CELL_TURNS_LIGHT
            font = {"color": "#FFFFFF" if on_dark else "#000000", "size": 12}
            text = "" if pd.isna(value) else text_of(value)
            notes.append({"x": predicted, "y": label, "text": text, "showarrow": False, "font": font})
        figure.update_layout(annotations=notes)

    @property
    def description(self) -> str:
        """How many are right, and the commonest mistake."""
        right = self.counts["label"] == self.counts["predicted"]
        total = self.counts["count"].sum()
        said = f"Confusion matrix: {self.counts['count'][right].sum():,} of {total:,} images are called what they are."
        worst = self.counts[~right].nlargest(1, "count").iloc[0]
        if worst["count"] == 0:
            return said
        mistake = f"{self.names[worst['label']]} called {self.names[worst['predicted']]}"
        return f"{said} The commonest mistake is {mistake}: {worst['count']:,} images."
