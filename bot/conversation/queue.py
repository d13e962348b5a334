"""The turn queue: one reply at a time per conversation, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from bot.conversation.errors import QueueFullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable


class QueueTicket:
    """A place in one conversation's queue; a context manager that leaves the queue at its end."""

    def __init__(self, queue: deque[QueueTicket], on_empty: Callable[[], object]) -> None:
        self._queue = queue
        self._on_empty = on_empty
        self._moved = asyncio.Event()
        queue.append(self)

    @property
    def ahead(self) -> int:
        """How many are served first."""
        return self._queue.index(self)

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
        self._queue.remove(self)
        for ticket in self._queue:
            ticket._moved.set()  # noqa: SLF001 - its own kind
        if not self._queue:
            self._on_empty()


class TurnQueue:
    """The lines of all conversations; different ones never wait for each other."""

    def __init__(self, *, limit: int) -> None:
        """`limit` is how many questions may wait in one queue behind the one being answered."""
        self._limit = limit
        self._queues: dict[Hashable, deque[QueueTicket]] = {}

    def join(self, conversation: Hashable) -> QueueTicket:
        """Take a place at the end of a conversation's queue.

        Raises:
            QueueFullError: `limit` questions wait already.
        """
        if (length := len(self._queues.get(conversation, ()))) > self._limit:
            raise QueueFullError(waiting=length - 1)
        queue = self._queues.setdefault(conversation, deque())
        return QueueTicket(queue, lambda: self._queues.pop(conversation, None))

    def waiting(self, conversation: Hashable) -> int:
        """How many questions wait behind the one being answered."""
        return max(0, len(self._queues.get(conversation, ())) - 1)
