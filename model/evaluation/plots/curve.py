"""ROC and precision-recall curves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from model.errors import ContractError
from model.evaluation.cases import Cases, ask
from model.evaluation.curves import curve_points, move_prevalence
from model.evaluation.plots.style import INK, Series, add_band, empty_figure, series, with_interval

PLOT_PIXELS, LEGEND_PIXELS = 370, 21  # the legend is below the chart, one line per question
DRAWN_DECIMALS = 3  # points closer than this are drawn as one
KINDS = {  # curve -> column across, column up, their titles, metric of its area
    "roc": ("false_positive_rate", "sensitivity", "1 - specificity", "Sensitivity", "auc"),
    "precision_recall": ("sensitivity", "precision", "Sensitivity (recall)", "PPV (precision)", "average_precision"),
}

SHAPES = {"roc": "linear", "precision_recall": "vh"}  # between points precision is a step, not a slope


@dataclass(frozen=True)
class CurveDisplay:
    """One kind of curve for one or more questions, with bands and a marked threshold.

    Parameters
    ----------
    kind : str
        ``roc`` or ``precision_recall``.
    points : DataFrame
        subject, threshold, sensitivity, false_positive_rate, precision.
    bands : DataFrame
        subject, x, low, high; may be empty.
    areas : DataFrame
        subject, value, low, high, n_images, n_lesions, n_positive: the area of each curve; may be empty.
    names : mapping of str to str
        What each subject is called.
    threshold : float, optional
        Marked on every curve: the answer is yes at or above it.
    """

    kind: str
    points: pd.DataFrame
    bands: pd.DataFrame
    areas: pd.DataFrame
    names: Mapping[str, str]
    threshold: float | None = None

    @classmethod
    def from_cases(
        cls,
        kind: str,
        cases: Cases,
        names: Mapping[str, str],
        curves: pd.DataFrame,
        metrics: pd.DataFrame,
        threshold: float | None = None,
        prevalence: float | None = None,
    ) -> "CurveDisplay":
        """Compute the points and pick stored bands and areas of the questions in ``names``.

        Parameters
        ----------
        cases : Cases
            Of one dataset and split.
        names : mapping of str to str
            Questions to draw and what they are called.
        curves, metrics : DataFrame
            The rows of the stored tables of the same dataset and split.
        threshold : float, optional
        prevalence : float, optional
            At which precision is shown; that of the cases when left out. A stored average precision is valid
            only at that of the cases, so none is shown at another.
        """
        if kind not in KINDS:
            raise ContractError("unknown_curve", f"There is no curve {kind!r}; known are {', '.join(KINDS)}.")
        subjects = list(names)
        points = [curve_points(ask(cases, subject), prevalence).assign(subject=subject) for subject in subjects]
        bands = curves[(curves.curve == kind) & curves.subject.isin(subjects)]
        areas = metrics[(metrics.metric == KINDS[kind][4]) & metrics.subject.isin(subjects)]
        if kind == "precision_recall" and prevalence is not None:
            bands, areas = _moved(bands, prevalence), areas[:0]
        return cls(kind, pd.concat(points, ignore_index=True), bands, areas, names, threshold)

    def figure(self, dark: bool = False) -> go.Figure:
        """Return the chart."""
        across, up, *titles, _ = KINDS[self.kind]
        figure = empty_figure(dark, PLOT_PIXELS + LEGEND_PIXELS * len(self.names), *titles)
        if self.kind == "roc":
            chance = {"color": INK[dark], "dash": "dot", "width": 1}
            figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=chance, hoverinfo="skip", showlegend=False)
        for position, subject in enumerate(self.names):
            self._draw(figure, subject, across, up, series(position, dark))
        figure.update_xaxes(range=[-0.01, 1.01])
        figure.update_yaxes(range=[-0.01, 1.02])
        figure.update_layout(legend={"y": -60 / PLOT_PIXELS, "orientation": "v"})
        return figure

    def _draw(self, figure: go.Figure, subject: str, across: str, up: str, look: Series) -> None:
        band = self.bands[self.bands.subject == subject]
        if len(band):
            add_band(figure, band["x"], band["low"].to_numpy(), band["high"].to_numpy(), look)
        points = self.points[self.points.subject == subject].dropna(subset=[across, up])
        rounded = points[[across, up]].round(DRAWN_DECIMALS)
        drawn = points[~rounded.duplicated()]
        figure.add_scatter(
            x=drawn[across],
            y=drawn[up],
            customdata=drawn["threshold"],
            mode="lines",
            line={"color": look.colour, "dash": look.dash, "width": 2, "shape": SHAPES[self.kind]},
            name=self.label(subject),
            hovertemplate="%{x:.3f}, %{y:.3f} at threshold %{customdata:.3f}<extra></extra>",
        )
        if self.threshold is not None:
            marked = points[points.threshold >= self.threshold][-1:]
            look_of_mark = {"color": look.colour, "symbol": look.symbol, "size": 11}
            figure.add_scatter(
                x=marked[across], y=marked[up], mode="markers", marker=look_of_mark, showlegend=False,
                hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>",
            )  # fmt: skip

    def label(self, subject: str) -> str:
        """Return the name of a question with the area under its curve."""
        area = self.areas[self.areas.subject == subject]
        if area.empty:
            return self.names[subject]
        return f"{self.names[subject]}: {with_interval(*area.iloc[0][['value', 'low', 'high']])}"

    def table(self) -> pd.DataFrame:
        """Return every point of every curve."""
        return self.points[["subject", "threshold", "sensitivity", "false_positive_rate", "precision"]]

    @property
    def description(self) -> str:
        """The questions drawn, with their areas where there are any."""
        kind = "ROC curves" if self.kind == "roc" else "Precision-recall curves"
        area = ", area with 95 % interval" if len(self.areas) else ""
        return f"{kind}{area}: {'; '.join(self.label(subject) for subject in self.names)}."


def _moved(bands: pd.DataFrame, prevalence: float) -> pd.DataFrame:
    given = bands["n_positive"] / bands["n_images"]
    return bands.assign(**{name: move_prevalence(bands[name], given, prevalence) for name in ("low", "high")})
