"""Short notes on the photo, each shown only if it applies."""

from html import escape
from typing import TYPE_CHECKING

from ui import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis


def html(analysis: "Analysis") -> str:
    """Write what was done to the photo and what in it may mislead."""
    return "".join(f'<p class="note">{escape(wording.NOTES[code])}</p>' for code in analysis.notes)
