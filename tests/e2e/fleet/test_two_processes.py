"""Two processes on one PostgreSQL database are one bot, whichever of them is stopped, killed, or stalls."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.conversation.upkeep.leases import LEASE_S
from bot.conversation.upkeep.recovery import LOOK_S
from bot.storage.engine.opening import open_url
from playground.openrouter import Script, usage_of
from playground.processes import Bot
from tests.e2e.conftest import CURSOR
from tests.e2e.test_kill import INTERRUPTED, LONG

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playground.discord import Channel, Message
    from tests.e2e.conftest import World
    from tests.servers.postgres import Server

ONLINE_S = 60.0  # with a few seconds between the two identifies
CLOSED = "SELECT COUNT(*) FROM replies WHERE state = 'streaming'"
BOOKED = "SELECT generation_id, cost_nano_usd FROM ledger ORDER BY id"


@dataclass(slots=True)
class Fleet:
    """A bot of two processes, each with one shard and a server of its own there."""

    world: World
    url: str
    processes: list[Bot]
    channels: list[Channel]

    async def start(self, number: int) -> None:
        await self.processes[number].start()
        await self.world.discord.until(lambda: (number, 2) in self.online, ONLINE_S)

    @property
    def online(self) -> set[tuple[int, int]]:
        return {session.shard for session in self.world.discord.gateway.sessions if session.connection}

    def signal(self, number: int, what: signal.Signals) -> None:
        process = self.processes[number]._process
        assert process
        os.kill(process.pid, what)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with open_url(self.url) as database, database.read() as session:
            return await session.fetch(sql)

    async def streaming(self, number: int, *, speed: int = 20) -> Message:
        """A question whose answer has begun to show, at so many tokens a second."""
        self.world.scripts.append(Script(text=LONG, tokens_per_second=speed))
        asked = self.world.ask("talk", channel=self.channels[number])
        await self.world.discord.until(lambda: self.world.replies(asked), 30)
        return asked

    async def ended_honestly(self, asked: Message, *, timeout: float) -> Message:  # noqa: ASYNC109 - reads best
        """The last message of a reply that its process could not end."""
        *above, last = await self.world.reply(asked, timeout=timeout)
        assert last.content.endswith(INTERRUPTED)
        assert "Retry" in last.labels
        assert not [message for message in above if message.labels or CURSOR in message.content]
        return last

    async def booked_exactly(self) -> bool:
        """Whether the ledger has each call once, at what the provider charged."""
        bill = {call.id: usage_of(call)["cost"] for call in self.world.router.calls}
        booked = await self.rows(BOOKED)
        return len(booked) == len(bill) and {id_: round(cost * 1e9) for id_, cost in bill.items()} == dict(booked)


@pytest.fixture
async def fleet(world: World, postgres: Server) -> AsyncIterator[Fleet]:
    discord = world.discord
    by_shard: dict[int, Channel] = {world.guild.id >> 22 & 1: world.channel}
    while len(by_shard) < 2:
        guild = discord.add_guild("Elsewhere")
        discord.add_member(guild, world.member)
        discord.add_member(guild, world.admin, admin=True)
        by_shard.setdefault(guild.id >> 22 & 1, discord.add_channel(guild, "general"))
        await asyncio.sleep(0.001)
    url = postgres.create()
    processes = []
    for number in range(2):
        folder = world.folder / str(number)
        folder.mkdir()
        own = {"DATABASE_URL": url, "SHARD_COUNT": "2", "SHARD_IDS": str(number), "LOG_LEVEL": "debug"}
        processes.append(Bot(folder, world.settings | own))
    fleet = Fleet(world, url, processes, [by_shard[number] for number in range(2)])
    await asyncio.gather(fleet.start(0), fleet.start(1))
    yield fleet
    for number, process in enumerate(processes):
        with suppress(ProcessLookupError):
            fleet.signal(number, signal.SIGCONT)
        await process.stop()


async def test_two_processes_are_one_bot(fleet: Fleet) -> None:
    """Each answers in its own servers, once; what a person erases in one is erased in the other, at once."""
    world = fleet.world
    for channel in fleet.channels:
        await world.reply(world.ask("hello", channel=channel), "Hello.")
    assert len(world.router.calls) == 2
    running = await fleet.streaming(1, speed=80)
    confirm = await world.discord.command(world.member, fleet.channels[0], "forget", scope="me")
    (question,) = confirm.messages
    await world.discord.press(world.member, question, "Erase")
    await world.discord.until(lambda: "permanently erased" in question.content, 20)
    await world.reply(running, LONG, timeout=90)
    assert await fleet.rows("SELECT text FROM turns") == []


async def test_a_killed_process_leaves_its_replies_to_the_other(fleet: Fleet) -> None:
    """Each is ended once, honestly; Continue works there; the ledger has what the provider charged."""
    world = fleet.world
    asked = await fleet.streaming(1)
    kept = await fleet.streaming(0, speed=60)
    fleet.signal(1, signal.SIGKILL)
    last = await fleet.ended_honestly(asked, timeout=LEASE_S + LOOK_S + 30)
    assert len([message for message in world.replies(asked) if "Interrupted" in message.content]) == 1
    await world.reply(kept, LONG, timeout=90)
    await fleet.start(1)
    shown = last.content.removesuffix(INTERRUPTED)
    world.scripts.append(Script(text=" and on", tokens_per_second=0))
    await world.discord.press(world.member, last, "Continue")
    await world.discord.until(lambda: last.content == f"{shown} and on" and not last.labels, 30)
    async with asyncio.timeout(60):
        while not await fleet.booked_exactly():  # noqa: ASYNC110 - what another process stores
            await asyncio.sleep(0.5)
    assert await fleet.rows(CLOSED) == [(0,)]


async def test_a_process_that_stalls_finds_its_replies_ended_and_leaves_them(fleet: Fleet) -> None:
    """The other ends them when their lease is over; when the first goes on, it writes nothing more there."""
    world = fleet.world
    asked = await fleet.streaming(1)
    fleet.signal(1, signal.SIGSTOP)
    stopped = time.monotonic()
    await fleet.ended_honestly(asked, timeout=90)
    assert time.monotonic() - stopped < 90
    shown = [(message.id, message.content, message.labels) for message in world.replies(asked)]
    fleet.signal(1, signal.SIGCONT)
    await world.reply(world.ask("still there?", channel=fleet.channels[1]), "Hello.", timeout=60)
    after = [(message.id, message.content, message.labels) for message in world.replies(asked)]
    assert after[: len(shown)] == shown  # and then comes the next answer
    assert await fleet.rows(CLOSED) == [(0,)]
