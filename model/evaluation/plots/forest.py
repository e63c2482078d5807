"""Estimates with their intervals, side by side: groups, differences, and what happens in a clinic."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import (
    BENIGN,
    INK,
    MODE_BAR_PIXELS,
    RowsDisplay,
    empty_figure,
    error_bars,
    fill,
    series,
    with_interval,
    wrapped,
)

ROW_PIXELS, LINE_PIXELS = 30, 17
AXIS_PIXELS = 38  # of an axis with its numbers, without its title
LONG = 20  # rows; with more of them nobody sees an axis below them beside the first
MALIGNANT_OUTCOMES = ("found", "missed")


@dataclass(frozen=True)
class ForestDisplay(RowsDisplay):
    """One estimate a row, with its interval, n and a line to compare with.

    Parameters
    ----------
    rows : DataFrame
        group, value, low, high, n_images, from top to bottom. A row without a value is shown as a count, one
        without a count as its name only.
    quantity : str
        What the values are: the axis title.
    reference : float, optional
        Where the line stands: everyone's value, or 0 for differences.
    """

    quantity: str
    reference: float | None = None

    def _labels(self) -> list[str]:
        counts = ["" if pd.isna(count) else f", n\u00a0=\u00a0{count:,}" for count in self.rows["n_images"]]
        return [wrapped(f"{group}{count}") for group, count in zip(self.rows["group"], counts, strict=True)]

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart; rows too small for a rate say so in words."""
        title, labels, look = wrapped(self.quantity), self._labels(), series(BENIGN, dark)
        lines = max([label.count("<br>") + 1 for label in labels], default=1)
        row = max(ROW_PIXELS, LINE_PIXELS * lines + 6)
        figure = empty_figure(dark, 90 + row * len(labels) + LINE_PIXELS * title.count("<br>"), title)
        if self.reference is not None:
            figure.add_vline(self.reference, line={"color": INK[dark], "dash": "dot", "width": 1})
        rows = self.rows.assign(place=range(len(self.rows)))
        shown, counted = rows.dropna(subset="value"), rows[rows["value"].isna()]
        figure.add_scatter(
            x=shown["value"], y=shown["place"], error_x=error_bars(shown, look), mode="markers",
            marker={"color": look.colour, "size": 9, "symbol": "square"}, showlegend=False,
            text=[with_interval(*row) for row in shown[["value", "low", "high"]].itertuples(index=False)],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        for place, count in counted[["place", "n_images"]].itertuples(index=False):
            said = "" if pd.isna(count) else "too few for a rate" if count else "no case"
            figure.add_annotation(x=0.02, xref="paper", xanchor="left", y=place, text=said, showarrow=False)
        figure.update_yaxes(
            tickvals=list(rows["place"]), ticktext=labels, range=[len(rows) - 0.5, -0.5], showgrid=False, ticks=""
        )
        if len(rows) > LONG:
            figure.update_xaxes(side="top")
            figure.update_layout(margin_t=MODE_BAR_PIXELS + AXIS_PIXELS + LINE_PIXELS * (title.count("<br>") + 1))
        return figure

    @property
    def description(self) -> str:
        """The lowest and the highest group in words."""
        shown = self.rows.dropna(subset="value")
        if shown.empty:
            return f"{self.quantity}: every group is too small for a rate."
        ends = [shown.loc[shown["value"].idxmin()], shown.loc[shown["value"].idxmax()]]
        said = [f"{row['group']} with {with_interval(row['value'], row['low'], row['high'])}" for row in ends]
        return f"{self.quantity} with 95 % interval: lowest {said[0]}, highest {said[1]}."


@dataclass(frozen=True)
class ClinicDisplay:
    """What would happen to the lesions of a clinic at one threshold and prevalence.

    Parameters
    ----------
    outcomes : DataFrame
        As `clinic_table` returns it.
    names : mapping of str to str
        What each outcome is called, in the order to show them.
    """

    outcomes: pd.DataFrame
    names: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return the named outcomes in their order."""
        return self.outcomes.set_index("outcome").loc[list(self.names)].reset_index()

    def figure(self, dark: bool = False) -> go.Figure:
        """Return a bar an outcome; outcomes of malignant lesions are hatched."""
        rows = self.table()
        figure = empty_figure(dark, 90 + 2 * ROW_PIXELS * len(rows), "Lesions")
        names = [wrapped(self.names[outcome]) for outcome in rows["outcome"]]
        figure.add_bar(
            x=rows["value"], y=names, orientation="h",
            error_x=error_bars(rows) | {"color": INK[dark]}, showlegend=False,
            marker=fill(rows["outcome"].isin(MALIGNANT_OUTCOMES), dark), hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=rows["high"], y=names, mode="text", text=self._texts(rows), textposition="middle right",
            cliponaxis=False, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        figure.update_xaxes(range=[0, 1.9 * rows["high"].max()])
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
        return figure

    @staticmethod
    def _texts(rows: pd.DataFrame) -> list[str]:
        figures = rows[["value", "low", "high"]].itertuples(index=False)
        return [" " + with_interval(value, low, high, digits=0) for value, low, high in figures]

    @property
    def description(self) -> str:
        """Every outcome in words."""
        rows = self.table()
        said = [f"{self.names[name]}{text}" for name, text in zip(rows["outcome"], self._texts(rows), strict=True)]
        return f"Lesions, with 95 % interval: {'; '.join(said)}."
