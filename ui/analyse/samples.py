"""Real photos that come with the app, each with diagnosis, licence and source."""

import csv
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import streamlit as st

from model.card import Card
from ui.analyse import state, wording

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """One line of ``samples.csv``: the archive's id, the class code of the truth, licence, source and page."""

    id: str
    truth: str
    licence: str
    source: str
    link: str

    @property
    def path(self) -> Path:
        """Its JPEG file."""
        return FOLDER / f"{self.id}.jpg"


@cache
def samples() -> tuple[Sample, ...]:
    """Return the samples in the order of the page."""
    with (FOLDER / "samples.csv").open(newline="", encoding="utf-8") as file:
        return tuple(Sample(**row) for row in csv.DictReader(file))


def choose(columns: int) -> None:
    """Show every sample as a picture that is a button; its diagnosis is hidden until the answer."""
    with st.container(key="samples"):
        for start in range(0, len(samples()), columns):
            row = st.columns(columns, gap="small", wrap=False)
            for column, sample in zip(row, samples()[start : start + columns], strict=False):
                with column.container(key=f"thumbnail_{sample.id}"):
                    st.image(str(sample.path), width="stretch", alt="")
                    st.button(wording.SAMPLE.format(sample.id), key=sample.id, on_click=_take, args=(sample,))
    st.caption(wording.SAMPLES_HINT)


def _take(sample: Sample) -> None:
    state.take(sample.path.read_bytes(), sample.id)


def chosen() -> Sample | None:
    """Return the sample on the screen, if the photo is one."""
    return next((sample for sample in samples() if sample.id == state.sample_id()), None)


def truth(card: Card) -> str:
    """Write a sample's diagnosis, who confirmed it, and its source; nothing for a person's own photo."""
    sample = chosen()
    if sample is None:
        return ""
    name = card.label(sample.truth).name
    link = f'<a href="{escape(sample.link)}" target="_blank" rel="noopener">{escape(sample.id)}</a>'
    said = wording.SAMPLE_TRUTH.format(escape(name), link, escape(sample.source), escape(sample.licence))
    return f'<p class="named sample_truth">{said}</p>'
