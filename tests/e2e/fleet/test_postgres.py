"""The whole bot on PostgreSQL, and two processes as one bot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.storage.engine.opening import open_url
from bot.storage.engine.postgres.pool import RETRY_S
from playground.openrouter import Script, usage_of
from tests.e2e.test_kill import INTERRUPTED, LONG

if TYPE_CHECKING:
    from tests.e2e.conftest import World
    from tests.servers.postgres import Server


@pytest.fixture
def url(postgres: Server, world: World) -> str:
    """The bot's database."""
    url = postgres.create()
    world.settings["DATABASE_URL"] = url
    return url


async def remembered(url: str) -> list[tuple[str, str]]:
    """Role and text of every turn, in order, once no reply is open."""
    async with open_url(url) as database, database.read() as session:
        async with asyncio.timeout(10):
            while await session.fetch("SELECT 1 FROM replies WHERE state = 'streaming'"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        return await session.fetch("SELECT role, text FROM turns ORDER BY id")


async def test_a_conversation_on_postgres_survives_a_kill(world: World, url: str) -> None:
    """Asked, remembered, killed in mid-answer, ended honestly by the next start, and continued."""
    await world.start()
    await world.reply(world.ask("hello"), "Hello.")
    world.scripts.append(Script(text=LONG, tokens_per_second=80))
    asked = world.ask("talk")
    await world.discord.until(lambda: len(world.replies(asked)) == 2, 30)
    await world.stop(9)
    await world.start()
    *above, last = await world.reply(asked)
    assert last.content.endswith(INTERRUPTED)
    shown = " ".join([*(message.content for message in above), last.content.removesuffix(INTERRUPTED)])
    turns = await remembered(url)
    assert [role for role, _ in turns] == ["user", "assistant"] * 2
    assert turns[-1][1].split() == shown.split()
    world.scripts.append(Script(text=LONG[len(shown) :], tokens_per_second=0))
    await world.discord.press(world.member, last, "Continue")
    await world.reply(asked, LONG, timeout=60)


async def test_a_server_that_goes_away_and_comes_back_loses_no_money(
    world: World, url: str, postgres: Server
) -> None:
    """Meanwhile answers arrive and say that they aren't saved; afterwards what they cost is booked exactly."""
    await world.start()
    await world.reply(world.ask("hello"), "Hello.")
    postgres.stop()
    try:
        *_, last = await world.reply(world.ask("and now?"))
        assert "couldn't save" in last.content
    finally:
        postgres.start()
    await asyncio.sleep(2 * RETRY_S)
    await world.reply(world.ask("again?", channel=world.other), "Hello.", timeout=60)
    bill = sorted(round(usage_of(call)["cost"] * 1e9) for call in world.router.calls)
    async with open_url(url) as database, asyncio.timeout(30):
        while True:
            async with database.read() as session:
                booked = [nano for (nano,) in await session.fetch("SELECT cost_nano_usd FROM ledger ORDER BY 1")]
            if len(booked) == len(bill):
                break
            await asyncio.sleep(0.5)
    assert booked == bill
