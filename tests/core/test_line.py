"""The turn line: one at a time, in order, bounded."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.errors import LineFullError
from bot.core.line import TurnLines
from tests.virtual import run


def test_questions_are_answered_in_the_order_they_came():
    """First come, first served, one at a time."""
    log: list[str] = []

    async def question(lines: TurnLines, name: str) -> None:
        with lines.join(1, lambda ahead: log.append(f"{name} waits for {ahead}")) as ticket:
            await ticket.turn()
            log.append(f"{name} begins")
            await asyncio.sleep(1)
            log.append(f"{name} ends")

    async def main() -> None:
        lines = TurnLines(limit=5)
        await asyncio.gather(question(lines, "a"), question(lines, "b"), question(lines, "c"))

    run(main())
    assert log == [
        "a begins", "b waits for 1", "c waits for 2", "a ends", "c waits for 1",
        "b begins", "b ends", "c begins", "c ends",
    ]  # fmt: skip


def test_conversations_do_not_wait_for_each_other():
    """A question in one channel begins while another channel's is being answered."""

    async def main() -> None:
        lines = TurnLines(limit=0)
        with lines.join(1, print) as first, lines.join(2, print) as second:
            await asyncio.wait_for(asyncio.gather(first.turn(), second.turn()), 1)

    run(main())


def test_a_full_line_refuses_with_its_length():
    """Past the limit a question is refused, and leaves no trace in the line."""

    async def main() -> None:
        lines = TurnLines(limit=1)
        with lines.join(1, print), lines.join(1, lambda _: None):
            with pytest.raises(LineFullError) as caught:
                lines.join(1, print)
            assert caught.value.waiting == 1
            assert lines.waiting(1) == 1
        assert lines.waiting(1) == 0

    run(main())


def test_who_gives_up_waiting_is_passed_over():
    """A cancelled wait leaves the line, and the next moves up."""

    async def waits(lines: TurnLines) -> None:
        with lines.join(1, lambda _: None) as ticket:
            await ticket.turn()

    async def main() -> None:
        lines = TurnLines(limit=5)
        heard: list[int] = []
        with lines.join(1, print):
            second = asyncio.create_task(waits(lines))
            await asyncio.sleep(0)
            third = lines.join(1, heard.append)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        with third:
            await asyncio.wait_for(third.turn(), 1)
        assert heard == [2, 1]

    run(main())
