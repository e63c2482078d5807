"""Values over a quantity: along severity or training, and one model against another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import (
    INK,
    VERMILION,
    RowsDisplay,
    add_band,
    empty_figure,
    error_bars,
    series,
    with_interval,
)

NAME_SPAN = (0.6, 0.07)  # share of the chart that a written name needs, across and up


def _marked(dark: bool) -> dict:
    """Return the look of a series that lies on another one and has to stand out."""
    return {"symbol": "star", "size": 16, "color": INK[dark]}


@dataclass(frozen=True)
class LinesDisplay(RowsDisplay):
    """One line per series, with bands where there are intervals.

    Parameters
    ----------
    rows : DataFrame
        series, x, value and, where known, low and high; ``point``, where given, is said under the pointer.
    across, quantity : str
        What x and value are: the axis titles.
    ticks : mapping of float to str, optional
        Names of the places along the axis, where x counts steps.
    marked : str, optional
        A series to be drawn as large stars.
    """

    across: str
    quantity: str
    ticks: Mapping[float, str] | None = None
    marked: str | None = None

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart."""
        figure = empty_figure(dark, 400, self.across, self.quantity)
        for position, (name, line) in enumerate(self.rows.groupby("series", sort=False)):
            look, line = series(position, dark), line.sort_values("x")
            marker = _marked(dark) if name == self.marked else {"symbol": look.symbol, "size": 8}
            said = ", %{text}" if "point" in line else ""
            if "low" in line and line["low"].notna().all():
                add_band(figure, line["x"], line["low"].to_numpy(), line["high"].to_numpy(), look)
            figure.add_scatter(
                x=line["x"], y=line["value"], mode="markers" if name == self.marked else "lines+markers", name=name,
                line={"color": look.colour, "dash": look.dash}, marker=marker,
                hovertemplate="%{x}: %{y:.3f}" + said + "<extra>" + str(name) + "</extra>",
                text=line["point"] if said else None,
            )  # fmt: skip
        if self.ticks:
            figure.update_xaxes(tickvals=list(self.ticks), ticktext=list(self.ticks.values()))
        return figure

    def _ends(self) -> dict[str, tuple[float, float]]:
        lines = self.rows.sort_values("x", kind="stable").groupby("series", sort=False)["value"]
        return {str(name): (values.iloc[0], values.iloc[-1]) for name, values in lines}

    @property
    def takeaway(self) -> str:
        """The line that changes most from its start to its end."""
        ends = self._ends()
        name = max(ends, key=lambda series: abs(ends[series][1] - ends[series][0]))
        return f"The largest change: {name}, from {ends[name][0]:.3f} to {ends[name][1]:.3f}."

    @property
    def description(self) -> str:
        """Where each line starts and ends."""
        said = [f"{name} from {start:.3f} to {end:.3f}" for name, (start, end) in self._ends().items()]
        return sentence(self.quantity, "over", self.across, said)


@dataclass(frozen=True)
class TradeOffDisplay(RowsDisplay):
    """Result of each model against its cost.

    Parameters
    ----------
    rows : DataFrame
        name, cost (above 0), value, low, high, ours (bool: the bundled model).
    cost, quantity : str
        What cost and value are: the axis titles.
    """

    cost: str
    quantity: str

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart; the bundled model is a filled diamond, the others open circles.

        Names are written for the bundled model and for models that no other beats at their cost, as far as there is
        space; every name is shown under the pointer.
        """
        figure = empty_figure(dark, 420, self.cost, self.quantity)
        written = self.rows["name"].where(self.with_room(self.rows["ours"] | self.on_front()), "")
        ends = np.log10([self.rows["cost"].min(), self.rows["cost"].max()])
        side = np.where(np.log10(self.rows["cost"]) > ends.mean(), "middle left", "middle right")  # towards free space
        for ours, part in self.rows.assign(written=" " + written + " ", side=side).groupby("ours"):
            look = series(VERMILION if ours else 0, dark)
            figure.add_scatter(
                x=part["cost"], y=part["value"], error_y=error_bars(part, look), mode="markers+text",
                text=part["written"], customdata=part["name"], textposition=part["side"], cliponaxis=False,
                name="Bundled model" if ours else "Recipes and earlier models",
                marker={"color": look.colour, "symbol": "diamond" if ours else "circle-open", "size": 11},
                hovertemplate="%{customdata}: %{y:.3f} at %{x:,}<extra></extra>",
            )  # fmt: skip
        figure.update_xaxes(type="log", tickformat="~s", dtick="D2", range=[ends[0] - 0.15, ends[1] + 0.15])
        return figure

    @property
    def takeaway(self) -> str:
        """The best model, and the bundled one where that is another."""
        best = self.rows.loc[self.rows["value"].idxmax()]
        ours = self.rows[self.rows["ours"]].head(1)
        named = [best, *(row for _, row in ours.iterrows() if row["name"] != best["name"])]
        said = [f"{row['name']} with {row['value']:.3f} at {cost_text(row['cost'])}" for row in named]
        return f"Best: {'; bundled model: '.join(said)}."

    @property
    def description(self) -> str:
        """Every model."""
        said = [
            f"{row.name_} {with_interval(row.value, row.low, row.high)} at {cost_text(row.cost)}"
            for row in self.rows.rename(columns={"name": "name_"}).itertuples(index=False)
        ]
        return sentence(self.quantity, "against", self.cost, said)

    def with_room(self, wanted: pd.Series) -> pd.Series:
        """Say which of the wanted names can be written without touching another; the bundled model's comes first."""
        places = np.column_stack([np.log10(self.rows["cost"]), self.rows["value"]])
        across, up = np.ptp(places, axis=0) * NAME_SPAN
        kept: list[int] = []
        for row in np.argsort(~self.rows["ours"].to_numpy(bool), kind="stable"):
            apart = np.abs(places[kept] - places[row]) >= (across, up)
            if wanted.iloc[row] and apart.any(axis=1).all():
                kept.append(int(row))
        return pd.Series(np.isin(np.arange(len(wanted)), kept), wanted.index)

    def on_front(self) -> pd.Series:
        """Say of every model whether no other is as good or better for less, or better for the same."""
        cheapest = self.rows.sort_values(["cost", "value"], ascending=[True, False], kind="stable")
        return (cheapest["value"] > cheapest["value"].cummax().shift(fill_value=-np.inf)).reindex(self.rows.index)


def sentence(quantity: str, against: str, across: str, said: Iterable[str]) -> str:
    """Say what a chart shows: what it draws, against what, and its values."""
    return f"{quantity} {against} {across[:1].lower()}{across[1:]}: {'; '.join(said)}."


def cost_text(cost: float) -> str:
    """Write a cost with no more digits than it needs."""
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"
