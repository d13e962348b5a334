"""The bytes of an answer as the connection gives them: unpacked where they are packed, and bounded."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY_BYTES = 128 * 2**20  # of one answer; a long one with thoughts takes about fifty million
PIECE_BYTES = 2**16
GZIP = 0x1F  # the first byte; no text begins with it
ZLIB_OR_GZIP = zlib.MAX_WBITS | 32


class OversizedBodyError(Exception):
    """There are more bytes than `BODY_BYTES`."""


class Body:
    """Bounds what is read of an answer. Unpacks what a server packs without saying so; aiohttp does the rest.

    Raises `OversizedBodyError`, or `zlib.error` for packed data that is damaged.
    """

    def __init__(self) -> None:
        self._bytes = 0
        self._inflater: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The next bytes, in pieces small enough that nothing else waits long for each."""
        if not self._bytes and data[0] == GZIP:
            self._inflater = zlib.decompressobj(ZLIB_OR_GZIP)
        if self._inflater is None:
            for start in range(0, len(data), PIECE_BYTES):
                yield self._counted(data[start : start + PIECE_BYTES])
            return
        piece = b""
        while data or len(piece) == PIECE_BYTES:
            if self._inflater.eof:  # another member follows
                self._inflater = zlib.decompressobj(ZLIB_OR_GZIP)
            piece = self._inflater.decompress(data, PIECE_BYTES)
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self._bytes += len(piece) or 1
        if self._bytes > BODY_BYTES:
            raise OversizedBodyError
        return piece
