"""What goes by itself after a while, in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.conversation.upkeep.erasure import DAY_S, FIRST_SWEEP_S, SWEEP_S, Reason, Retention, RetentionSweeper
from bot.core.errors import StorageError
from tests.virtual import EPOCH, VirtualClock, run


class Memory:
    """An `Erasure` that notes what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.left: list[int] = []
        self.broken = False

    async def purge(self, before: int, *, now: int) -> int:
        self.calls.append(("purge", now - before))
        if self.broken:
            raise StorageError("the disk is full")
        return 3

    async def purge_thinking(self, before: int) -> int:
        self.calls.append(("purge thinking", int(EPOCH) - before))
        return 3

    async def note_guilds(self, present: set[int], *, now: int, here: object) -> None:  # noqa: ARG002 - the port's
        self.calls.append(("present", present))

    async def departed(self, before: int) -> list[int]:
        return self.left if before < EPOCH else []

    async def forget_guild(self, guild_id: int, *, reason: Reason, by: int | None, now: int) -> int:  # noqa: ARG002 - the port's
        self.calls.append(("forget", guild_id, reason))
        return 5


def sweep(memory: Memory, guilds: set[int] | None, **retention: Any) -> list[tuple[Any, ...]]:
    run(RetentionSweeper(memory, Retention(**retention), VirtualClock()).sweep(guilds))
    return memory.calls


def test_what_is_older_than_the_retention_goes():
    """Counted in days; without a limit nothing does."""
    assert sweep(Memory(), None, days=30) == [("purge", 30 * DAY_S)]
    assert sweep(Memory(), None, thinking_days=7) == [("purge thinking", 7 * DAY_S)]
    assert sweep(Memory(), None) == []


def test_servers_the_bot_has_left_go_after_their_grace():
    """As far as the bot knows which servers it is in."""
    memory = Memory()
    memory.left = [7]
    assert sweep(memory, {1, 2}) == [("present", {1, 2}), ("forget", 7, Reason.DEPARTURE)]
    assert sweep(Memory(), None) == []


def test_it_sweeps_every_hour_also_after_a_failure(caplog: Any):
    """A full disk is no reason to stop looking."""

    async def main() -> None:
        memory = Memory()
        memory.broken = True
        sweeper = RetentionSweeper(memory, Retention(days=1), VirtualClock())
        task = asyncio.create_task(sweeper.run(lambda: None))
        await asyncio.sleep(FIRST_SWEEP_S + 2.5 * SWEEP_S)
        task.cancel()
        assert len(memory.calls) == 3

    run(main())
    assert "the disk is full" in caplog.text
