"""Values over a quantity: along severity or training, and one model against another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import (
    MALIGNANT,
    add_band,
    empty_figure,
    error_bars,
    series,
    with_interval,
)

ROOM_FOR_NAME = 0.45  # powers of ten left free to the right of the last model


@dataclass(frozen=True)
class LinesDisplay:
    """One line a series, with bands where there are intervals.

    Parameters
    ----------
    rows : DataFrame
        series, x, value and, where known, low and high.
    across, quantity : str
        What x and value are: the axis titles.
    """

    rows: pd.DataFrame
    across: str
    quantity: str

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart."""
        figure = empty_figure(dark, 400, self.across, self.quantity)
        for position, (name, line) in enumerate(self.rows.groupby("series", sort=False)):
            look, line = series(position, dark), line.sort_values("x")
            if "low" in line and line["low"].notna().all():
                add_band(figure, line["x"], line["low"].to_numpy(), line["high"].to_numpy(), look)
            figure.add_scatter(
                x=line["x"], y=line["value"], mode="lines+markers", name=name,
                line={"color": look.colour, "dash": look.dash}, marker={"symbol": look.symbol, "size": 8},
                hovertemplate="%{x}: %{y:.3f}<extra>" + str(name) + "</extra>",
            )  # fmt: skip
        return figure

    def table(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows

    @property
    def description(self) -> str:
        """Where each line starts and ends, in words."""
        said = []
        for name, line in self.rows.sort_values("x").groupby("series", sort=False):
            said.append(f"{name} from {line['value'].iloc[0]:.3f} to {line['value'].iloc[-1]:.3f}")
        return f"{self.quantity} over {self.across[:1].lower()}{self.across[1:]}: {'; '.join(said)}."


@dataclass(frozen=True)
class TradeOffDisplay:
    """What each model gives against what it costs.

    Parameters
    ----------
    rows : DataFrame
        name, cost (above 0), value, low, high, ours (bool: the bundled model).
    cost, quantity : str
        What cost and value are: the axis titles.
    """

    rows: pd.DataFrame
    cost: str
    quantity: str

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart; the bundled model is a filled diamond, the others open circles."""
        figure = empty_figure(dark, 420, self.cost, self.quantity)
        for ours, part in self.rows.groupby("ours"):
            look = series(MALIGNANT if ours else 0, dark)
            figure.add_scatter(
                x=part["cost"], y=part["value"], error_y=error_bars(part, look), mode="markers+text",
                text=" " + part["name"], textposition="middle right", cliponaxis=False,
                name="Bundled model" if ours else "Other recipes",
                marker={"color": look.colour, "symbol": "diamond" if ours else "circle-open", "size": 11},
                hovertemplate="%{text}: %{y:.3f} at %{x:,}<extra></extra>",
            )  # fmt: skip
        ends = np.log10([self.rows["cost"].min(), self.rows["cost"].max()])
        figure.update_xaxes(type="log", tickformat="~s", dtick="D2", range=[ends[0] - 0.1, ends[1] + ROOM_FOR_NAME])
        return figure

    def table(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows

    @property
    def description(self) -> str:
        """Every model in words."""
        said = [
            f"{row.name_} {with_interval(row.value, row.low, row.high)} at {row.cost:,.10g}"
            for row in self.rows.rename(columns={"name": "name_"}).itertuples(index=False)
        ]
        return f"{self.quantity} against {self.cost[:1].lower()}{self.cost[1:]}: {'; '.join(said)}."
