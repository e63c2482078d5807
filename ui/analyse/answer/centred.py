"""What was said to the centred square, next to the answer to a frame of one's own."""

from html import escape
from typing import TYPE_CHECKING

from model.answer import sentences
from ui.analyse import wording
from ui.wording import percent

if TYPE_CHECKING:
    from model.pipeline import Analysis


def html(analysis: "Analysis") -> str:
    """Write the headline and the sums of the centred square; nothing where that is what is answered."""
    usual = analysis.usual
    if usual is None:
        return ""
    if usual.prediction.abstained:
        return _line(sentences.REFUSED[usual.prediction.reason])
    return _line(wording.headline(usual.decision), wording.CENTRED_SUMS.format(sums(usual)))


def _line(heading: str, told: str = "") -> str:
    return f'<p class="found">{wording.CENTRED.format(escape(heading), told)}</p>'


def sums(analysis: "Analysis") -> str:
    """Write the malignant sum and, where the model knows it, the melanoma share, from the photo alone."""
    return ", ".join(f"{wording.SUBJECTS[name]} {percent(share)}" for name, share in shares(analysis).items())


def shares(analysis: "Analysis") -> dict[str, float]:
    """Return the malignant sum and, where the model knows it, the melanoma share, from the photo alone."""
    alone, codes = analysis.photo_alone, analysis.card.codes
    melanoma = {"mel": alone.probabilities[codes.index("mel")]} if "mel" in codes else {}
    return {"malignant": alone.malignant} | melanoma
