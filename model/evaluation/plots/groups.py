"""Groups in a set, and the effect of balancing on an epoch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.evaluation.plots.style import PALETTES, empty_figure, fill, series, wrapped

ROW_PIXELS = 38
GREY = 6  # place in the palettes: what was there before
SMALLEST_DRAWN = 0.5  # left end of a logarithmic axis: a bar of one image must still be visible


@dataclass(frozen=True)
class GroupsDisplay:
    """Groups of the images of a class, compared with the whole set.

    Parameters
    ----------
    rows : DataFrame
        group, images and, where a class is compared with the set it is from, images_all: one row a group.
    missing : collection of str
        Groups for "not recorded"; their bars are hatched.
    """

    rows: pd.DataFrame
    missing: Collection[str] = ()

    def table(self) -> pd.DataFrame:
        """Return the rows with their shares, range [0, 1]."""
        shares = {"share": self.rows["images"] / max(self.rows["images"].sum(), 1)}
        if "images_all" in self.rows:
            shares["share_all"] = self.rows["images_all"] / self.rows["images_all"].sum()
        return self.rows.assign(**shares)

    def figure(self, dark: bool = False) -> go.Figure:
        """Return one bar per group; a diamond marks the share in the whole set."""
        rows = self.table()
        figure = empty_figure(dark, 110 + ROW_PIXELS * len(rows), "Share of images")
        names = [wrapped(group) for group in rows["group"]]
        figure.add_bar(
            x=rows["share"], y=names, orientation="h", marker=fill(rows["group"].isin(self.missing), dark),
            showlegend=False, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )  # fmt: skip
        highest = rows["share"]
        if "share_all" in rows:
            look, highest = series(1, dark), rows[["share", "share_all"]].max(axis=1)
            figure.add_scatter(
                x=rows["share_all"], y=names, mode="markers", name="All classes of the set",
                marker={"color": look.colour, "symbol": "diamond-open", "size": 11, "line": {"width": 2}},
                hovertemplate="All classes, %{y}: %{x:.1%}<extra></extra>",
            )  # fmt: skip
        texts = [f"  {images:,} ({share:.1%})" for images, share in rows[["images", "share"]].itertuples(index=False)]
        figure.add_scatter(
            x=highest, y=names, mode="text", text=texts, textposition="middle right", cliponaxis=False,
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        figure.update_xaxes(range=[0, 1.6 * highest.max()], tickformat=".0%", nticks=5)
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
        figure.update_layout(legend={"y": -80 / (ROW_PIXELS * len(rows))})
        return figure

    @property
    def description(self) -> str:
        """A sentence on the largest group and on what was not recorded."""
        rows = self.table()
        largest = rows.loc[rows["share"].idxmax()]
        said = f"{rows['images'].sum():,} images; the largest group is {largest['group']} with {largest['share']:.1%}"
        absent = rows[rows["group"].isin(self.missing)]["images"].sum()
        return f"{said}; for {absent:,} nothing was recorded."


@dataclass(frozen=True)
class EpochDisplay:
    """Images of every class in one epoch of training, before and after balancing.

    Parameters
    ----------
    rows : DataFrame
        label, images (before), draws (in an epoch), synthetic (of those draws), class_weight.
    names : mapping of str to str
        Full names by class code.
    logarithmic : bool
    """

    rows: pd.DataFrame
    names: Mapping[str, str]
    logarithmic: bool = False

    def figure(self, dark: bool = False) -> go.Figure:
        """Return two bars a class: images of the split, and images drawn in an epoch; synthetic ones hatched."""
        figure = empty_figure(dark, 520, "Images")
        names = [wrapped(self.names[code]) for code in self.rows["label"]]
        real = self.rows["draws"] - self.rows["synthetic"]
        colour = PALETTES[dark][GREY]
        traces = [("Training split", self.rows["images"], {"color": colour}, "before")]
        traces.append(("One epoch, photos", real, fill(False, dark), "after"))
        if self.rows["synthetic"].any():
            traces.append(("One epoch, synthetic", self.rows["synthetic"], fill(True, dark), "after"))
        for name, values, marker, group in traces:
            figure.add_bar(
                x=values, y=names, orientation="h", name=name, marker=marker, offsetgroup=group, alignmentgroup="class",
                base=real if name.endswith("synthetic") else None, hovertemplate="%{y}: %{x:,.0f}<extra></extra>",
            )  # fmt: skip
        highest = self.rows[["images", "draws"]].max(axis=None)
        if self.logarithmic:
            figure.update_xaxes(type="log", dtick=1, range=np.log10([SMALLEST_DRAWN, 1.2 * highest]).tolist())
        else:
            figure.update_xaxes(range=[0, 1.05 * highest], nticks=5)
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
        figure.update_layout(barmode="group", bargap=0.25, legend={"y": -0.15, "traceorder": "normal"})
        return figure

    def table(self) -> pd.DataFrame:
        """Return the rows with full names."""
        return self.rows.assign(name=self.rows["label"].map(self.names))

    @property
    def description(self) -> str:
        """A sentence on length of an epoch and imbalance, before and after."""
        before, after = self.rows["images"], self.rows["draws"]
        ratios = [column[column > 0].max() / column[column > 0].min() for column in (before, after)]
        weights = self.rows["class_weight"]
        weighed = "" if np.isclose(weights.max(), weights.min()) else (
            f"; a photo of the class with the highest weight counts {weights.max() / weights.min():.1f} times as much "
            "as one of the class with the lowest"
        )  # fmt: skip
        return (
            f"An epoch of {after.sum():,.0f} images instead of {before.sum():,}; the largest class is drawn "
            f"{ratios[1]:.1f} times as often as the smallest, compared with {ratios[0]:.1f} times before{weighed}."
        )
