"""What a photo's numbers mean as colours: an embedded profile is followed into sRGB, as the network has learnt."""

import io
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image, ImageCms

PROFILE_IGNORED = "profile_ignored"  # code of the note
MAX_PROFILE_BYTES = 4 * 1024 * 1024  # those of printers have 2 MB; cameras' have a few hundred bytes
SAME = 2  # levels of 255; a profile that moves no colour further is sRGB in other words, and left alone
SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # of a profile, and the pixels that it describes
GRID = np.linspace(0, 255, 9).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Conversion:
    """From a photo's own colours to sRGB.

    Parameters
    ----------
    mode : str
        Pixels that the profile describes: RGB, L or CMYK.
    transform : ImageCmsTransform or None
        None if the pixels are sRGB or have no profile.
    notes : tuple of str
        ``profile_ignored`` if a profile was there and could not be followed.
    """

    mode: str
    transform: ImageCms.ImageCmsTransform | None
    notes: tuple[str, ...] = ()

    def described(self, band: Image.Image) -> Image.Image:
        """Return opaque pixels, in any mode that Pillow converts, in the mode that `to_srgb` takes."""
        mode = self.mode if self.transform else "RGB"
        return band if band.mode == mode else band.convert(mode)

    def to_srgb(self, band: Image.Image) -> Image.Image:
        """Return pixels that `described` gave as sRGB in the mode RGB."""
        # None comes back only from a conversion in place.
        return cast(Image.Image, ImageCms.applyTransform(band, self.transform)) if self.transform else band


def conversion(image: Image.Image, grey: bool) -> Conversion:
    """Read the profile of an opened photo; ``grey`` says that its pixels are, however deep."""
    content = image.info.get("icc_profile")
    own = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
    if not content:
        return Conversion(own, None)
    try:
        mode = _described(content)
        if own != mode and (own, mode) != ("L", "RGB"):  # grey photos often carry the colour profile of their camera
            raise ValueError("a profile for other pixels")
        transform = _transform(content, mode)
        return Conversion(mode, None if _changes_nothing(transform, mode) else transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError):  # a broken profile can raise any of these
        return Conversion(own, None, (PROFILE_IGNORED,))


def _described(content: bytes) -> str:
    """Return the mode of the pixels that a profile is for; KeyError or ValueError if it is for none."""
    if len(content) > MAX_PROFILE_BYTES or content[12:16] in (b"link", b"abst", b"nmcl"):
        raise ValueError("no profile of a device or a colour space")
    return SPACES[content[16:20].decode("ascii").strip()]


def _transform(content: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(content)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode == "CMYK":
        return False
    axes = (GRID, GRID, GRID) if mode == "RGB" else (np.arange(256, dtype=np.uint8),)
    colours = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(1, -1, len(axes))
    pixels = Image.fromarray(colours if mode == "RGB" else colours[..., 0])
    moved = np.asarray(ImageCms.applyTransform(pixels, transform)).astype(int)
    return np.abs(moved - colours).max() <= SAME
