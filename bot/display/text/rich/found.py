"""What is found in a text: a construct, or the beginning of what may become one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEEDS_ESCAPE = re.compile(r"([\\*_~|`<>#])")


@dataclass(frozen=True, slots=True)
class Found:
    """A construct in a text: where it ends, and what is shown for it."""

    end: int
    shown: str


UNDECIDED = Found(-1, "")


def escaped(text: str) -> str:
    """A text whose characters mean no Markdown."""
    return _NEEDS_ESCAPE.sub(r"\\\1", text)


def enclosed(text: str, at: int, marks: tuple[str, str], *, most: int, lines: bool) -> str | None:
    """What stands between two marks; None if the second doesn't come, empty while it still may."""
    start = at + len(marks[0])
    end = text.find(marks[1], start)
    line_end = -1 if lines else text.find("\n", start)
    if end < 0:
        return None if line_end >= 0 or len(text) - at > most else ""
    inside = text[start:end]
    is_late = end + len(marks[1]) - 1 - at > most  # it would have been given up before its last character came
    return None if (0 <= line_end < end) or is_late or not inside.strip() else inside
