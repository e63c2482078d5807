"""Whatever is uploaded becomes upright, opaque 8-bit RGB, or one sentence."""

import hashlib
import io
import threading

import numpy as np
import pytest
from PIL import Image

from model.errors import PhotoError
from model.photo import decode, image
from model.photo.image import MAX_BYTES, read_photo

TURNED = Image.Exif()
TURNED[decode.ORIENTATION] = 6
ZIP_BOMB_SIDE = 12_000


def refusal(data: bytes) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        read_photo(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    return caught.value


def far(pixels: np.ndarray, expected: np.ndarray) -> float:
    assert pixels.shape == expected.shape
    return float(np.abs(pixels.astype(float) - expected).mean())


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 90}, 6),
        ("JPEG", {"quality": 95, "subsampling": 0}, 3),
        ("JPEG", {"quality": 95, "progressive": True}, 6),
        ("HEIF", {"quality": 95}, 6),
    ],
)
def test_every_format_gives_the_same_photo(lesion, encode, kind, options, error):
    data = encode(lesion, kind, **options)
    photo = read_photo(data)
    assert photo.pixels.dtype == np.uint8
    assert far(photo.pixels, lesion) <= error
    assert photo.original_size == (lesion.shape[1], lesion.shape[0])
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert photo.warnings == ()


def test_second_view_in_a_phone_photo_is_ignored(lesion, encode):
    second = Image.fromarray(255 - lesion)
    photo = read_photo(encode(lesion, "MPO", save_all=True, append_images=[second], quality=95))
    assert far(photo.pixels, lesion) < 6
    assert photo.warnings == ()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_of_several_frames_the_first_is_read_and_said_so(lesion, encode, kind):
    second = Image.fromarray(255 - lesion)
    options = {"lossless": True} if kind == "WEBP" else {}
    photo = read_photo(encode(lesion, kind, save_all=True, append_images=[second], **options))
    assert far(photo.pixels, lesion) < 12  # a GIF has 256 colours
    assert photo.warnings == ("first_frame_only",)


def test_sixteen_bit_grey_is_scaled_by_its_range(encode):
    grey = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    expected = np.rint(grey / 257.0)[..., None].repeat(3, axis=2)
    for kind in ("PNG", "TIFF"):
        photo = read_photo(encode(grey, kind))
        assert far(photo.pixels, expected) <= 0.5
        assert photo.warnings == ("sixteen_bit_scaled",)


def test_thirty_two_bit_grey_is_scaled_or_refused(encode):
    grey = np.tile(np.linspace(0, 65535, 64).astype(np.int32), (64, 1))
    assert far(read_photo(encode(grey, "TIFF")).pixels[..., 0], grey / 257.0) <= 0.5
    assert refusal(encode(grey * 10, "TIFF")).code == "unsupported_format"


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_float_tiff_is_scaled_by_the_range_it_uses(encode, white):
    values = np.tile(np.linspace(0, white, 64).astype(np.float32), (64, 1))
    photo = read_photo(encode(values, "TIFF"))
    assert far(photo.pixels[..., 1], values * 255 / white) <= 0.5
    assert photo.warnings == ("float_scaled",)


@pytest.mark.parametrize("bad", [-1.0, 1e9, np.nan, np.inf])
def test_float_tiff_without_a_known_range_is_refused(encode, bad):
    values = np.full((64, 64), 0.5, np.float32)
    values[3:9] = bad
    assert refusal(encode(values, "TIFF")).code == "unsupported_format"


def test_cmyk_is_read(lesion, encode):
    cmyk = Image.fromarray(lesion).convert("CMYK")
    assert far(read_photo(encode(cmyk, "TIFF")).pixels, lesion) < 3
    assert far(read_photo(encode(cmyk, "JPEG", quality=95)).pixels, lesion) < 6


def test_lab_is_refused(encode):
    assert refusal(encode(Image.new("LAB", (64, 64), (128, 0, 0)), "TIFF")).code == "unsupported_format"


def test_transparency_lies_on_white(lesion, encode):
    alpha = np.zeros(lesion.shape[:2], np.uint8)
    alpha[:, 120:] = 255
    photo = read_photo(encode(np.dstack([lesion, alpha])))
    assert (photo.pixels[:, :120] == 255).all()
    assert (photo.pixels[:, 120:] == lesion[:, 120:]).all()
    grey_alpha = Image.merge("LA", (Image.new("L", (64, 64), 10), Image.new("L", (64, 64), 0)))
    assert (read_photo(encode(grey_alpha)).pixels == 255).all()


