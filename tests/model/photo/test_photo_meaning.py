"""What a photo file means beyond its first pixels: colour profiles, damage that only warns, previews, deep grey."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from model.errors import PhotoError
from model.photo import jpeg, png
from model.photo.image import read_photo
from tests.support.profiles import ADOBE_RGB, profile

END = b"\xff\xd9"


def in_space(pixels: np.ndarray, icc: bytes) -> Image.Image:
    """Return the same colours as numbers of another space."""
    there = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return ImageCms.profileToProfile(Image.fromarray(pixels), ImageCms.createProfile("sRGB"), there, renderingIntent=1)


def refused(data: bytes) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        read_photo(data)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 98, "subsampling": 0}),
     ("HEIF", {"quality": 98}), ("AVIF", {"quality": 98})],
)  # fmt: skip
@pytest.mark.parametrize("icc", [profile(), profile(ADOBE_RGB, struct.pack(">HHi", 0, 0, round(65536 * 2.2)))])
def test_a_profile_is_followed_into_srgb(lesion, encode, kind, options, icc):
    other = in_space(lesion, icc)
    assert np.abs(np.asarray(other).astype(int) - lesion).mean() > 1
    photo = read_photo(encode(other, kind, icc_profile=icc, **options))
    plain = read_photo(encode(lesion, kind, **options))
    assert np.abs(photo.pixels.astype(int) - plain.pixels).mean() < (0.3 if kind in ("PNG", "TIFF", "WEBP") else 2.5)
    assert photo.warnings == ()


def test_the_answer_is_that_of_the_same_colours(analyser, lesion, encode):
    there = analyser.analyse(encode(in_space(lesion, profile()), icc_profile=profile())).prediction
    here = analyser.analyse(encode(lesion)).prediction
    assert (
        np.abs(there.probabilities - here.probabilities).max() < 0.02
    )  # SPREAD makes this network forty times as keen


def test_a_profile_is_followed_under_transparency_palettes_and_bands(lesion, encode, monkeypatch):
    monkeypatch.setattr("model.photo.decode.BAND_ROWS", 7)
    other = in_space(lesion, profile())
    clear = np.dstack([np.asarray(other), np.full(lesion.shape[:2], 255, np.uint8)])
    clear[:9, :, 3] = 0
    pixels = read_photo(encode(clear, icc_profile=profile())).pixels
    assert (pixels[:9] == 255).all()
    assert np.abs(pixels[9:].astype(int) - lesion[9:]).mean() < 0.3


def test_srgb_in_other_words_changes_no_pixel(lesion, encode):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (read_photo(encode(lesion, icc_profile=icc)).pixels == lesion).all()


@pytest.mark.parametrize(
    "icc",
    [
        b"no profile at all" * 20,
        profile()[:200],
        profile(space=b"CMYK"),
        profile(space=b"GRAY"),
        profile() + bytes(5 * 2**20),
    ],
)
def test_a_profile_that_cannot_be_followed_is_ignored_with_a_note(lesion, encode, icc):
    photo = read_photo(encode(lesion, "TIFF", icc_profile=icc))
    assert photo.warnings == ("profile_ignored",)
    assert (photo.pixels == lesion).all()


def test_a_grey_photo_follows_a_profile_of_grey_or_of_its_camera(lesion, encode):
    grey = Image.fromarray(lesion).convert("L")
    brighter = struct.pack(">HHi", 0, 0, 65536)
    for icc in (profile(curve=brighter, space=b"GRAY"), profile(curve=brighter)):
        photo = read_photo(encode(grey, icc_profile=icc))
        assert photo.pixels.mean() > np.asarray(grey).mean() + 20
        assert photo.warnings == ("grey",)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_a_jpeg_cut_short_is_refused_although_it_ends(lesion, encode, options):
    data = encode(lesion, "JPEG", quality=95, **options)
    assert jpeg.is_whole(data)
    for kept in (0.3, 0.4, 0.6, 0.9):
        assert refused(data[: int(len(data) * kept)] + END).code == "truncated"


def test_a_jpeg_that_goes_astray_in_the_middle_is_refused(lesion, encode):
    data = encode(lesion, "JPEG", quality=95)
    middle = len(data) // 2
    assert refused(data[:middle] + data[middle + 300 :]).code == "truncated"
    assert refused(data[:middle] + bytes(300) + data[middle + 300 :]).code == "truncated"


def test_a_jpeg_without_one_of_its_restart_markers_is_refused(lesion, encode):
    data = encode(lesion, "JPEG", quality=95, restart_marker_rows=1)
    marker = data.index(b"\xff\xd3")
    assert refused(data[:marker] + data[data.index(b"\xff\xd4") :]).code == "truncated"


@pytest.mark.parametrize("level", [127, 128, 129, 0, 255])
def test_whole_photos_that_end_in_plain_grey_are_read(lesion, encode, level):
    framed = np.full((lesion.shape[0] + 64, lesion.shape[1], 3), level, np.uint8)
    framed[: lesion.shape[0]] = lesion
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0, "optimize": True}):
        assert read_photo(encode(framed, "JPEG", quality=90, **options)).warnings == ()
    assert read_photo(encode(np.full((64, 64, 3), level, np.uint8), "JPEG")).warnings == ("grey",)


def test_a_jpeg_of_very_many_passes_is_refused_at_once(lesion, encode):
    data = encode(lesion, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert refused(data[:last] + data[last:-2] * 200 + END).code == "unsupported_format"


def pages(*parts: tuple[np.ndarray, int]) -> bytes:
    """Return a TIFF file of pages, each with the entry that says whether it is reduced (1) or one of several (2)."""
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer, True) as file:
        for pixels, kind in parts:
            entries = TiffImagePlugin.ImageFileDirectory_v2()
            entries[254] = kind
            Image.fromarray(pixels).save(file, "TIFF", tiffinfo=entries)
            file.newFrame()
    return buffer.getvalue()


def test_reduced_pages_are_not_the_photo(lesion):
    preview = np.ascontiguousarray(255 - lesion[::3, ::3])
    for data in (pages((preview, 1), (lesion, 0)), pages((lesion, 0), (preview, 1)), pages((preview, 4), (lesion, 0))):
        photo = read_photo(data)
        assert (photo.pixels == lesion).all() and photo.warnings == ()
    assert read_photo(pages((lesion, 2), (preview, 2))).warnings == ("first_frame_only",)
    assert "only a small preview" in str(refused(pages((preview, 1))))


def test_a_page_that_is_too_large_is_refused_wherever_it_stands(lesion):
    preview = np.ascontiguousarray(lesion[::3, ::3])
    large = Image.new("1", (12_000, 12_000))
    assert refused(pages((preview, 1), (np.asarray(large), 0))).code == "too_many_pixels"


def test_a_thumbnail_in_a_phones_file_is_not_the_photo(lesion, encode):
    second = Image.fromarray(lesion)
    data = encode(Image.fromarray(255 - lesion[:90, :120]), "MPO", save_all=True, append_images=[second], quality=95)
    with Image.open(io.BytesIO(data)) as opened:
        size = opened.mpinfo[0xB002][0]["Size"]
    primary, thumbnail = (struct.pack("<LL", kind, size) for kind in (0x030000, 0x010001))
    assert read_photo(data).original_size == (120, 90)
    assert read_photo(data.replace(primary, thumbnail)).original_size == (lesion.shape[1], lesion.shape[0])


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_significant_bits_in_sixteen_are_scaled(lesion, encode, kind, bits):
    grey = np.asarray(Image.fromarray(lesion).convert("L"))
    grey = grey.astype(np.uint16) * ((2**bits - 1) // 255)
    photo = read_photo(encode(grey, kind))
    assert photo.warnings == ("sixteen_bit_scaled", "significant_bits")
    assert np.abs(photo.pixels[..., 0] - grey * (255 / (2**bits - 1))).max() <= 0.5


def test_what_a_tiff_says_white_is_counts(encode):
    grey = np.tile(np.linspace(0, 900, 64).astype(np.uint16), (64, 1))
    entries = TiffImagePlugin.ImageFileDirectory_v2()
    entries[281] = 4095
    assert read_photo(encode(grey, "TIFF", tiffinfo=entries)).pixels.max() == 56


def test_sixteen_bit_colours_of_few_bits_are_refused_in_words(lesion):
    import cv2

    for ending in (".png", ".tiff", ".jp2"):
        for factor, fine in ((257, True), (16, False)):
            data = cv2.imencode(ending, lesion[..., ::-1].astype(np.uint16) * factor)[1].tobytes()
            if fine:
                assert np.abs(read_photo(data).pixels.astype(int) - lesion).mean() < 2
            else:
                assert "16-bit colours" in str(refused(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"])
def test_grey_photos_are_told_to_be_grey_however_they_are_stored(lesion, encode, kind):
    grey = Image.fromarray(lesion).convert("L")
    options = {"lossless": True} if kind == "WEBP" else {}
    assert read_photo(encode(grey, kind, **options)).warnings == ("grey",)
    assert read_photo(encode(Image.fromarray(lesion), kind, **options)).warnings == ()
    if kind in ("PNG", "TIFF"):
        assert read_photo(encode(grey.convert("RGB"), kind)).warnings == ("grey",)


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "DIB"])
def test_more_formats_are_read(lesion, encode, kind):
    photo = read_photo(encode(lesion, kind))
    assert np.abs(photo.pixels.astype(int) - lesion).mean() < 6
    assert photo.warnings == ()


def test_avif_under_the_general_brand_is_read(lesion, encode):
    assert read_photo(encode(lesion, "AVIF").replace(b"ftypavif", b"ftypmif1", 1)).pixels.shape == lesion.shape


def changed(data: bytes, place: int, byte: int) -> bytes:
    return data[:place] + bytes([byte]) + data[place + 1 :]


def test_sound_files_of_another_kind_are_not_called_damaged(lesion, encode):
    import cv2

    photo, bitmap = encode(lesion, "JPEG"), encode(lesion, "BMP")
    frame = photo.index(b"\xff\xc0")
    floats = cv2.imencode(".tiff", lesion.astype(np.float32) / 255)[1].tobytes()
    kinds = (changed(photo, frame + 4, 12), changed(photo, frame + 1, 0xC3), changed(bitmap, 30, 4), floats)
    assert [refused(data).code for data in kinds] == ["unsupported_format"] * 4
    assert refused(changed(photo, frame + 4, 12)[:-500]).code == "truncated"
    for start in (b"8BPS", b"\xff\x0a", b"\0\0\0\x18ftypcrx ", b"II\xbc\x01"):
        assert refused(start + bytes(500)).code == "unsupported_format"
    assert refused(b"\0\0\0\x18ftypmp42" + bytes(500)).code == "not_an_image"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(header: bytes, rows: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(
    ("bits", "kind", "channels"), [(8, 2, 3), (16, 2, 3), (1, 0, 1), (4, 0, 1), (8, 6, 4), (16, 4, 2)]
)
def test_a_png_without_its_last_rows_is_refused_although_it_is_well_formed(bits, kind, channels, interlaced):
    width, height = 43, 37
    passes = png.PASSES if interlaced else ((0, 0, 1, 1),)
    rows = b""
    for left, top, across, down in passes:
        columns = len(range(left, width, across))
        rows += (b"\0" + b"\xa5" * (-(-columns * bits * channels // 8))) * len(range(top, height, down))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    assert read_photo(png_of(header, rows)).original_size == (width, height)
    assert refused(png_of(header, rows[: len(rows) * 2 // 3])).code == "truncated"


def test_a_jpeg_inside_a_tiff_that_is_cut_short_is_refused(lesion, encode):
    data = encode(lesion, "TIFF", compression="jpeg")
    with Image.open(io.BytesIO(data)) as opened:
        start, length = opened.tag_v2[273][0], opened.tag_v2[279][0]
    middle = start + length // 2
    assert read_photo(data).warnings == ()
    assert refused(data[:middle] + END + data[middle + 2 :]).code == "truncated"
