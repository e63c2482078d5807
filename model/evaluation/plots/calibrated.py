"""Reliability diagrams and decision curves."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import (
    GRID,
    INK,
    add_band,
    empty_figure,
    error_bars,
    fill,
    series,
)

PER_IMAGES = 1000
STRATEGIES = {"value": "Follow the model", "treat_all": "Act on all", "treat_none": "Act on none"}


@dataclass(frozen=True)
class ReliabilityDisplay:
    """How often answers of each confidence are right, with n in every bin.

    Parameters
    ----------
    states : mapping of str to DataFrame
        What the probabilities are ("before temperature", "after temperature") -> bins of `reliability_table`.
    """

    states: Mapping[str, pd.DataFrame]

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the diagram over bars of n."""
        figure = empty_figure(dark, 620)
        diagonal = {"color": INK[dark], "dash": "dot", "width": 1}
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, hoverinfo="skip", showlegend=False)
        for position, (state, bins) in enumerate(self.states.items()):
            look, filled = series(position, dark), bins[bins.n_images > 0]
            bars = error_bars(filled.rename(columns={"share": "value"}), look)
            figure.add_scatter(
                x=filled["confidence"], y=filled["share"], error_y=bars, mode="lines+markers", name=state,
                line={"color": look.colour, "dash": look.dash}, marker={"symbol": look.symbol, "size": 8},
                customdata=filled["n_images"],
                hovertemplate="predicted %{x:.3f}, observed %{y:.3f}, n = %{customdata}<extra></extra>",
            )  # fmt: skip
            figure.add_bar(
                x=(bins["bin_low"] + bins["bin_high"]) / 2, y=bins["n_images"], yaxis="y2", showlegend=False,
                text=bins["n_images"].where(bins["n_images"] > 0, ""), textposition="outside", cliponaxis=False,
                textangle=-90, textfont={"size": 10}, constraintext="none",
                marker=fill(position > 0, dark),
                hovertemplate=f"{state}: %{{y}} images<extra></extra>",
            )  # fmt: skip
        most = max(bins["n_images"].max() for bins in self.states.values())
        figure.update_layout(
            xaxis={"range": [0, 1], "anchor": "y2", "title": {"text": "Predicted probability"}, "constrain": "domain"},
            yaxis={"domain": [0.3, 1], "range": [0, 1.02], "title": {"text": "Observed share"},
                   "scaleanchor": "x", "constrain": "domain"},
            yaxis2={"domain": [0, 0.2], "range": [0, 1.5 * most], "title": {"text": "Images"}, "anchor": "x",
                    "gridcolor": GRID[dark], "linecolor": INK[dark], "zeroline": False},
            barmode="group", bargap=0.1,
        )  # fmt: skip
        figure.update_yaxes(automargin=True, color=INK[dark])
        return figure

    def table(self) -> pd.DataFrame:
        """Return the bins of every state."""
        return pd.concat([bins.assign(state=state) for state, bins in self.states.items()], ignore_index=True)

    @property
    def description(self) -> str:
        """A sentence on the widest gap of each state."""
        said = []
        for state, bins in self.states.items():
            filled = bins[bins.n_images > 0]
            worst = filled.loc[(filled["share"] - filled["confidence"]).abs().idxmax()]
            said.append(
                f"{state}, the widest gap is at a mean probability of {worst['confidence']:.2f}, where "
                f"the observed share is {worst['share']:.2f} (n = {worst['n_images']:.0f})"
            )
        return f"Reliability diagram: {'; '.join(said)}."


@dataclass(frozen=True)
class DecisionDisplay:
    """Net benefit of following the model, of treating all and of treating none.

    Parameters
    ----------
    curve : DataFrame
        As `decision_curve` returns it.
    highest : float
        Threshold up to which it is drawn: few would wait for more than an even chance.
    """

    curve: pd.DataFrame
    highest: float = 0.5

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart, in true positives per 1,000 images."""
        figure = empty_figure(dark, 400, "Threshold probability", "Net benefit per 1,000 images")
        drawn = self.curve[self.curve.threshold <= self.highest]
        scaled = drawn.drop(columns="threshold") * PER_IMAGES
        add_band(figure, drawn["threshold"], scaled["low"].to_numpy(), scaled["high"].to_numpy(), series(0, dark))
        for position, (column, name) in enumerate(STRATEGIES.items()):
            look = series(position, dark)
            figure.add_scatter(
                x=drawn["threshold"], y=scaled[column], mode="lines", name=name,
                line={"color": look.colour, "dash": look.dash, "width": 2},
                hovertemplate="%{y:.1f} per 1,000 at %{x:.0%}<extra>" + name + "</extra>",
            )  # fmt: skip
        most = np.nanmax(scaled["high"])
        figure.update_xaxes(range=[0, self.highest], tickformat=".0%")
        figure.update_yaxes(range=[-0.15 * most, 1.1 * most])
        return figure

    def table(self) -> pd.DataFrame:
        """Return the whole curve."""
        return self.curve

    @property
    def description(self) -> str:
        """Where following the model has more net benefit than either simple rule."""
        best = self.curve[["treat_all", "treat_none"]].max(axis=1)
        better = self.curve[(self.curve["low"] > best) & (self.curve["threshold"] <= self.highest)]
        if better.empty:
            return (
                "Decision curve: at no threshold is following the model clearly better than acting on all or on none."
            )
        least, most = better["threshold"].min(), better["threshold"].max()
        return (
            "Decision curve: between thresholds of "
            f"{least:.0%} and {most:.0%} the whole 95 % band of following the model is above acting on all and "
            f"acting on none at {len(better)} of {self.curve['threshold'].between(least, most).sum()} points."
        )
