"""How events stand on the wire. Server-sent events may be written in many ways that all mean the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

KEEPALIVE = "OPENROUTER PROCESSING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """The defaults are OpenRouter's own; the other values are what other servers, and proxies between, send."""

    newline: str = "\n"  # or "\r\n", or a bare "\r"
    bom: bool = False  # a byte order mark before the first event
    space: bool = True  # after a field's colon
    split: bool = False  # a JSON value over several `data:` lines
    fields: bool = False  # `event:`, `id:` and `retry:` beside the data, and a field nobody knows
    comments: bool = False  # a comment before every line
    cut_bytes: int = 0  # text as UTF-8 in writes of so many bytes, wherever they cut; 0: whole events

    def event(self, document: object) -> bytes:
        """A JSON document as one event."""
        text = json.dumps(document, indent=0 if self.split else None, ensure_ascii=not self.cut_bytes)
        named = ["event: message", "id: 1", "retry: 3000", "colour: blue"] if self.fields else []
        return self.lines(*named, *(f"data: {line}" for line in text.split("\n")))

    def comment(self) -> bytes:
        return self.lines(f": {KEEPALIVE}")

    def lines(self, *lines: str) -> bytes:
        """Lines of one event, and the empty line that ends it."""
        written = [line if self.space else line.replace(": ", ":", 1) for line in lines]
        commented = [each for line in written for each in (": a comment", line)] if self.comments else written
        return "".join(line + self.newline for line in [*commented, ""]).encode()

    def pieces(self, data: bytes) -> list[bytes]:
        """What is written at a time."""
        size = self.cut_bytes or len(data) or 1
        return [data[start : start + size] for start in range(0, len(data), size)]


def media_type(body: str) -> str:
    """What a server would call a body of text."""
    start = re.match(r"\s*([<{\[]?)", body)
    return {"<": "text/html", "{": "application/json", "[": "application/json"}.get(
        start[1] if start else "", "text/plain"
    )
