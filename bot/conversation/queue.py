"""One reply at a time in each conversation, in turn between the people who ask."""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from bot.conversation.errors import QueueFullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable


class QueueTicket:
    """A place in one conversation's queue; a context manager that leaves the queue at its end."""

    def __init__(self, queue: ConversationQueue, who: int, order: tuple[int, int]) -> None:
        self.who = who
        self.order = order
        self.moved = asyncio.Event()  # somebody left or joined ahead
        self._queue = queue

    @property
    def ahead(self) -> int:
        """How many are served first."""
        return self._queue.tickets.index(self)

    async def moves(self, *, patience_s: float) -> AsyncIterator[int]:
        """Wait until nobody is ahead; yields how many are, after `patience_s` and at each change."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._until(lambda ahead: ahead == 0)
        while ahead := self.ahead:
            yield ahead
            await self._until(ahead.__ne__)

    async def _until(self, is_enough: Callable[[int], bool]) -> None:
        while not is_enough(self.ahead):
            self.moved.clear()
            await self.moved.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.leave(self)


class ConversationQueue:
    """The queue of one conversation: start-time fair queueing between people.

    Somebody's second question belongs to the round after their first, and so on; within a round it's first come,
    first served. So the next person is served after the first question of somebody who asks many at once.
    """

    def __init__(self) -> None:
        self.tickets: list[QueueTicket] = []  # the first is being answered
        self._rounds: dict[int, int] = {}  # by person: the round of their newest ticket
        self._numbers = itertools.count()

    def join(self, who: int) -> QueueTicket:
        """Take the next place of somebody's; it may be ahead of others' later rounds."""
        current = self.tickets[0].order[0] if self.tickets else 0
        round_ = max(current, self._rounds.get(who, -1) + 1)
        self._rounds[who] = round_
        ticket = QueueTicket(self, who, (round_, next(self._numbers)))
        insort(self.tickets, ticket, lo=min(1, len(self.tickets)), key=lambda each: each.order)
        self._tell()
        return ticket

    def leave(self, ticket: QueueTicket) -> None:
        self.tickets.remove(ticket)
        self._tell()

    def _tell(self) -> None:
        for ticket in self.tickets:
            ticket.moved.set()


class TurnQueue:
    """The queues of all conversations; different ones never wait for each other."""

    def __init__(self, *, limit: int, per_person: int) -> None:
        """How many questions may wait in a conversation behind the one being answered: in all, of one person."""
        self._limit = limit
        self._per_person = per_person
        self._queues: dict[Hashable, ConversationQueue] = {}

    def join(self, conversation: Hashable, *, who: int) -> QueueTicket:
        """Take a place in a conversation's queue.

        Raises:
            QueueFullError: too many questions wait already.
        """
        queue = self._queues.get(conversation)
        if queue is None or not queue.tickets:
            queue = self._queues[conversation] = ConversationQueue()
            self._queues = {key: each for key, each in self._queues.items() if each is queue or each.tickets}
        waiting = queue.tickets[1:]
        if (own := sum(ticket.who == who for ticket in waiting)) >= self._per_person:
            raise QueueFullError(waiting=own, is_own=True)
        if queue.tickets and len(waiting) >= self._limit:
            raise QueueFullError(waiting=len(waiting))
        return queue.join(who)

    def waiting(self, conversation: Hashable) -> int:
        """How many questions wait behind the one being answered."""
        queue = self._queues.get(conversation)
        return max(0, len(queue.tickets) - 1) if queue else 0

    @property
    def length(self) -> int:
        """How many questions wait in all queues together."""
        return sum(max(0, len(queue.tickets) - 1) for queue in self._queues.values())
