"""Draw results: each Display keeps its numbers, draws them and describes them in a sentence."""

from model.evaluation.plots.balance import ClassBalanceDisplay
from model.evaluation.plots.calibrated import DecisionDisplay, ReliabilityDisplay
from model.evaluation.plots.curve import CurveDisplay
from model.evaluation.plots.forest import ForestDisplay, LesionsDisplay
from model.evaluation.plots.groups import EpochDisplay, GroupsDisplay
from model.evaluation.plots.lines import LinesDisplay, TradeOffDisplay
from model.evaluation.plots.matrix import ConfusionDisplay
from model.evaluation.plots.style import CONFIG, Display

__all__ = [
    "CONFIG",
    "ClassBalanceDisplay",
    "ConfusionDisplay",
    "CurveDisplay",
    "DecisionDisplay",
    "Display",
    "EpochDisplay",
    "ForestDisplay",
    "GroupsDisplay",
    "LesionsDisplay",
    "LinesDisplay",
    "ReliabilityDisplay",
    "TradeOffDisplay",
]
