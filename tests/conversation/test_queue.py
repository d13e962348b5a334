"""The turn line: one at a time, in order, bounded."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import QueueFullError
from bot.conversation.queue import QueueTicket, TurnQueue
from tests.virtual import run


async def turn(ticket: QueueTicket) -> list[int]:
    """Wait for the turn; returns what was said on the way."""
    return [ahead async for ahead in ticket.moves(patience_s=0.1)]


def test_questions_are_answered_in_the_order_they_came():
    """First come, first served, one at a time; who waits hears of every move."""
    log: list[str] = []

    async def question(queue: TurnQueue, name: str) -> None:
        with queue.join(1) as ticket:
            log.extend([f"{name} waits for {ahead}" async for ahead in ticket.moves(patience_s=0.1)])
            log.append(f"{name} begins")
            await asyncio.sleep(1)
            log.append(f"{name} ends")

    async def main() -> None:
        queue = TurnQueue(limit=5)
        await asyncio.gather(question(queue, "a"), question(queue, "b"), question(queue, "c"))

    run(main())
    assert log == [
        "a begins", "a ends", "b waits for 1", "b begins", "b ends", "c waits for 2", "c waits for 1",
        "c begins", "c ends",
    ]  # fmt: skip


def test_a_short_wait_is_not_mentioned():
    """Who is served within the patience hears nothing."""

    async def main() -> None:
        queue = TurnQueue(limit=5)
        with queue.join(1):
            second = queue.join(1)
            waiting = asyncio.create_task(turn(second))
            await asyncio.sleep(0.05)
        with second:
            assert await waiting == []

    run(main())


def test_conversations_do_not_wait_for_each_other():
    """A question in one channel begins while another channel's is being answered."""

    async def main() -> None:
        queue = TurnQueue(limit=0)
        with queue.join(1) as first, queue.join(2) as second:
            await asyncio.wait_for(asyncio.gather(turn(first), turn(second)), 1)

    run(main())


def test_a_full_line_refuses_with_its_length():
    """Past the limit a question is refused, and leaves no trace in the line."""

    async def main() -> None:
        queue = TurnQueue(limit=1)
        with queue.join(1), queue.join(1):
            with pytest.raises(QueueFullError) as caught:
                queue.join(1)
            assert caught.value.waiting == 1
            assert queue.waiting(1) == 1
        assert queue.waiting(1) == 0

    run(main())


def test_who_gives_up_waiting_is_passed_over():
    """A cancelled wait leaves the line, and the next moves up."""

    async def waits(queue: TurnQueue) -> None:
        with queue.join(1) as ticket:
            await turn(ticket)

    async def main() -> None:
        queue = TurnQueue(limit=5)
        with queue.join(1):
            second = asyncio.create_task(waits(queue))
            await asyncio.sleep(0)
            with queue.join(1) as third:
                waiting = asyncio.create_task(turn(third))
                await asyncio.sleep(1)
                second.cancel()
                await asyncio.sleep(1)
                waiting.cancel()
                assert third.ahead == 1

    run(main())
