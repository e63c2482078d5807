"""From an opened image file of any pixel kind to upright 8-bit RGB within a bounded memory."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image

from model.errors import PhotoError
from model.photo.colour import Conversion, conversion

if TYPE_CHECKING:  # Pillow loads its readers in its own order
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

MAX_WORKING_PIXELS = 12_500_000  # keeps a 12-megapixel phone photo as it is; larger ones are halved or more
SLOW_PIXELS = 6_000_000  # of a JPEG 2000 photo, which takes ten times as long as a JPEG
BAND_ROWS = 512  # converted at a time, so that only the decoder itself has the whole photo in memory
ORIENTATION = 0x0112  # the EXIF entry of the camera's orientation
UPRIGHT = {  # numbers of the orientations in the EXIF standard
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
GREY = ("1", "L", "LA", "La", *DEEP_GREY)
# What white may be in deep grey: cameras and scanners put 8, 10, 12 or 14 significant bits into 16.
WHITE_LEVELS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
MAX_SAMPLE_VALUE = 281  # the TIFF entry for it
DIM_HIGH_BYTE = 63  # of 16-bit colours, whose low bytes the decoder drops: no more is what 14 bits or fewer leave
JPEG2000_SIZES = b"\xff\x4f\xff\x51"  # begins the header that says how many bits a channel has
READABLE = (*GREY, "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr")


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels (height, width, 3) uint8, the upright original's width and height, and codes of what was done."""

    pixels: np.ndarray
    original_size: tuple[int, int]
    warnings: tuple[str, ...]


def to_rgb(image: Image.Image) -> Decoded:
    """Decode, reduce, follow the colour profile, flatten on white and turn upright.

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
    size = image.size
    factor = math.ceil(math.sqrt(size[0] * size[1] / MAX_WORKING_PIXELS))
    image.draft(None, (math.ceil(size[0] / factor), math.ceil(size[1] / factor)))  # JPEG only
    if image.format == "JPEG2000" and size[0] * size[1] > SLOW_PIXELS:
        factor = max(factor, 2)
        cast("Jpeg2KImageFile", image).reduce = 1  # its decoder then skips the finest detail and is fast
    deep_colours = image.mode not in DEEP_GREY and _is_deep(image)
    image.load()
    if deep_colours:
        _check_bright(image)
    colours = conversion(image, image.mode in GREY)
    warnings = ["reduced_size"] if factor > 1 else []
    orientation = image.getexif().get(ORIENTATION, 1)
    white = _white_level(image) if image.mode in DEEP_GREY else 255.0
    reduction = math.ceil(math.sqrt(image.size[0] * image.size[1] / MAX_WORKING_PIXELS))
    pixels = _by_bands(image, reduction, white, colours)
    warnings += [*_grey_notes(image.mode, white, pixels), *colours.notes]
    if orientation in UPRIGHT:
        pixels = np.ascontiguousarray(UPRIGHT[orientation](pixels))
    upright = size[::-1] if orientation in TURNED_SIDEWAYS else size
    return Decoded(pixels, upright, tuple(warnings))


def _grey_notes(mode: str, white: float, pixels: np.ndarray) -> list[str]:
    """Return the codes for a photo (height, width, 3) without colour, however it is stored."""
    if mode in DEEP_GREY:
        scaled = ["float_scaled" if mode == "F" else "sixteen_bit_scaled"]
        return scaled + (["significant_bits"] if white < WHITE_LEVELS[-1] and mode != "F" else [])
    if mode in GREY:
        return ["grey"]
    few = pixels[::16, ::16]  # decides it for nearly every photo
    for part in (few, pixels):
        if not ((part[..., 0] == part[..., 1]) & (part[..., 1] == part[..., 2])).all():
            return []
    return ["grey"]


def _is_deep(image: Image.Image) -> bool:
    """Whether an opened file that is not loaded yet has more than 8 bits per channel."""
    if image.format == "JPEG2000":
        file = cast("Jpeg2KImageFile", image).fp
        assert file is not None  # it is closed by loading
        file.seek(0)
        head = file.read(4096)
        bits = head[head.find(JPEG2000_SIZES) + 42 :][:1]
        return bool(bits) and (bits[0] & 0x7F) + 1 > 8
    return ";16" in str(getattr(image, "tile", ""))


def _check_bright(image: Image.Image) -> None:
    """Refuse 16-bit colours of which 14 bits or fewer are used: they would be shown nearly black."""
    colours = [image.getchannel(band) for band in image.getbands() if band != "A"]
    if max(cast(float, channel.getextrema()[1]) for channel in colours) <= DIM_HIGH_BYTE:
        raise PhotoError(
            "unsupported_format",
            "The photo's 16-bit colours use only their lowest bits, so it would appear black; export it with 8 bits.",
        )


def _by_bands(image: Image.Image, factor: int, white: float, colours: Conversion) -> np.ndarray:
    """Convert and reduce a loaded image band by band; a band's rows are a multiple of the factor."""
    width, height = image.size
    pixels = np.empty((math.ceil(height / factor), math.ceil(width / factor), 3), np.uint8)
    rows = BAND_ROWS * factor
    for top in range(0, height, rows):
        band = _flatten(image.crop((0, top, width, min(top + rows, height))), white, colours)
        reduced = np.asarray(colours.to_srgb(band.reduce(factor) if factor > 1 else band))
        pixels[top // factor : top // factor + len(reduced)] = reduced
    return pixels


def _white_level(image: Image.Image) -> float:
    """Return the grey value of white: from the file, else the smallest usual one that is not below any value."""
    low, high = _extremes(image)
    said = getattr(image, "tag_v2", {}).get(MAX_SAMPLE_VALUE)
    said = said[0] if isinstance(said, tuple) else said
    if isinstance(said, int) and low >= 0 and 255 <= said <= 65535 and high <= said and image.mode != "F":
        return float(said)
    levels = (1.0, *WHITE_LEVELS) if image.mode == "F" else WHITE_LEVELS
    for white in levels:
        if low >= 0 and high <= white:
            return white
    raise _unknown_range()


def _extremes(image: Image.Image) -> tuple[float, float]:
    """Return the least and the greatest value, band by band: Pillow knows them for few kinds of deep grey."""
    width, height = image.size
    found = []
    for top in range(0, height, BAND_ROWS):
        band = np.asarray(image.crop((0, top, width, min(top + BAND_ROWS, height))))
        found.append((float(band.min()), float(band.max())))
    return min(low for low, _ in found), max(high for _, high in found)


def _unknown_range() -> PhotoError:
    return PhotoError("unsupported_format", "The photo's grey values have no known range; export it as JPEG or PNG.")


def _flatten(band: Image.Image, white: float, colours: Conversion) -> Image.Image:
    """Return opaque pixels: deep grey scaled to 8 bits, transparency composited on white, which every profile has."""
    if band.mode in DEEP_GREY:
        grey = np.asarray(band, dtype=np.float32) * (255 / white)
        if not np.isfinite(grey).all():  # extremes are found without looking at what is no number
            raise _unknown_range()
        return colours.described(Image.fromarray(np.rint(grey).astype(np.uint8)))
    if "transparency" in band.info or band.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        band = band.convert("RGBA")
        paper = Image.new("RGB", band.size, "white")
        paper.paste(band, mask=band.getchannel("A"))
        return colours.described(paper)
    return colours.described(band)
