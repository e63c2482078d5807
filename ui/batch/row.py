"""What is kept of one photo of many: some 30 kB instead of its pixels."""

import base64
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from model import report
from model.answer.decision import HIGH, LOW, MELANOMA, MIDDLE, Decision
from model.errors import printable
from model.scoring import abstained
from ui import wording as shared
from ui.analyse import wording as answers
from ui.batch import wording

if TYPE_CHECKING:
    from model.pipeline import Analysis, Scored

ANSWERED, REFUSED, FAILED = "answered", "refused", "failed"
THUMBNAIL = 96  # pixels
THUMBNAIL_QUALITY, VIEW_QUALITY = 80, 90


@dataclass(frozen=True, eq=False)
class Row:
    """One photo: its answer, or why there is none.

    Parameters
    ----------
    number : int
        From 1, in the order of the upload.
    name : str
        Of its file; for downloads only.
    kind : str
        `ANSWERED`, `REFUSED` or `FAILED`.
    level : str
        The headline that Analyse has for it.
    shares : dict of str to float
        Probabilities by class code, of an answered photo only.
    malignant : float or None
        Sum of the malignant ones.
    rank : int
        0 for the riskiest; photos with the same headline have the same one.
    reached : bool
        Whether a level of melanoma or of malignancy is reached that the headline comes from.
    named : str
        The diagnosis by the balanced rule, with near ties.
    notes : tuple of str
        Codes.
    reason : str
        A sentence that says why there is no answer.
    result : bytes
        One line of JSON.
    thumbnail : str
        Address that holds a small JPEG; empty for a photo that was not read.
    view : bytes
        JPEG of what the network was given.
    heats : dict of str to ndarray
        Maps of the named diagnosis and of melanoma.
    """

    number: int
    name: str
    kind: str
    level: str
    shares: dict[str, float] = field(default_factory=dict)
    malignant: float | None = None
    rank: int = 0
    reached: bool = False
    named: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    result: bytes = b""
    thumbnail: str = ""
    view: bytes = b""
    heats: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def melanoma(self) -> float | None:
        """Probability of melanoma, if the photo has an answer and the model knows it."""
        return self.shares.get(MELANOMA)

    @property
    def remarks(self) -> str:
        """Why there is no answer, and the notes on the photo, each in a few words."""
        short = [shared.NOTES[code].split(". ")[0].rstrip(".") for code in self.notes]
        return ". ".join([*([self.reason.rstrip(".")] if self.reason else []), *short])


def made(scored: "Scored", number: int) -> Row:
    """Return what is kept of a photo."""
    if scored.analysis is None:
        return failed(scored.source.name, number, str(scored.error), getattr(scored.error, "code", ""))
    analysis = scored.analysis
    name, reason = printable(scored.source.name), analysis.prediction.reason
    shown = {"notes": analysis.notes, "thumbnail": _thumbnail(analysis.view), "result": _result(name, number, analysis)}
    if analysis.prediction.abstained:
        return Row(number, name, REFUSED, wording.NO_ANSWER, reason=abstained(reason), **shown)
    decision, alone, codes = analysis.decision, analysis.photo_alone, analysis.card.codes
    return Row(
        number,
        name,
        ANSWERED,
        answers.headline(decision),
        shares=dict(zip(codes, alone.probabilities.tolist(), strict=True)),
        malignant=alone.malignant,
        rank=_rank(decision),
        reached=bool(decision.reached),
        named=answers.either(decision, analysis.card.names),
        view=_jpeg(Image.fromarray(analysis.view), VIEW_QUALITY),
        heats=_heats(analysis, decision),
        **shown,
    )


def failed(name: str, number: int, reason: str, code: str) -> Row:
    """Return the row of a photo that could not be read or assessed."""
    name = printable(name)
    line = {"number": number, "image": name, "error": {"code": code, "sentence": reason}}
    return Row(number, name, FAILED, wording.UNREAD, reason=reason, result=_line(line))


def unexpected(name: str, number: int) -> Row:
    """Return the row of a photo at which something failed that no sentence was written for."""
    return failed(name, number, wording.UNEXPECTED, "unexpected")


def _rank(decision: Decision) -> int:
    """Return the place of the headline: suspicious, not ruled out, below; melanoma's before malignancy's."""
    return 2 * (HIGH, MIDDLE, LOW).index(decision.risk) + (MELANOMA not in decision.reached)


def _heats(analysis: "Analysis", decision: Decision) -> dict[str, np.ndarray]:
    """Return the maps that an overlay may be made of; none of a class without evidence."""
    wanted = {decision.named: None, MELANOMA: None}
    found = {code: analysis.explanations[code] for code in wanted if code in analysis.explanations}
    return {code: explanation.heat for code, explanation in found.items() if explanation.informative}


def _result(name: str, number: int, analysis: "Analysis") -> bytes:
    return _line({"number": number, "image": name, **report.result(analysis)})


def _line(result: dict) -> bytes:
    return json.dumps(result, ensure_ascii=False, allow_nan=False).encode()


def _thumbnail(view: np.ndarray) -> str:
    small = Image.fromarray(view).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return f"data:image/jpeg;base64,{base64.b64encode(_jpeg(small, THUMBNAIL_QUALITY)).decode()}"


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
