"""What to call a file that could not be read: another kind of file, an unsupported kind of photo, or a damaged one."""

import io

from PIL import Image

from model.errors import PhotoError
from model.photo import jpeg

KINDS = {  # first bytes, in lower case -> what such a file is called in a sentence
    b"%pdf": "a PDF document",
    b"%!ps": "a PostScript drawing",
    b"\xc5\xd0\xd3\xc6": "a PostScript drawing",
    b"mz": "a program",
    b"\x7felf": "a program",
    b"pk\x03\x04": "a ZIP archive or office document",
    b"rar!": "an archive",
    b"7z\xbc\xaf\x27\x1c": "an archive",
    b"\x1f\x8b": "an archive",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML document",
    b"<!doc": "a web page",
    b"<html": "a web page",
    b"\0\5\x16\7": "a macOS metadata file",
    b"\0\0\x01\xba": "a film",
    b"\x1a\x45\xdf\xa3": "a film",
}
UNSUPPORTED = {  # first bytes -> kinds of photos that are not read
    b"8BPS": "Photoshop",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"II\xbc": "JPEG XR",
    b"FUJIFILMCCD-RAW": "Camera raw",
    b"IIU\0": "Camera raw",
    b"IIRO": "Camera raw",
    b"IIRS": "Camera raw",
    b"\0\0\0\x18ftypcrx ": "Camera raw",
}
FILM_BRANDS = (b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"avc1", b"3gp4", b"3gp5")
STARTS = {  # first bytes of the formats that are read
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"RIFF": "WEBP",
    b"\xff\x4f\xff\x51": "JPEG2000",
}
# Words of decoders for a file that is undamaged but of an unsupported kind.
OTHER_KIND = ("unsupported", "not supported", "unknown", "unrecognized", "unrecognised", "not implemented", "no codec",
              "cannot handle", "can't handle", "not configured", "not compiled", "unable to decode")  # fmt: skip


def damaged() -> PhotoError:
    return PhotoError("truncated", "The photo is cut off or damaged; copy or export it again.")


def unsupported(kind: str = "") -> PhotoError:
    """Return the error for an undamaged photo that is not read here."""
    what = f"{kind} photos are" if kind else "The photo is stored in a way that is"
    return PhotoError("unsupported_format", f"{what} not read here; export it as JPEG or PNG.")


def unidentified(data: bytes) -> PhotoError:
    """Return the error for a file that no decoder accepted."""
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[128:132] == b"DICM":
        return PhotoError("unsupported_format", "DICOM files are not read here; export the photo as JPEG or PNG.")
    for signature, kind in KINDS.items():
        if start.startswith(signature):
            return _no_photo(kind)
    for signature, kind in UNSUPPORTED.items():
        if data.startswith(signature):
            return unsupported(kind)
    if data[4:8] == b"ftyp" and data[8:12] in FILM_BRANDS:
        return _no_photo("a film")
    for signature, kind in STARTS.items():
        if data.startswith(signature):
            return trouble(data, _refusal(data, kind))
    if data[4:8] == b"ftyp" or data.startswith(b"\0\0\0\x0cjP"):
        return damaged()
    return PhotoError("not_an_image", "The file is not a photo in a known format; export it as JPEG or PNG.")


def trouble(data: bytes, error: Exception) -> PhotoError:
    """Return what a decoder's error means for a file that begins like a photo."""
    if data.startswith(b"\xff\xd8"):
        found = jpeg.structure(data)
        return unsupported() if found.ended and found.frame and not found.frame.readable else damaged()
    if data.startswith(b"\x89PNG"):  # of which all kinds are read but Apple's own
        return unsupported() if data[12:16] == b"CgBI" else damaged()
    if isinstance(error, NotImplementedError) or any(word in str(error).lower() for word in OTHER_KIND):
        return unsupported()
    return damaged()


def _no_photo(kind: str) -> PhotoError:
    return PhotoError("not_an_image", f"The file is {kind}, not a photo; export it as JPEG or PNG.")


def _refusal(data: bytes, kind: str) -> Exception:
    """Return why the decoder of a format rejects a file; trying all decoders does not give the reason."""
    try:
        Image.OPEN[kind][0](io.BytesIO(data), "")
    except Exception as error:
        return error
    return ValueError("opened after all")
