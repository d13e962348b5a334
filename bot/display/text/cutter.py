"""Where a text that has no room in one message is cut."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import IntEnum, auto
from typing import TYPE_CHECKING

from bot.display.text.markdown import Fences, is_joined, spans, track, utf16_length

if TYPE_CHECKING:
    from collections.abc import Iterator

INDENT_KEPT = 200  # characters, of a code line at the start of a page; more could fill a page with nothing

# What would become a heading, a list item, a quote, small print or a block at the start of a message.
_LINE_SYNTAX = re.compile(r"(?:#{1,3}|-#|[-*+]|\d{1,9}[.)]|>{1,3})(?:\s|\Z)|~{3,}|~{1,2}\Z|\d{1,9}\Z")
_FENCE_AHEAD = re.compile(r"[ \t>]*(?:`{3}|~{3}|[`~]{0,2}\Z)")
# A page shouldn't end so: with a list mark, or with a heading parted from its text.
_BARE_MARK = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,3}|-#|>+)\Z")
_HEADING = re.compile(r"#{1,3} ")
# Chinese and Japanese end sentences and clauses without a space.
_WIDE_ENDS, _WIDE_PAUSES = "\u3002\uff01\uff1f", "\uff0c\u3001\uff1b\uff1a"
_BREAK = re.compile(rf"\s+|[{_WIDE_ENDS}{_WIDE_PAUSES}](?=\S)")
_SENTENCE_ENDS = frozenset(".!?\u2026" + _WIDE_ENDS)
_AFTER_SENTENCE = "\"')]*_\u00bb\u201d\u2019"  # quotes, brackets, emphasis between a sentence's end and the space


def fitting(text: str, room: int) -> int:
    """How many characters from the start fit into so many UTF-16 code units."""
    length = len(text)
    while (excess := utf16_length(text[:length]) - room) > 0:
        length -= max(1, excess // 2)  # a character is at most two units: never one too many
    return length


class _Rank(IntEnum):
    """Kinds of joints, the best first."""

    PARAGRAPH = auto()
    LINE = auto()
    CODE_PARAGRAPH = auto()
    CODE_LINE = auto()
    SENTENCE = auto()
    WORD = auto()
    INDENTED = auto()  # Discord would strip the indentation, and a nested item become an outer one


class Cutter:
    """Finds the best end of a page. `known` is its text and one character too many."""

    def __init__(self, known: str, fences: Fences) -> None:
        self._text = known
        self._last = len(known) - 1
        self._changes = [(0, fences), *track(known, fences)]
        self._in_span = bytearray(len(known))
        for begin, end in spans(known):
            self._in_span[begin + 1 : end] = b"\1" * (end - begin - 1)

    def best(self) -> int:
        """Offset of the next page's first character."""
        body = self._text.lstrip()
        start, size = len(self._text) - len(body), utf16_length(body)
        half, quarter = (start + fitting(body, size // parts) for parts in (2, 4))
        for low, whole in ((half, True), (quarter, True), (half, False)):
            joints = sorted((rank, -at) for rank, at in self._joints(low) if low <= at)
            for _, at in joints:
                if self._is_fit(-at, whole=whole):
                    return -at
            for at in range(self._last, low, -1):
                if self._is_between_characters(at) and self._is_fit(at, whole=whole):
                    return at
        return next(filter(self._is_between_characters, range(self._last, self._last // 2, -1)), self._last)

    def _is_between_characters(self, at: int) -> bool:
        return not (self._text[at].isspace() or is_joined(self._text, at))

    def _joints(self, low: int) -> Iterator[tuple[_Rank, int]]:
        for match in _BREAK.finditer(self._text, len(self._text[:low].rstrip())):
            if match.end() > self._last:
                return
            if not is_joined(self._text, match.end()):  # punctuation may have a form, white space an accent
                yield self._joint(match)

    def _joint(self, match: re.Match[str]) -> tuple[_Rank, int]:
        gap, at = match[0], match.end()
        lines = gap.count("\n")
        if lines and self._fences(at)[1]:
            indent = min(len(gap) - gap.rfind("\n") - 1, INDENT_KEPT)
            return (_Rank.CODE_PARAGRAPH if lines > 1 else _Rank.CODE_LINE), at - indent
        if lines:
            is_indented = not gap.endswith("\n")
            return _Rank.INDENTED if is_indented else _Rank.PARAGRAPH if lines > 1 else _Rank.LINE, at
        words = self._text[max(0, match.start() - 4) : match.start()] if gap.isspace() else gap
        is_sentence = words.rstrip(_AFTER_SENTENCE)[-1:] in _SENTENCE_ENDS
        return (_Rank.SENTENCE if is_sentence else _Rank.WORD), at

    def _fences(self, at: int) -> tuple[int, Fences]:
        """The blocks open at an offset, and since which."""
        return self._changes[bisect_right(self._changes, at, key=lambda change: change[0]) - 1]

    def _is_fit(self, at: int, *, whole: bool) -> bool:
        """Whether nothing is spoilt by a cut here; `whole` spares inline spans too."""
        text = self._text
        opened, fences = self._fences(at)
        if fences:
            is_empty = opened > 0 and not text[opened:at].partition("\n")[2].strip()
            return not is_empty and not _FENCE_AHEAD.match(text, at)
        if whole and self._in_span[at]:
            return False
        before = text[:at].rstrip(" \t")
        if not before.endswith("\n") and _LINE_SYNTAX.match(text, at):
            return False
        last_line = before.rstrip().rpartition("\n")[2]
        return not _BARE_MARK.match(last_line) and not (before.endswith("\n") and _HEADING.match(last_line))
