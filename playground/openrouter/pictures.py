"""Pictures that a model may return, made without a library: PNG files as data URLs."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from functools import cache

SKY, SEA = (34, 47, 92), (238, 150, 94)  # the colors of an evening, from above to the horizon
SUN = (255, 224, 150)


def png(width: int, height: int, rows: bytes, *, level: int = 6) -> bytes:
    """A picture of 8-bit RGB; `rows` has each row's pixels after a zero."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(rows, level)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def data_url(picture: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


@cache
def evening(width: int = 480, height: int = 270) -> str:
    """The sun above the sea."""
    rows = bytearray()
    horizon, center, radius = height * 2 // 3, width // 2, height // 7
    for y in range(height):
        rows.append(0)
        share = min(1.0, y / horizon) if y < horizon else 1 - (y - horizon) / height
        for x in range(width):
            is_sun = y < horizon and (x - center) ** 2 + (y - horizon + radius // 2) ** 2 < radius**2
            rows += bytes(
                SUN if is_sun else tuple(int(a + (b - a) * share) for a, b in zip(SKY, SEA, strict=True))
            )
    return data_url(png(width, height, bytes(rows)))


@cache
def noise(size_mb: float, seed: int = 1) -> str:
    """A picture of so many megabytes that no packing makes smaller."""
    side = round((size_mb * 10**6 / 3) ** 0.5)
    pixels = random.Random(seed)
    rows = b"".join(b"\0" + pixels.randbytes(3 * side) for _ in range(side))
    return data_url(png(side, side, rows, level=0))
