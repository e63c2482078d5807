"""From the bytes of a file to RGB pixels, or to one sentence that gives the reason why not."""

import hashlib
import io
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pillow_heif
from PIL import Image

from model.errors import PhotoError
from model.photo import decode, frames, jpeg, png, unreadable

if TYPE_CHECKING:  # Pillow loads its readers in its own order
    from PIL.TiffImagePlugin import TiffImageFile

# MPO opens as JPEG; AVIF comes before HEIF, which accepts such files but cannot decode them.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "DIB", "AVIF", "HEIF", "GIF", "JPEG2000")
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_PIXELS_WEBP = 25_000_000  # its decoder uses 16 bytes per pixel, four times as many as others
MAX_PIXELS_OTHER = {"AVIF": 25_000_000, "JPEG2000": 16_000_000}  # their decoders use 9 and up to 24
MIN_SIDE = 32  # pixels; in smaller photos a lesion is only a spot
MAX_ASPECT = 10  # longer to shorter side; beyond it the centred square shows almost nothing

TIFF_COMPRESSION, TIFF_TABLES, TIFF_JPEG = 259, 347, 7  # two entries of a TIFF file, and the value of the first
TIFF_PIECES = ((273, 279), (324, 325))  # where strips and tiles begin, and how long they are

LARGE_PHOTO = threading.Lock()  # one at a time, so that many visitors with phone photos do not add up

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MAX_PIXELS refuses sooner
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # of metadata, which is not used
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo as it is assessed: upright, opaque, 8 bits a channel, without any metadata.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3)
        RGB; smaller than the original for large photos, see ``warnings``.
    sha256 : str
        Of the file's bytes.
    original_size : tuple of int
        Width and height of the upright photo before any reduction.
    warnings : tuple of str
        Codes of what was done to the photo: ``first_frame_only``, ``reduced_size``, ``grey``,
        ``sixteen_bit_scaled``, ``float_scaled``, ``significant_bits``, ``profile_ignored``.
    """

    pixels: np.ndarray
    sha256: str
    original_size: tuple[int, int]
    warnings: tuple[str, ...]


def read_photo(data: bytes) -> Photo:
    """Decode the bytes of an uploaded file.

    Sizes are checked before anything is decoded; only photo formats are tried, regardless of the file's name.

    Parameters
    ----------
    data : bytes
        The whole file: JPEG, PNG, WebP, TIFF, BMP, HEIC, AVIF, JPEG 2000 or GIF.

    Returns
    -------
    Photo

    Raises
    ------
    PhotoError
        ``empty``, ``too_many_bytes``, ``not_an_image``, ``unsupported_format``, ``truncated``,
        ``too_many_pixels``, ``too_small`` or ``too_elongated``.
    """
    _check_bytes(data)
    try:
        with _open(data) as image:
            further = frames.seek_photo(image)
            _check_size(image)
            with LARGE_PHOTO if image.width * image.height > decode.MAX_WORKING_PIXELS else nullcontext():
                _check_whole(data, image)
                decoded = decode.to_rgb(image)
    except PhotoError:
        raise
    except Exception as error:  # decoders of damaged files raise anything from OSError to ZeroDivisionError
        raise unreadable.trouble(data, error) from None
    notes = ("first_frame_only", *decoded.warnings) if further else decoded.warnings
    return Photo(decoded.pixels, hashlib.sha256(data).hexdigest(), decoded.original_size, notes)


def read_file(path: Path) -> bytes:
    """Return a photo file's bytes, one more than allowed at most.

    Raises
    ------
    PhotoError
        ``unreadable`` if it cannot be opened, or is a pipe, a socket or a device: some would be waited for without end.
    """
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # that of a folder is a sentence of the system
            raise PhotoError("unreadable", "It is a pipe, a socket or a device, not a file; save the photo in a file.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PhotoError(
            "unreadable", f"The file cannot be opened ({error.strerror}); check its path and rights."
        ) from None


def _check_bytes(data: bytes) -> None:
    if not data:
        raise PhotoError("empty", "The file is empty; save the photo again.")
    if len(data) > MAX_BYTES:
        raise too_many_bytes()


def too_many_bytes() -> PhotoError:
    """Return the error for a file larger than `MAX_BYTES`, also where reading stops before its end."""
    return PhotoError("too_many_bytes", "The file is larger than 20 MB; save the photo as JPEG.", limit=MAX_BYTES)


def _open(data: bytes) -> Image.Image:
    """Read the header only; the formats are listed so that no interpreter is ever started for a renamed file."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_many_pixels(MAX_PIXELS) from None
    except Image.UnidentifiedImageError:
        raise unreadable.unidentified(data) from None


def _check_whole(data: bytes, image: Image.Image) -> None:
    """Refuse what its decoder would only warn of, or fill with grey or black, and what takes minutes to decode."""
    if image.format == "PNG" and not png.is_whole(data):
        raise unreadable.damaged()
    for own in _jpeg_streams(data, image):
        passes = len(jpeg.structure(own).scans)
        if passes > jpeg.MAX_SCANS or passes * image.width * image.height > jpeg.MAX_SCAN_PIXELS:
            raise PhotoError(
                "unsupported_format", "The photo is stored in too many passes; save it again as plain JPEG."
            )
        if not jpeg.is_whole(own):
            raise unreadable.damaged()


def _jpeg_streams(data: bytes, image: Image.Image) -> Iterator[bytes]:
    """Yield the JPEG of the selected photo of an opened file, or the JPEGs in a TIFF page."""
    if image.format in ("JPEG", "MPO"):
        yield data[getattr(image, "offset", 0) :]
    if image.format != "TIFF":
        return
    tags = cast("TiffImageFile", image).tag_v2
    if tags.get(TIFF_COMPRESSION) == TIFF_JPEG:
        tables = tags.get(TIFF_TABLES, b"\xff\xd8\xff\xd9")[:-2]
        for starts, lengths in TIFF_PIECES:
            for start, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False):
                yield tables + data[start + 2 : start + length]


def _check_size(image: Image.Image) -> None:
    """Refuse by the header's size, so that a small file cannot decode to gigabytes."""
    width, height = image.size
    limit = MAX_PIXELS_WEBP if image.format == "WEBP" else MAX_PIXELS_OTHER.get(image.format or "", MAX_PIXELS)
    if width * height > limit:
        raise _too_many_pixels(limit, width, height)
    if min(width, height) < MIN_SIDE:
        raise PhotoError(
            "too_small",
            f"The photo is {width} x {height} pixels; at least {MIN_SIDE} on each side are needed.",
            width=width,
            height=height,
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoError(
            "too_elongated",
            f"The photo is a strip of {width} x {height} pixels; use the whole frame of the camera.",
            width=width,
            height=height,
        )


def _too_many_pixels(limit: int, width: int = 0, height: int = 0) -> PhotoError:
    size = f"{width} x {height} pixels" if width else "larger"
    sentence = f"The photo is {size}, the limit is {limit // 1_000_000} megapixels; save it smaller."
    return PhotoError("too_many_pixels", sentence, width=width, height=height, limit=limit)
