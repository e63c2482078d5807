"""Short notes on the photo, each shown only if it applies."""

from html import escape
from typing import TYPE_CHECKING

from ui import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis


def html(analysis: "Analysis") -> str:
    """Write what was done to the photo and what in it may mislead; of a refused picture only what was done to it."""
    refused = analysis.forced or analysis.prediction.abstained
    codes = analysis.warnings if refused else analysis.notes
    return "".join(f'<p class="note">{escape(wording.NOTES[code])}</p>' for code in codes)
