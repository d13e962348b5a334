"""Splits a reply into Discord messages while it is still being written.

The first character that no longer fits finishes a page, and where the page ends depends only on the text up to
there. So a finished page never changes, no matter what comes after it.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.display.text.cutter import Cutter, fitting
from bot.display.text.markdown import Fences, fences_after, open_spoiler, showable, utf16_length
from bot.display.text.marks import LASTING, SPOILER, OpenMarks, closing, open_marks, reopened

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from bot.display.text.rich.rendering import Rendering

MESSAGE_LIMIT = 2000  # Discord: message content, characters; counted in UTF-16 code units to be safe
CURSOR = " ▌"
# Room for the cursor on a line of its own, and to close a spoiler and two fences of six in a triple quote.
RESERVE = 40
RICH_RESERVE = 120  # also to close inline marks, and to say that a table is on its way
HELD = "▦ "  # begins the line that says so
SMALL_PRINT = "-# "

_INK = re.compile(r"\S")
_FENCE_LINE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\Z")
_WHOLE_QUOTE = re.compile(r"^[ \t]*>>> ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """One message's share of a reply.

    Attributes:
        source: the text it covers, as the model said it; at a joint, white space belongs to the page before.
        prefix: reopens what the page before had to close.
        suffix: closes what is open, and the cursor while the reply goes on.
        rendered: how the text is shown, where that differs from how it was said.
        content: what the message shows, within Discord's limit and with nothing for Discord to strip; characters
            that can't be sent show as U+FFFD.
    """

    source: str
    prefix: str
    suffix: str
    rendered: str | None = None
    content: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body = self.source if self.rendered is None else self.rendered
        # After an opened fence, white space is the code's indentation.
        body = body.rstrip() if self.prefix else body.strip()
        object.__setattr__(self, "content", (self.prefix + showable(body) + self.suffix).lstrip("\n"))


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

    def __init__(self, rendering: Rendering | None = None, rows_held: Callable[[int], str] = str) -> None:
        """`rendering` is how the text is shown; None shows it as it's said.

        `rows_held` is what to say of so many rows of a table that can't be shown yet.
        """
        self._rendering = rendering
        self._rows_held = rows_held
        self._reserve = RICH_RESERVE if rendering else RESERVE
        self._fresh: list[str] = []  # not looked at yet
        self._finished: list[Page] = []
        self._rest = ""
        self._gap: list[str] = []  # white space after the rest; a model in a loop may write a lot of it
        self._fences: Fences = ()  # open where the rest begins
        self._open: list[str] = []  # inline marks that are open there; without rendering, a spoiler at most
        self._prefix = ""

    @property
    def is_rendered(self) -> bool:
        """Whether the text is shown in another form than it's said in."""
        return self._rendering is not None

    def feed(self, delta: str) -> None:
        """Append to the text; it's looked at when somebody asks for pages."""
        self._fresh.append(delta)

    @property
    def finished(self) -> list[Page]:
        """The pages that no longer change; for reading only."""
        self._take_in()
        return self._finished

    def pages(self, *, done: bool) -> list[Page]:
        """The whole text's pages."""
        self._take_in()
        return self._ended().all_pages(done=True) if done and self._rendering else self.all_pages(done=done)

    def all_pages(self, *, done: bool) -> list[Page]:
        """The pages of what can be shown by now."""
        held = None if done or self._rendering is None else self._rendering.rows_held
        if not self._rest and held is None:
            return self._unshowable() if done else []
        suffix = _closing(self._rest, fences_after(self._rest, self._fences))
        ends_in_fence = suffix or _FENCE_LINE.match(self._rest.rstrip().rpartition("\n")[2])
        suffix += _marks_closing(self._rest, suffix, self._marks(self._rest), only=LASTING if done else None)
        if held is not None:
            suffix += f"\n{SMALL_PRINT}{HELD}{self._rows_held(held)}{CURSOR}"
        elif not done:
            suffix += ("\n" if ends_in_fence else "") + CURSOR
        shown = "".join((self._rest, *self._gap))
        said = None if self._rendering is None else self._rendering.said()
        return [*self._finished, self._page(shown, said, suffix)]

    def _page(self, shown: str, said: str | None, suffix: str) -> Page:
        return Page(shown, self._prefix, suffix) if said is None else Page(said, self._prefix, suffix, shown)

    def _take_in(self) -> None:
        if self._fresh:
            text = "".join(self._fresh)
            self._fresh.clear()
            self._extend(self._rendering.feed(text) if self._rendering else text)

    def _extend(self, more: str) -> None:
        if not more.strip():
            self._gap.append(more)
            return
        text, at = "".join((self._rest, *self._gap, more)), 0
        self._gap.clear()
        while (end := self._overflow(text, at)) is not None:
            at += self._finish(text[at : end + 1])
            fences = "".join(fence.opening(text[at : at + RESERVE]) for fence in self._fences)
            self._prefix = "".join(self._open) + fences
        self._rest = text[at:]

    def _ended(self) -> Pager:
        """Another one at the same point, where the text has ended."""
        other = copy(self)
        other.end()
        return other

    def end(self) -> None:
        """Take in what rendering kept to itself, in fresh lists, because the pager may be a copy."""
        self._finished, self._gap = [*self._finished], [*self._gap]
        if self._rendering:
            self._rendering = self._rendering.copy()
            self._extend(self._rendering.end())

    def _unshowable(self) -> list[Page]:
        """A text that rendering leaves nothing of is shown as it was said."""
        said = self._rendering.said() if self._rendering else ""
        return paginate(said, done=True) if said.strip() and not self._finished else self._finished

    def _overflow(self, text: str, at: int) -> int | None:
        """Offset of the first character that the page beginning at `at` has no room for."""
        room = MESSAGE_LIMIT - self._reserve - len(self._prefix)
        if len(text) - at <= room // 2:
            return None
        first = _INK.search(text, at)
        if first is None:
            return None
        start = at if self._prefix else first.start()
        end = start + fitting(text[start : start + room], room)
        beyond = _INK.search(text, end)
        return beyond.start() if beyond else None

    def _finish(self, known: str) -> int:
        """Finish a page, given its text and the character too many; return its length."""
        cut = Cutter(known, self._fences).best()
        source = known[:cut]
        fences = fences_after(source, self._fences)
        marks = self._marks(source)
        suffix = _closing(source, fences)
        suffix += _marks_closing(source, suffix, marks)
        said = None if self._rendering is None else self._rendering.take(cut)
        self._finished.append(self._page(source, said, suffix))
        self._fences, self._open = fences, reopened(source, known[cut:], [mark for _, mark in marks])
        return cut

    def _marks(self, text: str) -> OpenMarks:
        """The inline marks open at the end of a text; without rendering, only a spoiler counts."""
        if self._rendering is not None:
            return open_marks(text.rstrip(), self._fences, self._open)
        spoiler = open_spoiler(text, self._fences, is_open=SPOILER in self._open)
        return [] if spoiler is None else [(spoiler, SPOILER)]


