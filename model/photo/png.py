"""Whether a PNG's compressed data contains every row; its decoder leaves missing rows black."""

import struct
import zlib
from collections.abc import Iterator

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # Adam7
PIECE = 1 << 20  # bytes that are unpacked at a time, and counted


def is_whole(data: bytes) -> bool:
    """Return whether a PNG that decodes without an error unpacks to as many bytes as its header requires."""
    unpacker, found = zlib.decompressobj(), 0
    try:
        wanted = _promised(data)
        for part in _parts(data):
            while part and not unpacker.eof:
                found += len(unpacker.decompress(part, PIECE))
                part = unpacker.unconsumed_tail
                if found >= wanted:
                    return True
        return found + len(unpacker.flush()) >= wanted
    except (zlib.error, struct.error, KeyError):
        return False


def _promised(data: bytes) -> int:
    """Return how many bytes all rows have, each with the byte that names its filter."""
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in passes]
    return sum(rows * (1 + (columns * CHANNELS[kind] * bits + 7) // 8) for columns, rows in sizes if columns > 0 < rows)


def _parts(data: bytes) -> Iterator[bytes]:
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"IDAT":
            yield data[place + 8 : place + 8 + length]
        place += 12 + length
