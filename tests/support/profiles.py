"""Small colour profiles of screens, made by code."""

import struct

D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB_CURVE = struct.pack(
    ">HH5i", 3, 0, *(round(65536 * value) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(primaries=DISPLAY_P3, curve: bytes = SRGB_CURVE, space: bytes = b"RGB ") -> bytes:
    """Return a small profile of a screen: its primaries adapted to D50, and one curve for all."""
    text = "test".encode("utf-16-be")
    words = b"mluc" + bytes(4) + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(text), 28) + text
    tags = {b"desc": words, b"cprt": words, b"wtpt": b"XYZ " + bytes(4) + fixed(*D50)}
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*primary)
        tags[name + b"TRC"] = b"para" + bytes(4) + curve
    tags[b"kTRC"] = b"para" + bytes(4) + curve
    listing, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        listing += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I", start + len(body)) + bytes(4) + b"\x04\0\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    head += bytes(28) + fixed(*D50)
    return head + bytes(128 - len(head)) + listing + body
