"""Splits a reply into Discord messages while it is still being written.

The first character that no longer fits finishes a page, and where the page ends depends only on the text up to
there. So a finished page never changes, no matter what comes after it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import TYPE_CHECKING

from bot.display.text.markdown import (
    Fences,
    fences_after,
    is_joined,
    open_spoiler,
    showable,
    spans,
    track,
    utf16_length,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MESSAGE_LIMIT = 2000  # Discord: message content, characters; counted in UTF-16 code units to be safe
CURSOR = " ▌"
# Room for the cursor on a line of its own, and to close a spoiler and two fences of six in a triple quote.
RESERVE = 40
INDENT_KEPT = 200  # characters, of a code line at the start of a page; more could fill a page with nothing
SMALL_PRINT = "-# "

_INK = re.compile(r"\S")
_FENCE_LINE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\Z")
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
_WHOLE_QUOTE = re.compile(r"^[ \t]*>>> ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """One message's share of a reply.

    Attributes:
        source: the text it covers; at a joint, white space belongs to the page before.
        prefix: reopens the code block that the page before had to close.
        suffix: closes what is open, and the cursor while the reply goes on.
        content: what the message shows, within Discord's limit and with nothing for Discord to strip; characters
            that can't be sent show as U+FFFD.
    """

    source: str
    prefix: str
    suffix: str
    content: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # After an opened fence, white space is the code's indentation.
        body = self.source.rstrip() if self.prefix else self.source.strip()
        object.__setattr__(self, "content", self.prefix + showable(body) + self.suffix)


def paginate(text: str, done: bool) -> list[Page]:  # noqa: FBT001 - the contract's form
    """Split a text into messages; none if there is nothing to see.

    The sources joined are the text. Until it is `done`, the last page ends in the cursor; all others are the same
    for every longer text. Pages end at a blank line, else at the end of a line, a sentence or a word, and are at
    least half full unless that would cut a link or a span. Longer emphasis is simply cut: only code blocks and
    spoilers are closed and opened again.
    """
    pager = Pager()
    pager.feed(text)
    return pager.pages(done=done)


class Pager:
    """`paginate` for a text that comes bit by bit: finished pages are never looked at again."""

    def __init__(self) -> None:
        self.finished: list[Page] = []  # for reading only
        self._rest = ""
        self._gap: list[str] = []  # white space after the rest; a model in a loop may write a lot of it
        self._fences: Fences = ()  # open where the rest begins
        self._in_spoiler = False  # whether a spoiler is open there
        self._prefix = ""

    def feed(self, delta: str) -> None:
        """Append to the text."""
        if not delta.strip():
            self._gap.append(delta)
            return
        text, at = "".join((self._rest, *self._gap, delta)), 0
        self._gap.clear()
        while (end := self._overflow(text, at)) is not None:
            at += self._finish(text[at : end + 1])
            fences = "".join(fence.opening(text[at : at + RESERVE]) for fence in self._fences)
            self._prefix = ("||" if self._in_spoiler else "") + fences
        self._rest = text[at:]

    def pages(self, *, done: bool) -> list[Page]:
        """The whole text's pages."""
        if not self._rest:
            return []
        suffix = _closing(self._rest, fences_after(self._rest, self._fences))
        spoiler = open_spoiler(self._rest, self._fences, is_open=self._in_spoiler)
        if not done:
            ends_in_fence = suffix or _FENCE_LINE.match(self._rest.rstrip().rpartition("\n")[2])
            cursor = ("\n" if ends_in_fence else "") + CURSOR
        suffix += _covering(self._rest, spoiler) + ("" if done else cursor)
        return [*self.finished, Page("".join((self._rest, *self._gap)), self._prefix, suffix)]

    def _overflow(self, text: str, at: int) -> int | None:
        """Offset of the first character that the page beginning at `at` has no room for."""
        room = MESSAGE_LIMIT - RESERVE - len(self._prefix)
        if len(text) - at <= room // 2:
            return None
        first = _INK.search(text, at)
        if first is None:
            return None
        start = at if self._prefix else first.start()
        end = start + _fitting(text[start : start + room], room)
        beyond = _INK.search(text, end)
        return beyond.start() if beyond else None

    def _finish(self, known: str) -> int:
        """Finish a page, given its text and the character too many; return its length."""
        cut = _Cutter(known, self._fences).best()
        source = known[:cut]
        fences = fences_after(source, self._fences)
        spoiler = open_spoiler(source, self._fences, is_open=self._in_spoiler)
        suffix = _closing(source, fences) + _covering(source, spoiler)
        self.finished.append(Page(source, self._prefix, suffix))
        self._fences, self._in_spoiler = fences, spoiler is not None
        return cut


def _fitting(text: str, room: int) -> int:
    """How many characters from the start fit into so many UTF-16 code units."""
    length = len(text)
    while (excess := utf16_length(text[:length]) - room) > 0:
        length -= max(1, excess // 2)  # a character is at most two units: never one too many
    return length


def _closing(source: str, fences: Fences) -> str:
    """What closes the blocks open at the end of a page."""
    shown, suffix = source.rstrip(), ""
    for fence in reversed(fences):
        suffix += fence.closing(shown + suffix)
    return suffix


def _covering(source: str, spoiler: int | None) -> str:
    """What hides an open spoiler at the end of a page: nobody may see it just because its end has yet to come."""
    shown = source.rstrip()
    if spoiler is None or spoiler >= len(shown):
        return ""
    return ("\u200b" if shown.endswith("\\") else "") + "||"  # a backslash would take the bars' meaning away


# --- Where to cut ----------------------------------------------------------------------------------------------


class _Rank(IntEnum):
    """Kinds of joints, the best first."""

    PARAGRAPH = auto()
    LINE = auto()
    CODE_PARAGRAPH = auto()
    CODE_LINE = auto()
    SENTENCE = auto()
    WORD = auto()
    INDENTED = auto()  # Discord would strip the indentation, and a nested item become an outer one


class _Cutter:
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
        half, quarter = (start + _fitting(body, size // parts) for parts in (2, 4))
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


def without_cursor(content: str) -> str:
    """What a message shows, less the cursor that says more is to come."""
    return content.removesuffix(CURSOR.strip()).rstrip() if content.endswith(CURSOR.strip()) else content


# --- Small print -----------------------------------------------------------------------------------------------


def with_note(pages: Sequence[Page], note: str) -> list[str]:
    """The contents with lines of small print below: in the last message, or in a new one if there is no room.

    It gets a new one too if the text would draw it into a quote (`>>>` quotes all that follows) or a span.
    """
    contents = [page.content for page in pages]
    line = "\n".join(SMALL_PRINT + " ".join(each.split()) for each in note.splitlines() if each.strip())
    line = line[: _fitting(line, MESSAGE_LIMIT)]
    if contents and not _draws_in(contents[-1], line):
        joined = f"{contents[-1]}\n{line}"
        if utf16_length(joined) <= MESSAGE_LIMIT:
            return [*contents[:-1], joined]
    return [*contents, line]


def _draws_in(content: str, line: str) -> bool:
    """Whether a line below would become part of a quote, or close what a stray mark seems to open."""
    pairs = any(mark in line and content.count(mark) % 2 for mark in ("`", "*", "_", "~~", "||"))
    return pairs or bool(_WHOLE_QUOTE.search(content))