def test_palettes_with_and_without_a_transparent_colour(encode):
    palette = Image.new("P", (64, 64), 1)
    palette.putpalette([200, 0, 0, 0, 120, 0])
    assert (read_photo(encode(palette)).pixels == (0, 120, 0)).all()
    assert (read_photo(encode(palette, transparency=1)).pixels == 255).all()
    assert (read_photo(encode(Image.new("1", (64, 64), 1))).pixels == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_turned_photos_come_upright_and_lose_their_metadata(lesion, encode, kind):
    quality = {"WEBP": {"lossless": True}, "PNG": {}, "TIFF": {}}.get(kind, {"quality": 95})
    turned = Image.open(io.BytesIO(encode(lesion, "JPEG", exif=TURNED, quality=95)))
    exif = {} if kind == "HEIF" else {"exif": TURNED}  # HEIC has an entry of its own, taken from the open photo
    photo = read_photo(encode(turned, kind, **exif, **quality))
    assert far(photo.pixels, np.rot90(lesion, -1)) < 6
    assert photo.original_size == (lesion.shape[0], lesion.shape[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_follows_the_standard(lesion, encode, orientation):
    exif = Image.Exif()
    exif[decode.ORIENTATION] = orientation
    expected = {
        1: lesion,
        2: lesion[:, ::-1],
        3: lesion[::-1, ::-1],
        4: lesion[::-1],
        5: lesion.transpose(1, 0, 2),
        6: np.rot90(lesion, -1),
        7: lesion[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(lesion, 1),
    }[orientation]
    assert (read_photo(encode(lesion, exif=exif)).pixels == expected).all()


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(lesion, encode, value):
    exif = Image.Exif()
    exif[decode.ORIENTATION] = value
    assert (read_photo(encode(lesion, exif=exif)).pixels == lesion).all()


def test_empty_file():
    assert refusal(b"").code == "empty"


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>photo</body></html>",
        b"<HTML></HTML>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n",
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        b"MZ\x90\x00" + bytes(200),
        b"\x7fELF" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        b"photo,label\n1,mel\n",
        bytes(4096),
        bytes(range(256)) * 8,
    ],
)
def test_renamed_files_are_told_apart_from_photos(content):
    assert refusal(content).code == "not_an_image"


def test_dicom_is_named():
    error = refusal(bytes(128) + b"DICM" + bytes(500))
    assert error.code == "unsupported_format"
    assert "DICOM" in str(error)


def test_formats_that_are_no_photos_are_not_tried(lesion, encode):
    for kind in ("PPM", "ICO", "PCX", "TGA"):
        assert refusal(encode(lesion, kind)).code == "not_an_image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_truncated_files(lesion, encode, kind, kept):
    data = encode(lesion, kind)
    assert refusal(data[: int(len(data) * kept)]).code in ("truncated", "not_an_image")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # pytest sets the module's own aside
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "HEIF"])
def test_corrupt_files_never_raise_anything_else(lesion, encode, kind):
    data = encode(lesion, kind)
    random = np.random.default_rng(0)
    for _ in range(40):
        broken = bytearray(data)
        for place in random.integers(0, len(data), 30):
            broken[place] = random.integers(256)
        try:
            assert read_photo(bytes(broken)).pixels.shape[2] == 3
        except PhotoError as error:
            assert str(error)


def test_sizes_are_refused_with_what_they_are(encode):
    error = refusal(encode(Image.new("RGB", (1, 1))))
    assert error.code == "too_small"
    assert error.details == {"width": 1, "height": 1}
    assert "1 x 1" in str(error)
    assert refusal(encode(Image.new("RGB", (20_000, 1)))).code == "too_small"
    assert refusal(encode(Image.new("RGB", (20_000, 40)))).code == "too_elongated"


def test_too_many_bytes_are_refused_before_anything_is_decoded(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    assert refusal(bytes(MAX_BYTES + 1)).code == "too_many_bytes"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [ZIP_BOMB_SIDE, 16_000])
def test_a_small_file_that_unfolds_is_refused_before_decoding(encode, monkeypatch, side):
    data = encode(Image.new("1", (side, side)))
    assert len(data) < 100_000
    monkeypatch.setattr(decode, "to_rgb", lambda _: pytest.fail("decoded"))
    assert refusal(data).code == "too_many_pixels"


def test_a_large_webp_is_refused_because_its_decoder_is_greedy(encode, monkeypatch):
    monkeypatch.setattr(image, "MAX_PIXELS_WEBP", 10_000)
    error = refusal(encode(Image.new("RGB", (128, 128)), "WEBP"))
    assert error.code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_photos_are_reduced_alike_from_every_format(lesion, encode, monkeypatch, kind):
    monkeypatch.setattr(decode, "MAX_WORKING_PIXELS", lesion.shape[0] * lesion.shape[1] // 4)
    monkeypatch.setattr(decode, "BAND_ROWS", 7)
    photo = read_photo(encode(lesion, kind, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {})))
    height, width = lesion.shape[:2]
    means = lesion.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    assert far(photo.pixels, means) < 3
    assert photo.original_size == (width, height)
    assert photo.warnings == ("reduced_size",)


def test_bands_join_without_a_seam(lesion, encode, monkeypatch):
    monkeypatch.setattr(decode, "MAX_WORKING_PIXELS", lesion.size // 3 // 8)  # reduced to a third
    data = encode(lesion)
    whole = read_photo(data).pixels
    assert whole.shape == (60, 80, 3)
    monkeypatch.setattr(decode, "BAND_ROWS", 5)
    assert (read_photo(data).pixels == whole).all()


def test_threads_read_large_photos_one_at_a_time(lesion_png, monkeypatch):
    monkeypatch.setattr(decode, "MAX_WORKING_PIXELS", 10_000)
    inside, most = [], []

    def slow(opened):
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.02)
        inside.pop()
        return decode.Decoded(np.zeros((40, 40, 3), np.uint8), opened.size, ())

    monkeypatch.setattr(decode, "to_rgb", slow)
    threads = [threading.Thread(target=read_photo, args=(lesion_png,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5
