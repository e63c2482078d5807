"""The files to download: the answer as JSON and the overlay as PNG."""

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.answer.sentences import DISCLAIMER, FORCED
from model.explain import colour_bar, overlay
from model.preprocess import Square

if TYPE_CHECKING:  # the pipeline takes a moment to import
    from model.pipeline import Analysis

SCALE = ("no evidence", "strongest")  # what the ends of a map's colours mean
# Blue through white to orange, told apart with every kind of colour vision (Okabe and Ito 2008).
CONTRAST = np.rint(
    [[np.interp(at, (0, 0.5, 1), ends) for ends in ((0, 255, 230), (114, 255, 159), (178, 255, 0))] for at in
     np.linspace(0, 1, 256)]
).astype(np.uint8)  # fmt: skip
LONGEST_SIDE = 1600  # pixels; more than a full-screen photo needs, far less than a phone delivers


@dataclass(frozen=True, eq=False)
class Drawn:
    """A map to be drawn.

    Parameters
    ----------
    title : str
        Method and class, or classes.
    heat : ndarray, float32, shape (rows, columns), range [0, 1]
    against : ndarray, float32, same shape and range, optional
        In a contrast, the heat of what speaks for the other class.
    ends : tuple of str
        What the two ends of the legend mean.
    """

    title: str
    heat: np.ndarray
    against: np.ndarray | None = None
    ends: tuple[str, str] = SCALE

    @property
    def colours(self) -> np.ndarray:
        """Of the legend from left to right: uint8, shape (256, 3), RGB."""
        return colour_bar() if self.against is None else CONTRAST

    def over(self, pixels: np.ndarray, square: Square, opacity: float, contours: bool = False) -> np.ndarray:
        """Return a photo with the map on it; parameters as `model.explain.overlay`. A contrast has no contours."""
        if self.against is None:
            return overlay(pixels, self.heat, square, opacity, contours)
        below = overlay(pixels, self.against, square, opacity, colours=np.tile(CONTRAST[:1], (256, 1)))
        return overlay(below, self.heat, square, opacity, colours=np.tile(CONTRAST[-1:], (256, 1)))


def result(analysis: "Analysis") -> dict:
    """Return the whole answer as plain data; no file name, no pixels.

    Parameters
    ----------
    analysis : Analysis
        Of one photo. If the model abstained, probabilities and what would explain them are left out.
    """
    card, prediction, patient = analysis.card, analysis.prediction, analysis.patient
    maps = {} if prediction.abstained else analysis.explanations
    nothing = [None] * len(card.labels)
    values, alone = (
        nothing if prediction.abstained else answer.probabilities.tolist()
        for answer in (prediction, analysis.photo_alone)
    )
    return {
        "model": {"id": card.model_id, "version": card.version, "weights_sha256": card.raw["weights"]["sha256"]},
        "photo": {
            "sha256": analysis.photo.sha256,
            "width": analysis.photo.original_size[0],
            "height": analysis.photo.original_size[1],
            "assessed_width": analysis.photo.pixels.shape[1],
            "assessed_height": analysis.photo.pixels.shape[0],
            "square": {
                "left": float(analysis.square.left),
                "top": float(analysis.square.top),
                "side": float(analysis.square.side),
            },
            "warnings": list(analysis.warnings),
            "gauges": [{"code": gauge.code, "value": gauge.value, "level": gauge.level} for gauge in analysis.gauges],
        },
        "patient": {"age": patient.age, "sex": patient.sex, "site": patient.site},
        "abstained": prediction.abstained,
        "reason": prediction.reason,
        "answered_although_refused": analysis.forced,
        "outside_score": prediction.outside,
        "classes": [
            {
                "code": label.code,
                "name": label.name,
                "malignant": label.malignant,
                "probability": value,
                "probability_photo_alone": value_alone,
                "positive_evidence": maps[label.code].evidence if maps else None,
                "map_informative": maps[label.code].informative if maps else None,
            }
            for label, value, value_alone in zip(card.labels, values, alone, strict=True)
        ],
        "decision": None if prediction.abstained or analysis.forced else _decision(analysis),
        "malignant_probability": None if prediction.abstained else prediction.malignant,
        "malignant_probability_photo_alone": None if prediction.abstained else analysis.photo_alone.malignant,
        "centred_square": None if analysis.centred_square is None else _in_short(analysis.centred_square),
        "headline_of": "square" if analysis.leading is analysis else "centred_square",
        "intended_use": card.raw.get("human", {}).get("intended_use"),
        "not_for": card.raw.get("human", {}).get("not_for"),
    }


def _in_short(analysis: "Analysis") -> dict:
    prediction, withheld = analysis.prediction, analysis.prediction.abstained
    shares = zip(analysis.card.codes, prediction.probabilities.tolist(), strict=True)
    return {
        "abstained": withheld,
        "reason": prediction.reason,
        "probabilities_photo_alone": None if withheld else dict(shares),
        "malignant_probability_photo_alone": None if withheld else prediction.malignant,
        "decision": None if withheld else _decision(analysis),
    }


