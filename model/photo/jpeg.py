"""Whether a JPEG's compressed data is whole; its decoder fills what is missing with grey and only warns.

These warnings are not available, so the decoder is tested. If more data at the end changes the photo, it was cut off.
If less data at the end does not change it, data is left over: the photo is damaged in the middle.
"""

import io
import math
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

STARTS_OF_FRAME = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2
MORE = bytes((37 * number + 11) % 255 for number in range(1, 48))  # decodes to something; no byte of it is a marker
LESS = 16  # bytes; encoders pad with a few, damaged photos leave far more
SHORTEST = 64  # bytes of a scan from which as many can be taken
GREY = 128  # what blocks without data become
MAX_SCANS = 100  # encoders write twenty at most
MAX_SCAN_PIXELS = 1_500_000_000  # of all passes over a photo together: seconds of decoding
_NEXT_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_RESTART = re.compile(rb"\xff+([\xd0-\xd7])")


@dataclass(frozen=True)
class Scan:
    """One pass over the photo.

    Parameters
    ----------
    components : tuple of int
    first, last, low : int
        The coefficients that it contains, and how many of their low bits it leaves out.
    parts : tuple of (int, int)
        Where its compressed data begins and ends, between restart markers.
    orderly : bool
        Whether there are as many restart markers as there have to be, in their order.
    """

    components: tuple[int, ...]
    first: int
    last: int
    low: int
    parts: tuple[tuple[int, int], ...]
    orderly: bool


@dataclass(frozen=True)
class Frame:
    """The header of a photo: process, bits, width, height, and sampling factors (across, down) by component."""

    process: int
    bits: int
    width: int
    height: int
    sampling: dict[int, tuple[int, int]]

    @property
    def readable(self) -> bool:
        """Whether the decoder knows this kind: 8 bits, sequential or progressive, one to four colours but two."""
        known = self.process in (*SEQUENTIAL, PROGRESSIVE, 0xC9, 0xCA)
        return known and self.bits == 8 and len(self.sampling) in (1, 3, 4)

    def blocks(self, components: tuple[int, ...]) -> int:
        """Return how many units a scan of these components has."""
        across = max(values[0] for values in self.sampling.values())
        down = max(values[1] for values in self.sampling.values())
        if len(components) > 1:
            return math.ceil(self.width / (8 * across)) * math.ceil(self.height / (8 * down))
        own_across, own_down = self.sampling[components[0]]
        columns = math.ceil(math.ceil(self.width * own_across / across) / 8)
        return columns * math.ceil(math.ceil(self.height * own_down / down) / 8)


@dataclass(frozen=True)
class Structure:
    """Contents of a JPEG's markers; ``ended`` if the last one is its end."""

    frame: Frame | None
    scans: tuple[Scan, ...]
    ended: bool


def structure(data: bytes) -> Structure:
    """Read the markers of a file's first photo, as far as they can be followed."""
    place, frame, interval = 2, None, 0
    scans: list[Scan] = []
    while marker := _NEXT_MARKER.match(data, place):
        kind, place = marker.group(1)[0], marker.end()
        if kind == 0xD9:
            return Structure(frame, tuple(scans), True)
        if kind in (0x01, 0xD8):
            continue
        length = int.from_bytes(data[place : place + 2], "big")
        body, place = data[place + 2 : place + length], place + length
        if length < 2 or len(body) < length - 2:
            break
        try:
            if kind in STARTS_OF_FRAME:
                frame = _frame(kind, body)
            elif kind == 0xDD:
                interval = int.from_bytes(body[:2], "big")
            elif kind == 0xDA:
                found = _NEXT_MARKER.search(data, place)
                scans.append(_scan(data, body, place, found.start() if found else len(data), frame, interval))
                if found is None:
                    break
                place = found.start()
        except (IndexError, KeyError, TypeError, ZeroDivisionError, AttributeError):  # a header that makes no sense
            break
    return Structure(frame, tuple(scans), False)


def _frame(kind: int, body: bytes) -> Frame:
    sampling = {body[at]: (body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, 6 + 3 * body[5], 3)}
    return Frame(kind, body[0], int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"), sampling)


def _scan(data: bytes, body: bytes, start: int, end: int, frame: Frame | None, interval: int) -> Scan:
    count = body[0]
    components = tuple(body[1 + 2 * number] for number in range(count))
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    restarts = list(_RESTART.finditer(data, start, end))
    starts, ends = [start, *(found.end() for found in restarts)], [*(found.start() for found in restarts), end]
    counted = all(found.group(1)[0] == 0xD0 + number % 8 for number, found in enumerate(restarts))
    if interval and frame is None:
        raise TypeError("nothing says how large the photo is")
    wanted = math.ceil(frame.blocks(components) / interval) if frame and interval else 1
    return Scan(
        components, first, last, bits & 15, tuple(zip(starts, ends, strict=True)), counted and len(starts) == wanted
    )


def is_whole(data: bytes) -> bool:
    """Return whether a JPEG that decodes without an error is complete; True for kinds that cannot be tested."""
    found = structure(data)
    if found.frame is None or not found.scans or not found.frame.height:
        return True
    if not all(scan.orderly for scan in found.scans) or not _complete(found.frame, found.scans):
        return False
    if found.frame.process == PROGRESSIVE or sum(len(scan.parts) for scan in found.scans) > 1:
        factor = 1 if found.frame.process == PROGRESSIVE else 8
        return bool((_decoded(data, factor) == _decoded(_longer(data, found), factor)).all())
    return found.frame.process not in SEQUENTIAL or _used_up(data, found)


def _complete(frame: Frame, scans: tuple[Scan, ...]) -> bool:
    """Whether the passes together contain every coefficient of every component to its last bit."""
    missing = {component: np.full(64, 16) for component in frame.sampling}
    for scan in scans:
        for component in scan.components:
            missing[component][scan.first : scan.last + 1] = scan.low
    return not any(bits.any() for bits in missing.values())


def _used_up(data: bytes, found: Structure) -> bool:
    """Whether a photo in one pass uses its data up to the end, neither less nor more."""
    [(start, end)] = found.scans[0].parts
    shown = _decoded(data, 8)
    ends_grey = (np.abs(shown[-1, -1].astype(int) - GREY) <= 1).all()
    if ends_grey:
        return bool((shown == _decoded(_longer(data, found), 8)).all())
    if end - start < SHORTEST:
        return True
    shorter = data[: end - LESS].rstrip(b"\xff") + data[end:]
    if (shown != _decoded(shorter, 8)).any():
        return True
    return bool((_decoded(data, 1) != _decoded(shorter, 1)).any())  # these bytes may contain only fine detail


def _longer(data: bytes, found: Structure) -> bytes:
    """Return the file with more data at the end of every part."""
    ends = [end for scan in found.scans for _, end in scan.parts]
    pieces = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    return MORE.join(pieces)


def _decoded(data: bytes, factor: int) -> np.ndarray:
    """Return the pixels at a reduced size: uint8 (height, width, channels)."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        while image.width * image.height / factor**2 > 12_500_000:
            factor *= 2
        image.draft(None, (math.ceil(image.width / factor), math.ceil(image.height / factor)))
        pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., None]
