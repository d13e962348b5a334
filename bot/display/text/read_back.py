"""Reads a reply's text back from the messages that show it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from bot.display.text.pager import CURSOR, HELD, SMALL_PRINT, Pager, without_cursor
from bot.display.text.rich.rendering import Rendering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What may have been between two messages, likeliest first: Discord strips white space at their ends.
_JOINTS = ("\n\n", "\n", " ", "")
_JOINTS_IN_CODE = ("\n", "\n\n", " ", "")
_JOINTS_IN_SENTENCE = (" ", "\n", "\n\n", "")
# A code block that was cut is closed at the end of a message and reopened in the next.
_REOPENED = re.compile(r"\A(?:[ \t>]*(?:`{3,6}|~{3,6})[^\n]*\n){1,2}")
_CLOSED = re.compile(r"(?:\n[ \t>]*(?:`{3,6}|~{3,6})){1,2}\Z")
_CLOSERS = re.compile(r"(?:[*_~|`]{1,6})\Z")  # marks that are closed for display only
# What rendering makes of something else: read back, it would be taken for what the model said.
_RENDERED = re.compile(r"[\u2500\u2502\u253c\u2610\u2611\u25a6\u2070-\u209c\u00b9\u00b2\u00b3]|`{3}")
MOST, MOST_TRIALS = 4096, 48  # readings tried, and those checked closely; each costs some milliseconds


def text_of(contents: Sequence[str], kept: str, *, rich_text: bool = False) -> str | None:
    """The text that the messages of a reply show; None if that isn't certain.

    `kept` is what memory has of it: usually the beginning, because it is stored every few seconds. The rest is
    read from the messages, and accepted only if exactly these messages would show it.
    """
    wanted = [_bare(content) for content in contents]
    if not wanted or wanted == [""]:
        return ""
    pager = _pager(rich_text=rich_text)
    pager.feed(kept)
    known = len(pager.finished)
    if [page.content for page in pager.finished] != wanted[:known] or known >= len(wanted):
        known = 0
    text = "".join(page.source for page in pager.finished[:known])
    readings = itertools.chain(_continued(pager, wanted) if rich_text else (), _candidates(text, wanted[known:]))
    candidates = list(itertools.islice(readings, MOST))
    candidates.sort(
        key=lambda candidate: not candidate.startswith(kept.rstrip())
    )  # stable: the likeliest stay first
    if rich_text:
        candidates = [text for text in candidates if not _RENDERED.search(text.removeprefix(kept.rstrip()))]
    return next((text for text in candidates[:MOST_TRIALS] if _shows(text, wanted, rich_text=rich_text)), None)


def _continued(pager: Pager, wanted: Sequence[str]) -> Iterator[str]:
    """Texts that go on from what is known, of which the messages show another form."""
    pages = pager.pages(done=False)
    if not pages or len(pages) > len(wanted):
        return
    last, shown = pages[-1], wanted[len(pages) - 1]
    known = without_cursor(last.content).removesuffix(without_cursor(last.suffix)).rstrip()
    text = "".join(page.source for page in pages)
    if not shown.startswith(known):
        return
    for reading in (_CLOSERS.sub("", shown), *_readings(shown)):
        more = reading[len(known) :]
        begun = (text.rstrip() if more[:1].isspace() else text) + more
        if len(pages) == len(wanted):
            yield begun
        else:
            for joint in _joints(shown):
                yield from _candidates(begun + joint, wanted[len(pages) :])


def _pager(*, rich_text: bool) -> Pager:
    return Pager(Rendering()) if rich_text else Pager()


def words_of(contents: Sequence[str]) -> str:
    """All words that messages show, with white space guessed: for when `text_of` isn't certain."""
    text = ""
    for content in filter(None, map(_bare, contents)):
        if _CLOSED.search(text) and _REOPENED.match(content):  # one block, cut in two for display
            text = f"{_CLOSED.sub('', text)}\n{_REOPENED.sub('', content)}"
        else:
            text += (_joints(text)[0] if text else "") + content
    # While the text grows, a fence at its end is more likely the display's than the model's.
    return _CLOSED.sub("", text) if contents and contents[-1].endswith(CURSOR.strip()) else text


def had_ended(content: str) -> bool:
    """Whether a reply's last message ends in the line that says how the reply ended."""
    last_line = content.rstrip().rpartition("\n")[2]
    return last_line.startswith(SMALL_PRINT) and not content.endswith(CURSOR)


def _bare(content: str) -> str:
    """A message without the cursor or the small print below its text."""
    if content.endswith(CURSOR.strip()):
        return "" if content.startswith(SMALL_PRINT + HELD) else without_cursor(content)
    content = content.rstrip()
    while content.rpartition("\n")[2].startswith(SMALL_PRINT):
        content = content.rpartition("\n")[0].rstrip()
    return content


def _candidates(text: str, contents: Sequence[str]) -> Iterator[str]:
    """Texts that the messages may show after the known part, likeliest first."""
    if len(contents) <= 1:
        for reading in _readings(contents[0]) if contents else ():
            yield text + reading
        return
    for reading in _readings(contents[0]):
        for joint in _joints(contents[0]):
            yield from _candidates(text + reading + joint, contents[1:])


def _joints(content: str) -> Sequence[str]:
    if _CLOSED.search(content):
        return _JOINTS_IN_CODE
    return _JOINTS_IN_SENTENCE if content[-1:].isalnum() or content[-1:] in ",;" else _JOINTS


def _readings(content: str) -> Iterator[str]:
    opened = _REOPENED.sub("", content)
    readings = dict.fromkeys((_CLOSED.sub("", opened), opened, _CLOSED.sub("", content), content))
    yield from readings
    if "||" in (content[:2], content[-2:]):  # a spoiler that was cut is closed and opened again as well
        yield from {_without_bars(reading): None for reading in (*readings, *_readings(_without_bars(content)))}


def _without_bars(content: str) -> str:
    return content.removeprefix("||").removesuffix("||").removesuffix("\u200b")


def _shows(text: str, wanted: Sequence[str], *, rich_text: bool) -> bool:
    """Whether these messages show a text, while it grows or, where it's rendered, once it has ended."""
    pager = _pager(rich_text=rich_text)
    pager.feed(text)
    growing = [_bare(page.content) for page in pager.pages(done=False)] == wanted
    return growing or (rich_text and [page.content for page in pager.pages(done=True)] == wanted)