def _decision(analysis: "Analysis") -> dict:
    decision = analysis.decision
    return {
        "rule": analysis.card.raw.get("decision", {}).get("rule", "most_probable"),
        "named": decision.named,
        "near_tie": list(decision.tie),
        "most_probable": decision.most_probable,
        "risk": decision.risk,
        "prediction_sets": {f"{level:.2f}": list(codes) for level, codes in decision.sets.items()},
        "operating_points": [
            {"name": point.name, "threshold": point.threshold, "probability": point.share, "above": point.above}
            for point in decision.points
        ],
    }


def result_json(analysis: "Analysis", **more: object) -> bytes:
    """Return `result`, and whatever else is to be in it, as an indented UTF-8 JSON file."""
    return (json.dumps(result(analysis) | more, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def file_stem(analysis: "Analysis") -> str:
    """Return the file name of a saved result, from the photo's checksum, so that results of several photos differ."""
    return f"lesionscope_{analysis.photo.sha256[:8]}"


def overlay_png(
    analysis: "Analysis", code: str, opacity: float = 0.6, contours: bool = False, drawn: Drawn | None = None
) -> bytes:
    """Draw the heat map of a class over the photo, and below it what it is: legend, class, model and disclaimer.

    Parameters
    ----------
    analysis : Analysis
    code : str
        Class code of the card.
    opacity : float, range [0, 1]
    contours : bool
        Lines instead of filling.
    drawn : Drawn, optional
        Another map than the Grad-CAM of the class.

    Returns
    -------
    bytes
        A PNG file without metadata, the photo's longer side at most ``LONGEST_SIDE`` pixels.

    Raises
    ------
    BundleError
        If the card has no such class.
    """
    label = analysis.card.label(code)
    drawn = drawn or Drawn(f"Grad-CAM, {label.name}", analysis.explanations[label.code].heat)
    pixels, square = for_screen(analysis.photo.pixels, analysis.square)
    picture = Image.fromarray(drawn.over(pixels, square, opacity, contours))
    buffer = io.BytesIO()
    model = analysis.card.release
    captioned(picture, drawn, model, analysis.prediction.reason if analysis.forced else None).save(buffer, "PNG")
    return buffer.getvalue()


def captioned(picture: Image.Image, drawn: Drawn, model: str, refused: str | None = None) -> Image.Image:
    """Put a band below a picture with a map: the colours' meaning, if any are drawn, class, model and disclaimer.

    Parameters
    ----------
    picture : Image
    drawn : Drawn
        The map in it.
    model : str
        Name and version.
    refused : str, optional
        Why the photo was refused, whose answer is shown all the same.
    """
    lines = [*([FORCED[refused]] if refused else []), drawn.title, f"Model {model}", DISCLAIMER]
    coloured = drawn.heat.any() or drawn.against is not None
    width, height = picture.size
    size = max(9, width // 48)
    font, step = ImageFont.load_default(size), round(1.5 * size)
    rows = [row for line in lines for row in _wrapped(line, font, width - 2 * size)]
    top = height + size // 2 + (step if coloured else 0)
    whole = Image.new("RGB", (width, top + step * len(rows) + size // 2), "white")
    whole.paste(picture)
    draw = ImageDraw.Draw(whole)
    if coloured:
        middle, (left, right) = height + size // 2 + step / 2, drawn.ends
        start = size + round(font.getlength(left)) + size // 2
        bar = Image.fromarray(drawn.colours[None]).resize((max(1, width // 4), size))
        draw.text((size, middle), left, fill="black", font=font, anchor="lm")
        whole.paste(bar, (start, round(middle - size / 2)))
        draw.text((start + bar.width + size // 2, middle), right, fill="black", font=font, anchor="lm")
    for number, row in enumerate(rows):
        draw.text((size, top + step * (number + 0.5)), row, fill="black", font=font, anchor="lm")
    return whole


def _wrapped(text: str, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont", width: float) -> list[str]:
    """Break a text into rows of at most so many pixels; a word that is wider stays whole."""
    rows: list[str] = []
    for word in text.split():
        if rows and font.getlength(f"{rows[-1]} {word}") <= width:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    return rows


def for_screen(pixels: np.ndarray, square: Square) -> tuple[np.ndarray, Square]:
    """Reduce a photo and its square for the screen; no computation uses the result.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
    square : Square
        In pixels of the photo.

    Returns
    -------
    tuple of ndarray and Square
        The same photo with its longer side at most ``LONGEST_SIDE``, and the square in its pixels.
    """
    height, width = pixels.shape[:2]
    scale = min(1, LONGEST_SIDE / max(height, width))
    if scale == 1:
        return pixels, square
    size = (round(width * scale), round(height * scale))
    smaller = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=2))
    return smaller, Square(square.left * scale, square.top * scale, square.side * scale)