def _closing(source: str, fences: Fences) -> str:
    """What closes the blocks open at the end of a page."""
    shown, suffix = source.rstrip(), ""
    for fence in reversed(fences):
        suffix += fence.closing(shown + suffix)
    return suffix


def _marks_closing(text: str, suffix: str, marks: OpenMarks, *, only: Container[str] | None = None) -> str:
    """What closes the marks that hide or style something at the end of a text, before its cursor.

    Nobody may see what a spoiler hides just because its end has yet to come.
    """
    shown = text.rstrip()
    return closing(shown + suffix, [mark for at, mark in marks if at < len(shown) and (not only or mark in only)])


def without_cursor(content: str) -> str:
    """What a message shows, less the cursor that says more is to come."""
    if not content.endswith(CURSOR.strip()):
        return content
    above, _, last_line = content.rpartition("\n")
    if above and last_line.startswith(SMALL_PRINT + HELD):
        return above.rstrip()
    return content.removesuffix(CURSOR.strip()).rstrip()


# --- Small print -----------------------------------------------------------------------------------------------


def with_note(pages: Sequence[Page], note: str) -> list[str]:
    """The contents with lines of small print below: in the last message, or in a new one if there is no room.

    It gets a new one too if the text would draw it into a quote (`>>>` quotes all that follows) or a span.
    """
    contents = [page.content for page in pages]
    line = "\n".join(SMALL_PRINT + " ".join(each.split()) for each in note.splitlines() if each.strip())
    line = line[: fitting(line, MESSAGE_LIMIT)]
    if contents and not _draws_in(contents[-1], line):
        joined = f"{contents[-1]}\n{line}"
        if utf16_length(joined) <= MESSAGE_LIMIT:
            return [*contents[:-1], joined]
    return [*contents, line]


def _draws_in(content: str, line: str) -> bool:
    """Whether a line below would become part of a quote, or close what a stray mark seems to open."""
    pairs = any(mark in line and content.count(mark) % 2 for mark in ("`", "*", "_", "~~", "||"))
    return pairs or bool(_WHOLE_QUOTE.search(content))
