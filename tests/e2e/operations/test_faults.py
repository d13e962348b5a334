"""The machine, the provider and Discord's REST API at their worst for a while: it passes, and nothing is lost."""

from __future__ import annotations

import asyncio
import resource
import signal

import psutil

from playground.openrouter import Script
from tests.e2e.conftest import World

LONG = " ".join(f"word{number}" for number in range(90))
STREAM = Script(text=LONG, tokens_per_second=40)  # about five seconds


async def streaming(world: World):
    """Ask, and wait until the answer streams."""
    world.scripts.append(STREAM)
    asked = world.ask("talk")
    await world.discord.until(lambda: any("word" in reply.content for reply in world.replies(asked)), 30)
    return asked


async def answers(world: World) -> None:
    await world.reply(world.ask("hello"), "Hello.")


async def test_a_provider_that_is_down_is_told_and_asked_again_by_a_button(world: World):
    """After its retries the bot says so; once the provider is back, Retry answers, as the next question is."""
    await world.start()
    world.router.answer = lambda _: Script(status=503, error_message="down")
    asked = world.ask("hello")
    (reply,) = await world.reply(asked, timeout=60)
    assert reply.content.startswith("-# ")
    assert reply.labels == ("Retry",)
    world.router.answer = world.answer
    await world.discord.press(world.member, reply, "Retry")
    await world.discord.until(lambda: reply.content == "Hello.", 30)
    await answers(world)


async def test_discord_failing_for_a_while_costs_no_word(world: World):
    """Every write gets a 503 for three seconds of the stream."""
    await world.start()
    asked = await streaming(world)
    world.discord.fail("*", "/channels/*", status=503, times=None)
    await asyncio.sleep(3)
    world.discord.door.faults.clear()
    await world.reply(asked, LONG, timeout=60)
    assert "Traceback" not in world.log


async def test_a_slow_discord_costs_no_word(world: World):
    """Every write takes two seconds for a while."""
    await world.start()
    asked = await streaming(world)
    world.discord.fail("*", "/channels/*", hang=2.0, times=None)
    await asyncio.sleep(3)
    world.discord.door.faults.clear()
    await world.reply(asked, LONG, timeout=60)
    assert "Traceback" not in world.log


async def test_a_process_that_stands_still_goes_on_where_it_was(world: World):
    """A blocked loop or a machine that sleeps: everything comes late, once."""
    await world.start()
    asked = await streaming(world)
    world.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(3)
    world.process.send_signal(signal.SIGCONT)
    await world.reply(asked, LONG, timeout=60)
    assert len(world.router.calls) == 1
    await answers(world)


async def test_a_bot_without_file_handles_answers_again_once_there_are_some(world: World):
    """What is open goes on; what needs another handle fails with a sentence, not with the process."""
    await world.start()
    await answers(world)
    pid = world.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = psutil.Process(pid).num_fds()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 1, before[1]))
    waiting = [world.ask("hello", channel=channel, user=world.admin) for channel in (world.channel, world.other)]
    for asked in waiting:
        await world.reply(asked, timeout=90)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert world.process.returncode is None
    await answers(world)


async def test_a_full_gateway_outage_ends_by_itself(world: World):
    """REST and gateway are gone in mid-answer; the answer ends whole and the next question is heard."""
    await world.start()
    asked = await streaming(world)
    world.discord.trouble.cut_off()
    await asyncio.sleep(3)
    world.discord.trouble.restore()
    await world.reply(asked, LONG, timeout=90)
    await world.discord.until(lambda: world.discord.online, 60)
    await answers(world)
