"""Connections that are open but deaf, on the playground's gateway."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord
import pytest
import yarl

from bot.connection import Gateway
from bot.core.clock import SystemClock
from bot.core.telemetry.meter import DEAF, Metric
from bot.monitoring.hearing import Hearing, Patience
from playground.discord import Discord
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

QUICK = Patience(look=0.02, quiet=0.2, answer=0.2)


class Tally:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.counted: list[Metric] = []

    def count(self, metric: Metric, amount: float = 1, **_labels: str) -> None:  # noqa: ARG002 - the port's
        self.counted.append(metric)

    def observe(self, metric: Metric, seconds: float, **labels: str) -> None:
        pass


class Listener(discord.Client):
    """Hears what is said."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), max_messages=None, guild_ready_timeout=0.1)
        self.heard: asyncio.Queue[int] = asyncio.Queue()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait(message.id)


async def no_turn(_shard: int) -> None:
    pass


@asynccontextmanager
async def connected(
    world: Discord, monkeypatch: pytest.MonkeyPatch, patience: Patience = QUICK
) -> AsyncIterator[tuple[Listener, Tally]]:
    """A client on the playground, whose connection is looked after."""
    await world.start()
    monkeypatch.setattr(discord.http.Route, "BASE", world.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(world.gateway_url))
    client, clock, tally = Listener(), SystemClock(), Tally()
    gateway = Gateway(client, clock, random.Random(1), turn=no_turn)

    def member_of(_shard: int) -> tuple[int, int] | None:
        return (client.guilds[0].id, client.user.id) if client.guilds else None

    hearing = Hearing(gateway.sockets, member_of, clock, meter=tally, patience=patience)
    await client.login(world.token)
    tasks = [asyncio.create_task(gateway.run([0])), asyncio.create_task(hearing.run())]
    try:
        await asyncio.wait_for(client.wait_until_ready(), 20)
        yield client, tally
    finally:
        for task in tasks:
            task.cancel()
        await world.close()  # first, so that nobody waits for its goodbyes
        await gateway.close()
        await client.close()


def harbour() -> Discord:
    world = Discord(latency=0.001)
    world.add_channel(world.add_guild("Harbour"), "general")
    return world


async def test_a_deaf_connection_is_made_again_and_brings_what_was_missed(monkeypatch: pytest.MonkeyPatch):
    """Heartbeats go on, so nothing else notices; the session is resumed, with every message once."""
    world = harbour()
    async with connected(world, monkeypatch) as (client, tally):
        channel = next(iter(world.world.channels.values()))
        person = world.add_user("mem")
        world.add_member(next(iter(world.world.guilds.values())), person)
        world.trouble.deafen_gateway()
        missed = world.say(person, channel, "are you there?")
        assert await asyncio.wait_for(client.heard.get(), 10) == missed.id
        then = world.say(person, channel, "and now?")
        assert await asyncio.wait_for(client.heard.get(), 10) == then.id
        assert tally.counted == [DEAF]
        assert (world.gateway.identifies, world.gateway.resumes) == (1, 1)


async def test_a_session_that_stays_deaf_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """Resuming it would bring the same again."""
    world = harbour()
    async with connected(world, monkeypatch):
        world.trouble.deafen_gateway()
        await world.until(lambda: world.gateway.resumes == 1, 10)
        world.trouble.deafen_gateway()
        await world.until(lambda: world.gateway.identifies == 2, 30)
        assert world.gateway.resumes == 1


async def test_a_quiet_night_costs_a_question_now_and_then(monkeypatch: pytest.MonkeyPatch):
    """Nobody writes, the connection answers, and nothing is made again."""
    world = harbour()
    async with connected(world, monkeypatch) as (_client, tally):
        before = world.gateway.sessions[0].sequence
        await world.until(lambda: True)
        await asyncio.sleep(1)
        assert world.gateway.sessions[0].sequence > before
        assert not tally.counted
        assert world.gateway.identifies == 1


class Silent:
    """A connection that answers nothing."""

    def __init__(self) -> None:
        self.open, self.sequence, self.session_id, self.asked, self.closed = True, 7, "session", 0, []

    async def request_chunks(self, *_: object, **__: object) -> None:
        self.asked += 1

    async def close(self, code: int) -> None:
        self.open = False
        self.closed.append((asyncio.get_running_loop().time(), code))


@pytest.mark.parametrize(("member", "asked", "soonest"), [((1, 2), 1, 150), (None, 0, 1800)])
def test_a_silent_connection_is_closed_in_its_time(member: tuple[int, int] | None, asked: int, soonest: float):
    """After two and a half minutes; where the bot is in no server, so that nothing can be asked, after 30."""
    socket = Silent()

    async def main() -> None:
        hearing = Hearing({0: socket}, lambda _: member, VirtualClock(), meter=Tally())
        watching = asyncio.create_task(hearing.run())
        await asyncio.sleep(3600)
        watching.cancel()

    run(main())
    ((at, code),) = socket.closed
    assert soonest <= at <= soonest + 60
    assert code == 4000
    assert socket.asked == asked
