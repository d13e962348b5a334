"""Which shards a process has, and when they identify."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

from bot.shards import IdentifyTurns, Shards
from tests.virtual import VirtualClock, run

GUILDS = [random.Random(1).randrange(2**60) for _ in range(200)]


def test_each_server_belongs_to_one_process() -> None:
    """Whatever share each has of the shards."""
    parts = [Shards(5, (0, 3)), Shards(5, (1,)), Shards(5, (2, 4))]
    assert all(sum(part.has(guild_id) for part in parts) == 1 for guild_id in GUILDS)
    assert len({part.name for part in parts}) == 3


def test_one_process_has_every_server() -> None:
    """With one shard, with several, and with as many as Discord recommends."""
    for alone in (Shards(), Shards(1), Shards(4), Shards(2, (0, 1))):
        assert all(alone.has(guild_id) for guild_id in GUILDS)
        assert not alone.are_shared
        assert not alone.name


def test_processes_share_what_discord_allows_them_together() -> None:
    """By their shards, so that all of them never send more than one may; a single process has it all."""
    assert [Shards(5, ids).part_of(50) for ids in ((0, 3), (1,), (2, 4))] == [20, 10, 20]
    assert Shards(100, (7,)).part_of(50) == 1
    assert [alone.part_of(50) for alone in (Shards(), Shards(4), Shards(2, (0, 1)))] == [50, 50, 50]


def test_shards_identify_five_seconds_apart_over_all_processes() -> None:
    """Discord invalidates a session that begins sooner."""
    clock = VirtualClock()
    taken: list[float] = []

    async def claim() -> bool:
        """A database that all processes ask."""
        if taken and clock.monotonic() < taken[-1] + 5:
            return False
        taken.append(clock.monotonic())
        return True

    async def identify() -> list[float]:
        processes = [IdentifyTurns(clock, claim) for _ in range(3)]
        await asyncio.gather(*(process.wait(shard) for process in processes for shard in range(4)))
        return taken

    times = run(identify())
    assert len(times) == 12
    assert all(5 <= after - before <= 7 for before, after in pairwise(times))


def test_the_first_shard_of_a_process_identifies_at_once() -> None:
    """A start waits for nobody."""

    async def identify() -> float:
        clock = VirtualClock()
        began = clock.monotonic()
        await IdentifyTurns(clock).wait(0)
        return clock.monotonic() - began

    assert run(identify()) == 0
