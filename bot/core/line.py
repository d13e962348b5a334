"""The turn line: one reply at a time per conversation, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from bot.core.errors import LineFullError

if TYPE_CHECKING:
    from collections.abc import Callable


class Ticket:
    """A place in one conversation's line; a context manager that leaves the line at its end."""

    def __init__(
        self, line: deque[Ticket], on_ahead: Callable[[int], None], on_empty: Callable[[], object]
    ) -> None:
        self._line = line
        self._on_ahead = on_ahead
        self._on_empty = on_empty
        self._first = asyncio.Event()
        line.append(self)
        self._look()

    async def turn(self) -> None:
        """Wait until nobody is ahead."""
        await self._first.wait()

    def _look(self) -> None:
        ahead = self._line.index(self)
        if ahead:
            self._on_ahead(ahead)
        else:
            self._first.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.remove(self)
        for ticket in self._line:
            ticket._look()  # noqa: SLF001 - its own kind
        if not self._line:
            self._on_empty()


class TurnLines:
    """The lines of all conversations; different ones never wait for each other."""

    def __init__(self, *, limit: int) -> None:
        """`limit` is how many questions may wait in one line behind the one being answered."""
        self._limit = limit
        self._lines: dict[int, deque[Ticket]] = {}

    def join(self, conversation: int, on_ahead: Callable[[int], None]) -> Ticket:
        """Take a place; `on_ahead` is told how many are ahead, now and at each change, but not of zero.

        Raises:
            LineFullError: `limit` questions wait already.
        """
        line = self._lines.setdefault(conversation, deque())
        if len(line) > self._limit:
            raise LineFullError(waiting=len(line) - 1)
        return Ticket(line, on_ahead, lambda: self._lines.pop(conversation, None))

    def waiting(self, conversation: int) -> int:
        """How many questions wait behind the one being answered."""
        return max(0, len(self._lines.get(conversation, ())) - 1)
