"""From an opened image file of any pixel kind to upright 8-bit RGB within a bounded memory."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.errors import PhotoError

MAX_WORKING_PIXELS = 12_500_000  # keeps a 12-megapixel phone photo as it is; larger ones are halved or more
BAND_ROWS = 512  # converted at a time, so that only the decoder itself holds the whole photo
ORIENTATION = 0x0112  # the EXIF entry that says how the camera was held
UPRIGHT = {  # as the EXIF standard numbers the ways of holding a camera
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: np.rot90(pixels),
}
TURNED_SIDEWAYS = (5, 6, 7, 8)
DEEP_GREY = ("I;16", "I;16L", "I;16B", "I", "F")
READABLE = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", *DEEP_GREY)


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels (height, width, 3) uint8, the upright original's width and height, and codes of what was done."""

    pixels: np.ndarray
    original_size: tuple[int, int]
    warnings: tuple[str, ...]


def to_rgb(image: Image.Image) -> Decoded:
    """Decode, reduce, flatten on white and turn upright.

    Parameters
    ----------
    image : PIL image
        Opened, not yet loaded; its header's size has been checked.

    Raises
    ------
    PhotoError
        ``unsupported_format`` for pixels without a known meaning, such as Lab or floats beyond 255.
    """
    if image.mode not in READABLE:
        raise PhotoError("unsupported_format", "The photo's colours are of a kind not read here; export it as JPEG.")
    warnings = ["first_frame_only"] if _has_frames(image) else []
    size = image.size
    factor = math.ceil(math.sqrt(size[0] * size[1] / MAX_WORKING_PIXELS))
    image.draft(None, (math.ceil(size[0] / factor), math.ceil(size[1] / factor)))  # JPEG only
    image.load()
    if factor > 1:
        warnings.append("reduced_size")
    if image.mode in DEEP_GREY:
        warnings.append("float_scaled" if image.mode == "F" else "sixteen_bit_scaled")
    orientation = image.getexif().get(ORIENTATION, 1)
    pixels = _by_bands(image, math.ceil(math.sqrt(image.size[0] * image.size[1] / MAX_WORKING_PIXELS)))
    if orientation in UPRIGHT:
        pixels = np.ascontiguousarray(UPRIGHT[orientation](pixels))
    upright = size[::-1] if orientation in TURNED_SIDEWAYS else size
    return Decoded(pixels, upright, tuple(warnings))


def _has_frames(image: Image.Image) -> bool:
    """Whether the file holds more photos than the one read; a phone's second view inside an MPO is none."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def _by_bands(image: Image.Image, factor: int) -> np.ndarray:
    """Convert and reduce a loaded image band by band; a band's rows are a multiple of the factor."""
    width, height = image.size
    white = _white_level(image)
    pixels = np.empty((math.ceil(height / factor), math.ceil(width / factor), 3), np.uint8)
    rows = BAND_ROWS * factor
    for top in range(0, height, rows):
        band = _flatten(image.crop((0, top, width, min(top + rows, height))), white)
        reduced = np.asarray(band.reduce(factor) if factor > 1 else band)
        pixels[top // factor : top // factor + len(reduced)] = reduced
    return pixels


def _white_level(image: Image.Image) -> float:
    """Return the grey value that means white: the kind's own range, never the photo's own maximum."""
    if image.mode not in ("I", "F"):
        return 65535
    low, high = image.getextrema()
    levels = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535,)
    for white in levels:
        if low >= 0 and high <= white:
            return white
    raise _unknown_range()


def _unknown_range() -> PhotoError:
    return PhotoError("unsupported_format", "The photo's grey values have no known range; export it as JPEG or PNG.")


def _flatten(band: Image.Image, white: float) -> Image.Image:
    """Return opaque RGB: deep grey scaled to 8 bits, transparency composited on white."""
    if band.mode in DEEP_GREY:
        grey = np.asarray(band, dtype=np.float32) * (255 / white)
        if not np.isfinite(grey).all():  # extremes are found without looking at what is no number
            raise _unknown_range()
        return Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")
    if "transparency" in band.info or band.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        band = band.convert("RGBA")
        paper = Image.new("RGB", band.size, "white")
        paper.paste(band, mask=band.getchannel("A"))
        return paper
    return band.convert("RGB")
