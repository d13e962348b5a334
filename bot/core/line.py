"""The turn line: one reply at a time per conversation, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from bot.core.errors import LineFullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable


class Ticket:
    """A place in one conversation's line; a context manager that leaves the line at its end."""

    def __init__(self, line: deque[Ticket], on_empty: Callable[[], object]) -> None:
        self._line = line
        self._on_empty = on_empty
        self._moved = asyncio.Event()
        line.append(self)

    @property
    def ahead(self) -> int:
        """How many are served first."""
        return self._line.index(self)

    async def moves(self, *, patience_s: float) -> AsyncIterator[int]:
        """Wait until nobody is ahead; yields how many are, after `patience_s` and at each change."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._until(0)
        while self.ahead:
            ahead = self.ahead
            yield ahead
            await self._until(ahead - 1)

    async def _until(self, ahead: int) -> None:
        while self.ahead > ahead:
            self._moved.clear()
            await self._moved.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.remove(self)
        for ticket in self._line:
            ticket._moved.set()  # noqa: SLF001 - its own kind
        if not self._line:
            self._on_empty()


class TurnLines:
    """The lines of all conversations; different ones never wait for each other."""

    def __init__(self, *, limit: int) -> None:
        """`limit` is how many questions may wait in one line behind the one being answered."""
        self._limit = limit
        self._lines: dict[Hashable, deque[Ticket]] = {}

    def join(self, conversation: Hashable) -> Ticket:
        """Take a place at the end of a conversation's line.

        Raises:
            LineFullError: `limit` questions wait already.
        """
        if (length := len(self._lines.get(conversation, ()))) > self._limit:
            raise LineFullError(waiting=length - 1)
        line = self._lines.setdefault(conversation, deque())
        return Ticket(line, lambda: self._lines.pop(conversation, None))

    def waiting(self, conversation: Hashable) -> int:
        """How many questions wait behind the one being answered."""
        return max(0, len(self._lines.get(conversation, ())) - 1)
