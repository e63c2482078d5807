"""Frames of one's own: what is said to the centred square stands beside, and above where it is the higher risk."""

from html import escape
from typing import TYPE_CHECKING

from model.answer import sentences
from model.answer.decision import HIGH, LOW, MIDDLE
from ui.analyse import wording
from ui.analyse.answer import wording as answer_wording
from ui.wording import percent

if TYPE_CHECKING:
    from model.pipeline import Analysis

RISKS = (LOW, MIDDLE, HIGH)


def leading(analysis: "Analysis") -> "Analysis":
    """Return the analysis that the headline is about: a frame of one's own never turns the risk down."""
    usual = analysis.usual
    if usual is None or usual.prediction.abstained or analysis.forced:
        return analysis
    return usual if RISKS.index(usual.decision.risk) > RISKS.index(analysis.decision.risk) else analysis


def html(analysis: "Analysis") -> str:
    """Write headline and sums of what the page's headline is not about; nothing for the centred square."""
    usual = analysis.usual
    if usual is None:
        return ""
    if leading(analysis) is usual:
        return _line(wording.LEADS, f"{wording.headline(analysis.decision)} ({sums(analysis)})")
    if usual.prediction.abstained:
        return _line(wording.CENTRED, sentences.REFUSED[usual.prediction.reason])
    clear = f" {answer_wording.NO_ALL_CLEAR}" if usual.decision.risk == LOW else ""
    return _line(wording.CENTRED, f"{wording.headline(usual.decision)} ({sums(usual)})", clear)


def _line(sentence: str, said: str, after: str = "") -> str:
    return f'<p class="found">{sentence.format(escape(said))}{after}</p>'


def sums(analysis: "Analysis") -> str:
    """Write the malignant sum and, where the model knows it, the melanoma share, from the photo alone."""
    return ", ".join(f"{wording.SUBJECTS[name]} {percent(share)}" for name, share in shares(analysis).items())


def shares(analysis: "Analysis") -> dict[str, float]:
    """Return the malignant sum and, where the model knows it, the melanoma share, from the photo alone."""
    alone, codes = analysis.photo_alone, analysis.card.codes
    melanoma = {"mel": alone.probabilities[codes.index("mel")]} if "mel" in codes else {}
    return {"malignant": alone.malignant} | melanoma
