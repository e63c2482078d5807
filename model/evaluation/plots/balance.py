"""How many images and lesions of each class a set contains."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import empty_figure, fill, wrapped

ROW_PIXELS = 46  # a name of three lines


@dataclass(frozen=True)
class ClassBalanceDisplay:
    """Class sizes of one set of images.

    Parameters
    ----------
    counts : DataFrame
        label, images, lesions: one row a class, from top to bottom.
    names : mapping of str to str
        Full names by class code.
    malignant : collection of str
        Codes of malignant classes; their bars are hatched.
    unit : str
        ``images`` or ``lesions``: what is counted.
    logarithmic : bool
        Whether the axis is logarithmic, so that rare classes are visible.
    """

    counts: pd.DataFrame
    names: Mapping[str, str]
    malignant: Collection[str]
    unit: str = "images"
    logarithmic: bool = False

    @property
    def imbalance(self) -> float:
        """Size of the largest class divided by that of the smallest non-empty one."""
        filled = self.counts[self.unit][self.counts[self.unit] > 0]
        return float(filled.max() / filled.min())

    def figure(self, dark: bool = False) -> go.Figure:
        """Return one bar per class."""
        figure = empty_figure(dark, 50 + ROW_PIXELS * len(self.counts), self.unit.capitalize())
        figure.add_bar(
            x=self.counts[self.unit], y=[wrapped(self.names[code]) for code in self.counts["label"]],
            marker=fill(self.counts["label"].isin(self.malignant), dark), orientation="h",
            text=[f"{count:,}" for count in self.counts[self.unit]], textposition="outside", cliponaxis=False,
            showlegend=False, hovertemplate="%{y}: %{x:,}<extra></extra>",
        )  # fmt: skip
        highest = self.counts[self.unit].max()
        if self.logarithmic:
            figure.update_xaxes(type="log", dtick=1, range=[0, 1.15 * np.log10(highest)])
        else:
            figure.update_xaxes(range=[0, 1.15 * highest], nticks=5)
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
        return figure

    def table(self) -> pd.DataFrame:
        """Return the counts with full names."""
        return self.counts.assign(name=self.counts["label"].map(self.names))

    @property
    def description(self) -> str:
        """A sentence on total, largest and smallest class."""
        sizes = self.counts.set_index("label")[self.unit]
        named = [f"{self.names[code]} ({sizes[code]:,})" for code in (sizes.idxmax(), sizes.idxmin())]
        return f"{sizes.sum():,} {self.unit}: the largest class is {named[0]}, the smallest {named[1]}."
