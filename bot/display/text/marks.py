"""The inline marks open at the end of a text: closed for display, and opened again in the next message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.display.text.markdown import Fences, open_spoiler, outside_code

if TYPE_CHECKING:
    from collections.abc import Sequence

SPOILER = "||"
LASTING = frozenset({"**", "~~", SPOILER})  # no other meaning is likely: closed also where a text ends for good
_TOKEN = re.compile(
    r"\\[^\w\s]"
    r"|(?<!`)(?P<tick>`{1,2})(?!`)[^\n]*?(?:(?<!`)(?P=tick)(?!`)|(?P<line_end>(?=\n))|(?P<open>\Z))"
    r"|`{3,}|!?\[[^\]\n]*\]\([^)\n]*\)|https?://[^\s<>]+|<[^<>\s]{1,100}>"
    r"|(?P<mark>\*{1,6}|_{1,6}|~~)"
    # Emphasis ends with its paragraph, and no list item, heading, quote or row goes on in the next.
    r"|(?P<end>\n(?=[ \t]*(?:\n|>|#|\||`{3}|(?:[-*+]|\d{1,9}[.)])[ \t])))",
    re.IGNORECASE,
)
_BLOCK_BEGINS = frozenset("-*+#>|`~0123456789")
OpenMarks = list[tuple[int, str]]  # (where what it styles begins, the mark), the outermost first


def open_marks(text: str, fences: Fences, opened: Sequence[str]) -> OpenMarks:
    """The marks open at the end of a text; `fences` and `opened` are at its start."""
    found: OpenMarks = [(at - len(opened), mark) for at, mark in enumerate(opened) if mark != SPOILER]
    reached = 0
    for start, end in outside_code(text, fences):
        if start > reached:
            found.clear()  # a block of code ends all that was open before
        _follow(text, start, end, found)
        reached = end
    if reached < len(text):
        found.clear()
    spoiler = open_spoiler(text, fences, is_open=SPOILER in opened)
    if spoiler is not None:
        inherited = SPOILER in opened and spoiler == 0
        found.append((opened.index(SPOILER) - len(opened) if inherited else spoiler, SPOILER))
    return sorted(found)


def reopened(source: str, following: str, marks: Sequence[str]) -> list[str]:
    """Those of the marks open at the end of a page that its next page begins with."""
    if source.endswith("\n") and following[:1] in _BLOCK_BEGINS:
        return [mark for mark in marks if mark == SPOILER]
    return list(marks)


def closing(shown: str, marks: Sequence[str]) -> str:
    """What closes these marks after a text that ends in a visible character."""
    # A backslash would take away the meaning of the mark after it.
    return ("\u200b" if marks and shown.endswith("\\") else "") + "".join(reversed(marks))


def _follow(text: str, start: int, end: int, found: OpenMarks) -> None:
    """Take in a stretch that has no blocks of code."""
    if found and found[-1][1][0] == "`":
        tick = found.pop()[1]
        close = re.compile(rf"(?<!`){tick}(?!`)|(?=\n)").search(text, start, end)
        if close is None:
            found.append((start - 1, tick))
            return
        start = close.end()
    for token in _TOKEN.finditer(text, start, end):
        if token["end"] is not None:
            found.clear()
        elif token["open"] is not None and token.end() > token.end("tick"):
            found.append((token.end("tick"), token["tick"]))
        elif token["mark"]:
            _turn(text, token.start(), token["mark"], found)


def _turn(text: str, at: int, run: str, found: OpenMarks) -> None:
    """A run of marks closes what it can, and opens the rest."""
    before, after = text[at - 1 : at], text[at + len(run) : at + len(run) + 1]
    within = before.isalnum() and after.isalnum()
    if within and (run[0] == "_" or (before + after).isascii()):
        return
    left = len(run)
    while left and found and found[-1][1][0] == run[0] and len(found[-1][1]) <= left and not before.isspace():
        left -= len(found.pop()[1])
    opens = not after.isspace() and not (before.isalnum() and left == 1)
    while left and opens:
        mark = run[0] * min(2, left)
        left -= len(mark)
        if all(mark != each for _, each in found):
            found.append((at + len(run) - left, mark))
