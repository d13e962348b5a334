"""Starting and staying online through passing trouble, from end to end."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.conftest import World


async def test_a_discord_that_cannot_be_reached_is_waited_for(world: World):
    """At the start: one plain line in the log, and the bot is there when Discord is."""
    world.discord.trouble.cut_off()
    await world.launch()
    async with asyncio.timeout(30):
        while "Logging in to Discord failed" not in world.log:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    assert world.process.returncode is None
    world.discord.trouble.restore()
    await world.discord.until(lambda: world.discord.online, 60)
    await world.reply(world.ask("hello"))
    assert "Traceback" not in world.log


async def test_an_outage_at_login_is_waited_out(world: World):
    """503 is Discord's own trouble, not the owner's."""
    world.discord.fail("GET", "/users/@me", status=503, times=2)
    world.discord.fail("GET", "/gateway/bot", status=503, times=1)
    await world.start()
    await world.reply(world.ask("hello"))
    assert "Traceback" not in world.log


async def test_commands_that_cannot_be_registered_hold_up_nothing(world: World):
    """Mentions are answered all the same, and the commands come later."""
    world.discord.fail("PUT", "/applications/*/commands", status=500, times=6)
    await world.start()
    await world.reply(world.ask("hello"))
    await world.discord.until(lambda: world.discord.commands, 60)
    assert "Traceback" not in world.log


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_what_only_a_person_can_fix_ends_the_bot(world: World, code: int):
    """In mid-run too: one sentence, exit code 78."""
    await world.start()
    world.discord.trouble.close_gateway(code)
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    assert "Traceback" not in world.log
    world.discord.trouble.restore()


async def test_events_that_make_no_sense_are_passed_over(world: World):
    """The session goes on."""
    await world.start()
    for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "GUILD_CREATE", "INTERACTION_CREATE", "CHANNEL_CREATE"):
        world.discord.trouble.send(event, {"id": "not a number"}, world.guild)
    await world.reply(world.ask("hello"))
    assert "Traceback" not in world.log


async def test_a_connection_lost_in_mid_reply_costs_no_text(world: World):
    """REST and gateway are gone for a while."""
    await world.start()
    asked = world.ask("hello")
    world.discord.trouble.cut_off()
    await asyncio.sleep(3)
    world.discord.trouble.restore()
    await world.discord.until(lambda: world.discord.online, 60)
    await world.reply(asked, "Hello.", timeout=60)
