"""The files to download: the answer as JSON and the overlay as PNG."""

import io
import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.explain import overlay
from model.preprocess import Square

if TYPE_CHECKING:  # the pipeline imports TensorFlow, which a report does not need
    from model.pipeline import Analysis

FORCED_MARK = "Refused as outside what was measured; shown anyway"
LONGEST_SIDE = 1600  # pixels; more than a full-screen photo needs, far less than a phone delivers


def result(analysis: "Analysis") -> dict:
    """Return the whole answer as plain data; no file name, no pixels.

    Parameters
    ----------
    analysis : Analysis
        Of one photo. If the model abstained, probabilities are left out.
    """
    card, prediction, patient = analysis.card, analysis.prediction, analysis.patient
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
                "left": analysis.square.left,
                "top": analysis.square.top,
                "side": analysis.square.side,
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
                "positive_evidence": analysis.explanations[label.code].evidence,
                "map_informative": analysis.explanations[label.code].informative,
            }
            for label, value, value_alone in zip(card.labels, values, alone, strict=True)
        ],
        "decision": None if prediction.abstained else _decision(analysis),
        "malignant_probability": None if prediction.abstained else prediction.malignant,
        "malignant_probability_photo_alone": None if prediction.abstained else analysis.photo_alone.malignant,
        "intended_use": card.raw.get("human", {}).get("intended_use"),
        "not_for": card.raw.get("human", {}).get("not_for"),
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


def overlay_png(analysis: "Analysis", code: str, opacity: float = 0.6, contours: bool = False) -> bytes:
    """Draw the heat map of a class over the photo.

    Parameters
    ----------
    analysis : Analysis
    code : str
        Class code of the card.
    opacity : float, range [0, 1]
    contours : bool
        Lines instead of filling.

    Returns
    -------
    bytes
        A PNG file without metadata, its longer side at most ``LONGEST_SIDE`` pixels.

    Raises
    ------
    BundleError
        If the card has no such class.
    """
    heat = analysis.explanations[analysis.card.label(code).code].heat
    pixels, square = for_screen(analysis.photo.pixels, analysis.square)
    picture = Image.fromarray(overlay(pixels, heat, square, opacity, contours))
    if analysis.forced:
        _mark(picture, FORCED_MARK)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _mark(picture: Image.Image, sentence: str) -> None:
    """Write a sentence into a picture, in a band along its lower edge."""
    width, height = picture.size
    size = max(10, width // 38)
    font = ImageFont.load_default(size)
    band = round(1.8 * size)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height - band, width, height), fill=(51, 51, 51))
    draw.text((width / 2, height - band / 2), sentence, fill="white", font=font, anchor="mm")


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
