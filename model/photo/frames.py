"""Which picture of a file is the photo: previews, masks and a phone's second view are not."""

from typing import TYPE_CHECKING, cast

from PIL import Image

from model.errors import PhotoError

if TYPE_CHECKING:  # Pillow loads its readers in its own order
    from PIL.MpoImagePlugin import MpoImageFile
    from PIL.TiffImagePlugin import TiffImageFile

MOST_LOOKED_AT = 32  # pictures; a photo is among the first, and a list of thousands is no photo
SUBFILE, OLD_SUBFILE, MULTI_PICTURES = 254, 255, 0xB002  # entries of a TIFF file, and of an MPO file
PREVIEW_OR_MASK, OLD_PREVIEW = 0b101, 2


def seek_photo(image: Image.Image) -> bool:
    """Select the photo of an opened file; return whether it contains further photos.

    Raises
    ------
    PhotoError
        ``unsupported_format`` if all that can be reached is a preview, as in a camera's raw file.
    """
    if image.format == "TIFF":
        return _seek_page(cast("TiffImageFile", image))
    if image.format == "MPO":
        return _seek_view(cast("MpoImageFile", image))
    return bool(getattr(image, "is_animated", False))


def _seek_page(image: "TiffImageFile") -> bool:
    """Find the first page at full resolution; pages that cannot be read after it are none."""
    photos: list[int] = []
    place = 0
    while len(photos) < 2 and place < MOST_LOOKED_AT:
        try:
            image.seek(place)
        except Exception:  # the end, or an error from a damaged list of pages
            break
        tags = image.tag_v2
        reduced = (_number(tags, SUBFILE) & PREVIEW_OR_MASK) or _number(tags, OLD_SUBFILE) == OLD_PREVIEW
        photos += [] if reduced else [place]
        place += 1
    if not photos:
        raise PhotoError(
            "unsupported_format", "The file contains only a small preview; export the photo itself as JPEG."
        )
    image.seek(photos[0])
    return len(photos) > 1


def _number(tags, entry: int) -> int:
    value = tags.get(entry, 0)
    return value if isinstance(value, int) else 0


def _seek_view(image: "MpoImageFile") -> bool:
    """Find the main picture; another stereo view or a depth map does not count as a further photo."""
    kinds = [entry.get("Attribute", {}).get("MPType", "") for entry in (image.mpinfo or {}).get(MULTI_PICTURES, ())]
    main = next((place for place, kind in enumerate(kinds) if "Thumbnail" not in kind), 0)
    if main:
        image.seek(main)
    return False
