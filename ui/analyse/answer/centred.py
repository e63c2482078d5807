"""The answer to the centred square is shown with that to another frame, and first if its risk is higher."""

from html import escape
from typing import TYPE_CHECKING

from model.answer import sentences
from model.answer.decision import LOW
from ui.analyse import wording
from ui.analyse.answer import wording as answer_wording
from ui.wording import percent

if TYPE_CHECKING:
    from model.pipeline import Analysis


def html(analysis: "Analysis") -> str:
    """Write headline and sums of the one of the two that the page's headline is not about; nothing without another."""
    square = analysis.centred_square
    if square is None:
        return ""
    if analysis.leading is square:
        return _line(wording.LEADS, f"{wording.headline(analysis.decision)} ({sums(analysis)})")
    if square.prediction.abstained:
        return _line(wording.CENTRED, sentences.REFUSED[square.prediction.reason])
    told = analysis.prediction.reason is None and analysis.decision.risk == LOW  # with the answer to the frame
    clear = f" {answer_wording.NO_ALL_CLEAR}" if square.decision.risk == LOW and not told else ""
    return _line(wording.CENTRED, f"{wording.headline(square.decision)} ({sums(square)})", clear)


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
