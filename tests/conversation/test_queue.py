"""The turn queue: one at a time, in order, bounded."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.conversation.errors import QueueFullError
from bot.conversation.queue import QueueTicket, TurnQueue
from tests.virtual import run

PEOPLE = itertools.count(1000)  # somebody else each time


async def turn(ticket: QueueTicket) -> list[int]:
    """Wait for the turn; returns what was said on the way."""
    return [ahead async for ahead in ticket.moves(patience_s=0.1)]


def test_questions_are_answered_in_the_order_they_came():
    """First come, first served, one at a time; who waits hears of every move."""
    log: list[str] = []

    async def question(queue: TurnQueue, name: str) -> None:
        with queue.join(1, who=next(PEOPLE)) as ticket:
            log.extend([f"{name} waits for {ahead}" async for ahead in ticket.moves(patience_s=0.1)])
            log.append(f"{name} begins")
            await asyncio.sleep(1)
            log.append(f"{name} ends")

    async def main() -> None:
        queue = TurnQueue(limit=5, per_person=3)
        await asyncio.gather(question(queue, "a"), question(queue, "b"), question(queue, "c"))

    run(main())
    assert log == [
        "a begins", "a ends", "b waits for 1", "b begins", "b ends", "c waits for 2", "c waits for 1",
        "c begins", "c ends",
    ]  # fmt: skip # many to a line


def test_a_short_wait_is_not_mentioned():
    """Who is served within the patience hears nothing."""

    async def main() -> None:
        queue = TurnQueue(limit=5, per_person=3)
        with queue.join(1, who=next(PEOPLE)):
            second = queue.join(1, who=next(PEOPLE))
            waiting = asyncio.create_task(turn(second))
            await asyncio.sleep(0.05)
        with second:
            assert await waiting == []

    run(main())


def test_conversations_do_not_wait_for_each_other():
    """A question in one channel begins while another channel's is being answered."""

    async def main() -> None:
        queue = TurnQueue(limit=0, per_person=3)
        with queue.join(1, who=next(PEOPLE)) as first, queue.join(2, who=9) as second:
            await asyncio.wait_for(asyncio.gather(turn(first), turn(second)), 1)

    run(main())


def test_a_full_queue_refuses_with_its_length():
    """Past the limit a question is refused, and leaves no trace in the queue."""

    async def main() -> None:
        queue = TurnQueue(limit=1, per_person=3)
        with queue.join(1, who=next(PEOPLE)), queue.join(1, who=next(PEOPLE)):
            with pytest.raises(QueueFullError) as caught:
                queue.join(1, who=next(PEOPLE))
            assert caught.value.waiting == 1
            assert queue.waiting(1) == 1
        assert queue.waiting(1) == 0

    run(main())


def test_who_gives_up_waiting_is_passed_over():
    """A cancelled wait leaves the queue, and the next moves up."""

    async def waits(queue: TurnQueue) -> None:
        with queue.join(1, who=next(PEOPLE)) as ticket:
            await turn(ticket)

    async def main() -> None:
        queue = TurnQueue(limit=5, per_person=3)
        with queue.join(1, who=next(PEOPLE)):
            second = asyncio.create_task(waits(queue))
            await asyncio.sleep(0)
            with queue.join(1, who=next(PEOPLE)) as third:
                waiting = asyncio.create_task(turn(third))
                await asyncio.sleep(1)
                second.cancel()
                await asyncio.sleep(1)
                waiting.cancel()
                assert third.ahead == 1

    run(main())


def test_people_take_turns():
    """The next person is served after the first question of somebody who asks many at once."""
    served: list[str] = []

    async def question(queue: TurnQueue, who: int, name: str) -> None:
        with queue.join(1, who=who) as ticket:
            await turn(ticket)
            served.append(name)
            await asyncio.sleep(1)

    async def main() -> None:
        queue = TurnQueue(limit=10, per_person=3)
        flood = [asyncio.create_task(question(queue, 1, f"flood {number}")) for number in range(4)]
        await asyncio.sleep(0.5)
        others = [asyncio.create_task(question(queue, who, f"person {who}")) for who in (2, 3)]
        await asyncio.gather(*flood, *others)

    run(main())
    assert served == ["flood 0", "person 2", "person 3", "flood 1", "flood 2", "flood 3"]


def test_one_person_does_not_fill_the_queue():
    """Past their own share they are refused; others still find a place."""

    async def main() -> None:
        queue = TurnQueue(limit=5, per_person=2)
        with queue.join(1, who=1), queue.join(1, who=1), queue.join(1, who=1):
            with pytest.raises(QueueFullError) as caught:
                queue.join(1, who=1)
            assert (caught.value.waiting, caught.value.is_own) == (2, True)
            with queue.join(1, who=2) as other:
                assert other.ahead == 1

    run(main())
