"""From the bytes of a file to RGB pixels, or to one sentence that says why not."""

import hashlib
import io
import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from model import decode
from model.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "GIF")  # MPO opens as JPEG
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_PIXELS_WEBP = 25_000_000  # its decoder holds 16 bytes a pixel, four times what others do
MIN_SIDE = 32  # pixels; the smallest that still shows a lesion as more than a blot
MAX_ASPECT = 10  # longer to shorter side; beyond it the centred square sees next to nothing

SIGNATURES = {  # first bytes -> what such a file is called in a sentence
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript drawing",
    b"\xc5\xd0\xd3\xc6": "a PostScript drawing",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"PK\x03\x04": "a ZIP archive or office document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML document",
    b"<!doc": "a web page",
    b"<html": "a web page",
}
IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"RIFF")

LARGE_PHOTO = threading.Lock()  # one at a time, so that many visitors with phone photos do not add up

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MAX_PIXELS refuses sooner
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
        Codes of what was done to the photo: ``reduced_size``, ``first_frame_only``, ``sixteen_bit_scaled``,
        ``float_scaled``.
    """

    pixels: np.ndarray
    sha256: str
    original_size: tuple[int, int]
    warnings: tuple[str, ...]


def read_photo(data: bytes) -> Photo:
    """Decode the bytes of an uploaded file.

    Sizes are checked before anything is decoded; only photo formats are tried, whatever the file is called.

    Parameters
    ----------
    data : bytes
        The whole file: JPEG, PNG, WebP, TIFF, BMP, HEIC or GIF.

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
            _check_size(image)
            with LARGE_PHOTO if image.width * image.height > decode.MAX_WORKING_PIXELS else nullcontext():
                decoded = decode.to_rgb(image)
    except PhotoError:
        raise
    except Exception:  # decoders of damaged files raise anything from OSError to ZeroDivisionError
        raise PhotoError("truncated", "The photo is cut off or damaged; copy or export it again.") from None
    return Photo(decoded.pixels, hashlib.sha256(data).hexdigest(), decoded.original_size, decoded.warnings)


def read_file(path: Path) -> bytes:
    """Return a photo file's bytes, one more than allowed at most; PhotoError ``unreadable`` if it cannot be opened."""
    try:
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
        raise PhotoError("too_many_bytes", "The file is larger than 20 MB; save the photo as JPEG.", limit=MAX_BYTES)


def _open(data: bytes) -> Image.Image:
    """Read the header only; the formats are listed so that no interpreter is ever started for a renamed file."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_many_pixels(MAX_PIXELS) from None
    except Image.UnidentifiedImageError:
        raise _unidentified(data) from None


def _unidentified(data: bytes) -> PhotoError:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[128:132] == b"DICM":
        return PhotoError("unsupported_format", "DICOM files are not read here; export the photo as JPEG or PNG.")
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature.lower()):
            return PhotoError("not_an_image", f"The file is {kind}, not a photo; export it as JPEG or PNG.")
    if data.startswith(IMAGE_STARTS):
        return PhotoError("truncated", "The photo is cut off or damaged; copy or export it again.")
    return PhotoError("not_an_image", "The file is not a photo in a known format; export it as JPEG or PNG.")


def _check_size(image: Image.Image) -> None:
    """Refuse by the header's size, so that a small file cannot unfold into gigabytes."""
    width, height = image.size
    limit = MAX_PIXELS_WEBP if image.format == "WEBP" else MAX_PIXELS
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
