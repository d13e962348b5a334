"""Whether what a channel shows is what the model said, to the last character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SMALL_PRINT = "-# "
OPENING = re.compile(r"\A\s*(`{3,}|~{3,})[^\n]*\n")
CLOSING = re.compile(r"\n\s*(`{3,}|~{3,})\s*\Z")


def shows(messages: Sequence[str], text: str, *, whole: bool = True) -> bool:
    """Whether messages, read one after the other, say `text`; or its beginning, without `whole`.

    White space is free where one message ends and the next begins (Discord strips it there), and so is the code
    fence that closes a block at a cut and opens it again. Small print at a message's end says nothing.
    """
    return _matches(list(messages), text, 0, whole=whole)


def _matches(messages: list[str], text: str, position: int, *, whole: bool) -> bool:
    position = _skip_space(text, position)
    if not messages:
        return position == len(text) or not whole
    return any(
        text.startswith(reading, position) and _matches(messages[1:], text, position + len(reading), whole=whole)
        for reading in dict.fromkeys(_readings(messages[0]))
    )


def _readings(message: str) -> Iterator[str]:
    """A message as it is, then without what the bot may have added to it."""
    for body in (message, _without_small_print(message)):
        for opened in (body, OPENING.sub("", body)):
            for closed in (opened, CLOSING.sub("", opened)):
                yield closed.strip()


def _without_small_print(message: str) -> str:
    lines = message.rstrip().split("\n")
    return "\n".join(lines[:-1]) if lines[-1].startswith(SMALL_PRINT) else message


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def has_small_print(message: str) -> bool:
    """Whether a message ends in the line that says how its reply ended."""
    return message.rstrip().split("\n")[-1].startswith(SMALL_PRINT)


def staleness(sent: Sequence[tuple[float, int]], shown: Sequence[tuple[float, int]], step: float = 0.01) -> float:
    """The mean age, in seconds, of the oldest piece of text sent and not on show, while there was any.

    Both sequences are (time, how many characters by then), in order; time is taken in steps of `step` seconds.
    """
    ages, now, end = [], sent[0][0], shown[-1][0]
    while now < end:
        visible = max((count for at, count in shown if at <= now), default=0)
        waiting = next((at for at, count in sent if count > visible), None)
        ages.append(now - waiting if waiting is not None and waiting <= now else 0.0)
        now += step
    return sum(ages) / len(ages) if ages else 0.0
