"""Server-sent events: bytes in any pieces, cut into events.

Follows the HTML standard, chapter "Server-sent events", and accepts what servers get wrong: events without the
blank line between them, JSON without a field name, and a last event without its end.
"""

from __future__ import annotations

from typing import TypeAlias

BOM = b"\xef\xbb\xbf"
EVENT_BYTES = 16 * 2**20  # of one event; a large picture takes about ten million
LINE_OVERHEAD_BYTES = 64  # what a line costs in memory besides its text, so that empty lines count too
JSON = (b"{", b"[")  # what a document begins with
Event: TypeAlias = tuple[bytes, bytes]  # its name, empty for most, and its data


class EventParser:
    """Reads one stream. Its cost grows with the bytes read, whatever pieces they come in.

    Attributes:
        markup: whether a line looked like HTML or XML.
        oversized: an event or a line is larger than `EVENT_BYTES`; nothing more is read.
    """

    def __init__(self) -> None:
        self.markup = False
        self.oversized = False
        self._begun = False
        self._after_return = False  # the last byte was a carriage return; a line feed that follows belongs to it
        self._line = bytearray()  # the beginning of a line whose end hasn't come
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._bare = False  # the data are lines of JSON without a field name

    def feed(self, data: bytes) -> list[Event]:
        """Read the next bytes; gives the events that end in them."""
        if self._after_return or b"\r" in data:
            data = self._with_line_feeds(data)
        if b"\n" not in data:
            self._line += data
            self._check(len(self._line))
            return []
        events: list[Event] = []
        for line in self._lines(data):
            if not line:
                self._dispatch(events)
            elif not self._data and line.startswith(b"data:"):
                self._add(line[5:].removeprefix(b" "))
            else:
                self._read(line, events)
        return events

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that end in these bytes; what comes after the last one is kept."""
        lines = data.split(b"\n")
        if self._line:
            lines[0] = bytes(self._line) + lines[0]
        if (rest := lines.pop()) or self._line:
            self._line = bytearray(rest)
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(BOM)
        return lines

    def close(self) -> list[Event]:
        """The stream is over: gives the last event, where it has no end of its own."""
        return self.feed(b"\n\n")

    def _with_line_feeds(self, data: bytes) -> bytes:
        if self._after_return and data.startswith(b"\n"):
            data = data[1:]
            self._after_return = False
        if data:
            self._after_return = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read(self, line: bytes, events: list[Event]) -> None:
        """Read a line that isn't the usual one."""
        field, _, value = line.partition(b":")
        if field == b"data":
            if self._bare or self._is_next(value):
                self._dispatch(events)
            self._add(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.strip()
        elif field not in (b"", b"id", b"retry"):  # without a name it's a comment, to keep the connection alive
            self._read_bare(line, events)

    def _read_bare(self, line: bytes, events: list[Event]) -> None:
        """Read a line without a field. JSON counts as an event: some servers send errors that way."""
        if line.lstrip().startswith(JSON) and (not self._bare or self._is_next(line)):
            self._dispatch(events)
            self._bare = True
        if self._bare:
            self._add(line)
        elif line.lstrip().startswith(b"<"):
            self.markup = True

    def _is_next(self, line: bytes) -> bool:
        """Whether a line begins another event, although no blank line came before it.

        In JSON neither `{` nor `[` follows a `}`, and neither follows what isn't JSON.
        """
        if not self._data or not line.lstrip().startswith(JSON):
            return False
        return self._data[-1].rstrip().endswith(b"}") or not self._data[0].lstrip().startswith(JSON)

    def _add(self, line: bytes) -> None:
        self._data.append(line)
        self._data_bytes += len(line) + LINE_OVERHEAD_BYTES
        self._check(self._data_bytes)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data and not self.oversized:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append((self._name, data))
            self._data, self._data_bytes, self._bare = [], 0, False
        self._name = b""

    def _check(self, size: int) -> None:
        if size > EVENT_BYTES:
            self.oversized = True
            self._line, self._data = bytearray(), []
