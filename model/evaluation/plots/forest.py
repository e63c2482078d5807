"""Estimates with their intervals, side by side: groups, differences, and outcomes in a clinic."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import (
    BLUE,
    INK,
    MODE_BAR_PIXELS,
    VERMILION,
    RowsDisplay,
    empty_figure,
    error_bars,
    series,
    with_interval,
    wrapped,
)

ROW_PIXELS, LINE_PIXELS = 30, 17
AXIS_PIXELS = 38  # of an axis with its numbers, without its title
LONG = 20  # rows; with more, an axis below the last row is not visible at the first
LESIONS, ROW_LESIONS = 1000, 40
SQUARES = {  # outcome -> place of its colour, and whether its squares are filled: biopsied ones are
    "found": (VERMILION, True), "missed": (VERMILION, False), "benign_biopsied": (BLUE, True),
    "benign_spared": (BLUE, False),
}  # fmt: skip


@dataclass(frozen=True)
class ForestDisplay(RowsDisplay):
    """One estimate per row, with interval, n and a reference line.

    Parameters
    ----------
    rows : DataFrame
        group, value, low, high, n_images, from top to bottom. A row without a value is shown as a count, one
        without a count as its name only.
    quantity : str
        What the values are: the axis title.
    reference : float, optional
        Position of the line: everyone's value, or 0 for differences.
    """

    quantity: str
    reference: float | None = None

    def _labels(self) -> list[str]:
        counts = ["" if pd.isna(count) else f", n\u00a0=\u00a0{count:,}" for count in self.rows["n_images"]]
        return [wrapped(f"{group}{count}") for group, count in zip(self.rows["group"], counts, strict=True)]

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart; rows too small for a rate have a text instead."""
        title, labels, look = wrapped(self.quantity), self._labels(), series(BLUE, dark)
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
        """A sentence on the lowest and the highest group."""
        shown = self.rows.dropna(subset="value")
        if shown.empty:
            return f"{self.quantity}: every group is too small for a rate."
        ends = [shown.loc[shown["value"].idxmin()], shown.loc[shown["value"].idxmax()]]
        said = [f"{row['group']} with {with_interval(row['value'], row['low'], row['high'])}" for row in ends]
        return f"{self.quantity} with 95 % interval: lowest {said[0]}, highest {said[1]}."


@dataclass(frozen=True)
class LesionsDisplay:
    """Outcomes of 1,000 lesions of a clinic at one threshold and prevalence, one square per lesion.

    Parameters
    ----------
    outcomes : DataFrame
        As `clinic_table` returns it.
    names : mapping of str to str
        What each outcome is called, in the order to show them; those in `SQUARES` are drawn.
    """

    outcomes: pd.DataFrame
    names: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return the named outcomes in their order."""
        return self.outcomes.set_index("outcome").loc[list(self.names)].reset_index()

    def counts(self) -> dict[str, int]:
        """Return how many of the 1,000 squares each drawn outcome gets; they add up to 1,000."""
        values = self.outcomes.set_index("outcome").loc[list(SQUARES), "value"]
        counts = np.floor(values).astype(int)
        largest = (values - counts).nlargest(LESIONS - counts.sum()).index  # what rounding down left over
        counts[largest] += 1
        return counts.to_dict()

    def figure(self, dark: bool = False) -> go.Figure:
        """Return 25 rows of 40 squares; lesions that are positive come first."""
        figure, start = empty_figure(dark, 330), 0
        for outcome, count in self.counts().items():
            places = np.arange(start, start + count)
            start += count
            position, filled = SQUARES[outcome]
            colour = series(position, dark).colour
            marker = {"color": colour if filled else "rgba(0,0,0,0)", "size": 7, "symbol": "square"}
            figure.add_scatter(
                x=places % ROW_LESIONS, y=places // ROW_LESIONS, mode="markers", hoverinfo="name",
                name=f"{self.names[outcome]}: {count:,}", marker=marker | {"line": {"color": colour, "width": 1.2}},
            )  # fmt: skip
        figure.update_xaxes(visible=False, range=[-0.7, ROW_LESIONS - 0.3])
        figure.update_yaxes(visible=False, range=[LESIONS / ROW_LESIONS - 0.3, -0.7])
        figure.update_layout(legend={"y": -0.02, "itemclick": False, "itemdoubleclick": False})
        return figure

    @property
    def takeaway(self) -> str:
        """Natural frequencies in one sentence."""
        counts = self.counts()
        positive, called = counts["found"] + counts["missed"], counts["found"] + counts["benign_biopsied"]
        return (
            f"Of {LESIONS:,} lesions {positive} are positive: {counts['found']} found, {counts['missed']} missed. "
            f"{called:,} are biopsied, {counts['benign_biopsied']:,} of them negative."
        )

    @property
    def description(self) -> str:
        """Every outcome with its interval."""
        rows = self.table()
        said = [
            f"{self.names[row.outcome]} {with_interval(row.value, row.low, row.high, digits=0)}"
            for row in rows.itertuples()
        ]
        return f"Lesions, with 95 % interval: {'; '.join(said)}."
