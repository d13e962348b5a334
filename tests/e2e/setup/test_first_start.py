"""The first minute after the set-up: what the log says at the start, and the hello in a new server."""

from __future__ import annotations

import pytest

from bot.ui.texts import help as texts
from playground.discord import Permission
from tests.e2e.conftest import World

EVERYTHING = "https://discord.com/oauth2/authorize?client_id={}&scope=bot&permissions=377957239872"


def link(world: World, *, without: int = 0) -> str:
    permissions = 377957239872 & ~without
    return f"https://discord.com/oauth2/authorize?client_id={world.discord.application_id}&scope=bot&permissions={permissions}"


async def test_the_first_lines_say_what_holds(world: World):
    """Version, database, intent, limits, servers, model with its price, the invite link, and where to look."""
    await world.start(BUDGET_USD_PER_MONTH="10")
    await world.reply(world.ask("hello"))
    for line in (
        "bot: Headwater ",
        f"database: {world.database}",
        "message content intent: off",
        "limits: 250 answers at once, 3 of one person; at most $10 a month",
        "in 1 servers",
        "model: openai/gpt-4o-mini of openrouter, $0.15 in, $0.60 out per million tokens",
        f"invite me: https://discord.com/oauth2/authorize?client_id={world.discord.application_id}&",
        "/doctor in Discord, python -m bot check here",
    ):
        assert line in world.log, line
    assert "\x1b" not in world.log


@pytest.mark.parametrize("when", ["before the start", "while it runs"])
async def test_a_new_server_gets_one_hello(world: World, when: str):
    """In its system channel; not again after a reconnect, nor after a restart. Old servers get none."""
    if when == "while it runs":
        await world.start()
        await world.reply(world.ask("hello"))
    guild = world.discord.portal.invite(link(world), "New")
    assert guild.welcomes
    if when == "before the start":
        await world.start()
    (hello,) = await world.discord.until(lambda: world.discord.history(guild.welcomes, world.discord.bot), 30)
    assert hello.content == f"-# {texts.HELLO}"
    world.discord.drop_gateway(resume=False)
    await world.discord.until(lambda: world.discord.online, 30)
    await world.reply(world.ask("and now?"))
    await world.stop()
    await world.start()
    await world.reply(world.ask("and now?"))
    assert world.discord.history(guild.welcomes, world.discord.bot) == [hello]
    assert not [m for m in world.discord.history(world.channel, world.discord.bot) if texts.HELLO in m.content]


async def test_no_hello_where_the_bot_may_not_write(world: World):
    """Nothing is said elsewhere, and the log has no trouble."""
    await world.start()
    await world.reply(world.ask("hello"))
    guild = world.discord.portal.invite(link(world), "Quiet")
    everyone = guild.roles[guild.id]
    everyone.permissions &= ~Permission.SEND_MESSAGES
    quiet = world.discord.portal.invite(link(world, without=Permission.SEND_MESSAGES), "Quieter")
    await world.reply(world.ask("hello again"))
    assert quiet.welcomes
    assert " WARNING " not in world.log
