"""Files of every format that is read, ways to spoil them, and a process with limits that reads what became of them."""

import io
import json
import os
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()
ROOT = Path(__file__).resolve().parents[2]
SLOWEST = 5  # seconds
ALLOWED_MB = 500
READER = """
import json, struct, sys, time, traceback
from pathlib import Path
from model.errors import PhotoError
from model.photo.image import read_photo

def status(field):
    [line] = [line for line in open("/proc/self/status") if line.startswith(field)]
    return int(line.split()[1]) / 1024

print(flush=True)
while head := sys.stdin.buffer.read(8):
    data = sys.stdin.buffer.read(struct.unpack("<Q", head)[0])
    Path("/proc/self/clear_refs").write_text("5")
    before, clock = status("VmRSS"), time.perf_counter()
    try:
        photo = read_photo(data)
        said = f"{photo.pixels.dtype} {photo.pixels.ndim}"
    except PhotoError as error:
        said = error.code if str(error).endswith(".") and "\\n" not in str(error) else f"no sentence: {error}"
    except BaseException:
        said = traceback.format_exc()
    photo = None
    told = {"said": said, "seconds": time.perf_counter() - clock, "megabytes": status("VmHWM") - before}
    print(json.dumps(told), flush=True)
"""


@dataclass(frozen=True)
class Told:
    """What became of one file: what was said of it, in how many seconds, and how much memory it took at the most."""

    said: str
    seconds: float
    megabytes: float


class Reader:
    """A process that reads one file after another."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.process.stdout.readline()

    def read(self, data: bytes) -> Told:
        """Return what became of a file; a process that crashes or hangs is said to, and cannot be used again."""
        self.process.stdin.write(struct.pack("<Q", len(data)) + data)
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], 4 * SLOWEST)[0]:  # other programs may hold it up
            self.process.kill()
            return Told("hangs", 4 * SLOWEST, 0)
        line = self.process.stdout.readline()
        return Told(**json.loads(line)) if line else Told(f"crashes with {self.process.wait()}", 0, 0)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def reader() -> Iterator[Reader]:
    process = Reader()
    try:
        yield process
    finally:
        process.close()


def files(lesion: np.ndarray) -> dict[str, bytes]:
    """Return small files of every format in several ways to store one, by a name that begins with the format."""
    colour = Image.fromarray(lesion)
    grey, half = colour.convert("L"), colour.resize((120, 90))
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 16)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    ways = {
        "JPEG plain": (colour, "JPEG", {"quality": 90, "exif": exif}),
        "JPEG progressive": (colour, "JPEG", {"progressive": True, "icc_profile": profile}),
        "JPEG restarts": (colour, "JPEG", {"restart_marker_rows": 1}),
        "JPEG ink": (colour.convert("CMYK"), "JPEG", {}),
        "JPEG grey": (grey, "JPEG", {}),
        "PNG colour": (colour, "PNG", {"icc_profile": profile, "exif": exif}),
        "PNG deep": (deep, "PNG", {}),
        "PNG palette": (colour.quantize(32), "PNG", {"transparency": 1}),
        "PNG frames": (colour, "PNG", {"save_all": True, "append_images": [half.resize(colour.size)]}),
        "TIFF lzw": (colour, "TIFF", {"compression": "tiff_lzw", "icc_profile": profile}),
        "TIFF deflate": (deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "TIFF jpeg": (colour, "TIFF", {"compression": "jpeg"}),
        "TIFF fax": (colour.convert("1"), "TIFF", {"compression": "group4"}),
        "TIFF pages": (colour, "TIFF", {"save_all": True, "append_images": [half, half]}),
        "WEBP lossy": (colour, "WEBP", {"icc_profile": profile}),
        "WEBP lossless": (colour.convert("RGBA"), "WEBP", {"lossless": True}),
        "WEBP frames": (colour, "WEBP", {"save_all": True, "append_images": [half.resize(colour.size)]}),
        "GIF frames": (colour, "GIF", {"save_all": True, "append_images": [half.resize(colour.size)]}),
        "BMP colour": (colour, "BMP", {}),
        "BMP palette": (colour.quantize(16), "BMP", {}),
        "DIB colour": (half, "DIB", {}),
        "HEIF colour": (colour, "HEIF", {"quality": 80}),
        "HEIF grey": (grey, "HEIF", {}),
        "AVIF colour": (colour, "AVIF", {"icc_profile": profile}),
        "AVIF frames": (half, "AVIF", {"save_all": True, "append_images": [half]}),
        "JPEG2000 file": (colour, "JPEG2000", {"quality_mode": "rates", "quality_layers": [20]}),
        "JPEG2000 lossless": (half, "JPEG2000", {"irreversible": False}),
        "MPO views": (colour, "MPO", {"save_all": True, "append_images": [half]}),
    }
    return {name: _saved(picture, kind, options) for name, (picture, kind, options) in ways.items()}


def _saved(picture: Image.Image, kind: str, options: dict) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def real_files() -> dict[str, bytes]:
    """Return real photos where `LESIONSCOPE_DATA` names the image sets, and the sample photos of the app everywhere."""
    samples = sorted((ROOT / "assets" / "samples").glob("*.jpg"))[:3]
    data = Path(os.environ.get("LESIONSCOPE_DATA", ROOT / "data"))
    sets = [next(iter(sorted((data / name).rglob("*.jpg"))), None) for name in ("ham10000", "milk10k", "isic2019")]
    return {f"JPEG {path.name}": path.read_bytes() for path in (*samples, *sets) if path}


def spoil(data: bytes, changes: list[tuple[str, float, int]]) -> bytes:
    """Return a file after changes, each of a kind, a place in [0, 1] and a number whose meaning depends on the kind."""
    for kind, place, number in changes:
        at = int(place * (len(data) - 1)) if data else 0
        data = KINDS[kind](data, at, number)
    return data


def _numbers_of(size: int):
    edges = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)

    def change(data: bytes, at: int, number: int) -> bytes:
        value = edges[number % len(edges)] % 256**size
        return data[:at] + value.to_bytes(size, "big" if number & 256 else "little") + data[at + size :]

    return change


KINDS = {
    "cut": lambda data, at, number: data[:at],
    "cut and end": lambda data, at, number: data[:at] + b"\xff\xd9",
    "flip": lambda data, at, number: (
        data[:at] + bytes([data[at] ^ (1 << number % 8)]) + data[at + 1 :] if data else b""
    ),
    "byte": lambda data, at, number: data[:at] + bytes([number % 256]) + data[at + 1 :],
    "head": lambda data, at, number: data[: at % 64] + bytes([number % 256]) + data[at % 64 + 1 :],
    "zeros": lambda data, at, number: data[:at] + bytes(number % 400) + data[at + number % 400 :],
    "noise": lambda data, at, number: (
        data[:at] + np.random.default_rng(number).bytes(number % 100) + data[at + number % 100 :]
    ),
    "drop": lambda data, at, number: data[:at] + data[at + number % 500 :],
    "repeat": lambda data, at, number: data[:at] + data[at : at + number % 500] * 3 + data[at + number % 500 :],
    "word": _numbers_of(2),
    "long": _numbers_of(4),
    "swap": lambda data, at, number: data[at:] + data[:at] if number % 5 == 0 else data[:at] + data[at:][::-1],
}
