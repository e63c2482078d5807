"""One style for every chart: transparent, readable at 390 px, nothing shown by colour alone."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import plotly.graph_objects as go

CONFIG = {  # the camera button is always visible: a phone has no pointer that could hover
    "displaylogo": False, "responsive": True, "displayModeBar": True, "modeBarButtons": [["toImage", "resetScale2d"]],
}  # fmt: skip
PAGE = {False: "#F5F5F5", True: "#171717"}  # behind a chart, so that a saved picture can be read anywhere
BLUE, VERMILION = 0, 1  # places in the palettes below; vermilion is hatched
NAME_CHARACTERS = 24  # one line of an axis label; longer names would leave no space for bars at 390 px
PALETTES = {  # after Okabe and Ito; every colour has a contrast of 3 to 1 with the page
    False: ("#0072B2", "#C75500", "#007A5A", "#A64D86", "#6B5FB0", "#8A6A00", "#5C5C5C", "#B03A48"),
    True: ("#56B4E9", "#F0833A", "#2CC295", "#E495C4", "#B0A6EC", "#E6B422", "#BDBDBD", "#F28C98"),
}
INK = {False: "#1A1A1A", True: "#EAEAEA"}
MODE_BAR_PIXELS = 32  # above the axes, so that its buttons cover no number
GRID = {False: "rgba(26,26,26,0.14)", True: "rgba(234,234,234,0.18)"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "cross", "triangle-down", "star")


class Display(Protocol):
    """Numbers that can be drawn, tabled and described."""

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart, for a light or a dark page."""

    def table(self) -> pd.DataFrame:
        """Return the numbers behind the chart, for reading and download."""

    @property
    def description(self) -> str:
        """What the chart shows, as text: the text alternative."""


@dataclass(frozen=True)
class RowsDisplay:
    """A display whose numbers are its rows; each kind has its own description."""

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows


@dataclass(frozen=True)
class Series:
    """How one of several series looks: distinguished by dash and symbol as well as by colour."""

    colour: str
    dash: str
    symbol: str

    def shade(self, opacity: float) -> str:
        """Return the colour as a see-through one."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity})"


def series(position: int, dark: bool) -> Series:
    """Return the look of the series at a position, counted from 0; looks repeat after eight."""
    position %= len(DASHES)
    return Series(PALETTES[dark][position], DASHES[position], SYMBOLS[position])


def empty_figure(dark: bool, height: int, x: str = "", y: str = "") -> go.Figure:
    """Return a figure without traces in the common look.

    Parameters
    ----------
    dark : bool
        Whether the page is dark.
    height : int
        In pixels; the width is that of the page.
    x, y : str
        Axis titles.
    """
    axis = {"gridcolor": GRID[dark], "linecolor": INK[dark], "zeroline": False, "automargin": True, "ticks": "outside"}
    figure = go.Figure()
    figure.update_layout(
        template="none",
        paper_bgcolor=PAGE[dark],
        plot_bgcolor=PAGE[dark],
        height=height + MODE_BAR_PIXELS,
        margin={"l": 20, "r": 24, "t": MODE_BAR_PIXELS, "b": 8},
        modebar={"bgcolor": PAGE[dark], "color": INK[dark], "activecolor": INK[dark]},
        font={"family": "sans-serif", "size": 13, "color": INK[dark]},
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "font": {"size": 12}},
        hoverlabel={"font": {"family": "sans-serif", "size": 12}},
        dragmode=False,
    )
    figure.update_xaxes(**axis, title={"text": x, "standoff": 6})
    figure.update_yaxes(**axis, title={"text": y, "standoff": 6})
    return figure


def fill(flags: bool | Sequence[bool], dark: bool) -> dict:
    """Return the look of one trace of bars, or of every bar: vermilion and hatched where flagged, else blue."""
    colours = np.where(flags, PALETTES[dark][VERMILION], PALETTES[dark][BLUE]).tolist()
    shapes = np.where(flags, "/", "").tolist()
    hatching = {"shape": shapes, "bgcolor": colours, "fgcolor": "rgba(0,0,0,0.6)", "solidity": 0.25}
    return {"color": colours, "pattern": hatching, "line": {"color": colours, "width": 1}}


def wrapped(name: str) -> str:
    """Return a name broken into lines that leave space next to them."""
    return "<br>".join(textwrap.wrap(name, NAME_CHARACTERS))


def add_band(figure: go.Figure, x: Iterable[float], low: np.ndarray, high: np.ndarray, look: Series) -> None:
    """Shade the area between two lines."""
    x = np.asarray(list(x))
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=look.shade(0.18),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        mode="lines",
    )


def error_bars(rows: pd.DataFrame, look: Series | None = None) -> dict:
    """Return Plotly's uneven error bars from value, low and high."""
    bars = {"type": "data", "symmetric": False, "thickness": 1.5, "width": 4}
    bars |= {"array": rows["high"] - rows["value"], "arrayminus": rows["value"] - rows["low"]}
    return bars | ({"color": look.colour} if look else {})


def with_interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """Return a figure with its interval as text, or only the figure where there is no interval."""
    if not np.isfinite([low, high]).all():
        return f"{value:,.{digits}f}"
    return f"{value:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"
