"""Killed at any moment and started again: the channel and the memory agree, and no cursor stays."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.kills import kill
from bot.conversation.errors import LostInQueueError
from playground.openrouter import Script
from tests.e2e.conftest import CURSOR, World

LONG = " ".join(f"word{number}" for number in range(700))
INTERRUPTED = "\n-# Interrupted by a restart of the bot."


async def remembered(world: World) -> list[tuple[str, str]]:
    """Role and text of every turn, in order, once no reply is open."""
    with closing(sqlite3.connect(world.database)) as connection:
        async with asyncio.timeout(5):
            while connection.execute("SELECT 1 FROM replies WHERE state = 'streaming'").fetchall():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT role, text FROM turns ORDER BY id").fetchall()


async def test_an_answer_cut_by_a_kill_ends_honestly_and_goes_on(world: World):
    """What was shown stays and is remembered, the reason stands under it, and Continue repeats no word."""
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=80))
    asked = world.ask("talk")
    await world.discord.until(lambda: len(world.replies(asked)) == 2, 30)
    await world.stop(9)
    await world.start()
    *above, last = await world.reply(asked)
    assert last.content.endswith(INTERRUPTED)
    assert last.labels == ("Retry", "Continue")
    assert not [message for message in above if message.labels or CURSOR in message.content]
    shown = " ".join([*(message.content for message in above), last.content.removesuffix(INTERRUPTED)])
    assert LONG.startswith(shown.rstrip())
    (_, question), (_, answer) = await remembered(world)
    assert question == "talk"
    assert answer.split() == shown.split()
    world.scripts.append(Script(text=LONG[len(shown) :], tokens_per_second=0))
    await world.discord.press(world.member, last, "Continue")
    await world.reply(asked, LONG, timeout=60)


async def test_a_message_the_database_does_not_know_is_ended_too(world: World):
    """Killed between Discord's answer and the commit: the message is found by reading the channel."""
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=30))
    asked = world.ask("talk")
    (reply,) = await world.discord.until(lambda: world.replies(asked), 20)
    await world.stop(9)
    with closing(sqlite3.connect(world.database)) as connection, connection:
        connection.execute("DELETE FROM reply_messages")
    await world.start()
    await world.reply(asked)
    assert world.replies(asked) == [reply]
    assert reply.content.endswith(INTERRUPTED)


async def test_who_waited_in_the_queue_is_told(world: World):
    """A question that was still waiting gets a sentence, not silence."""
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=30))
    first = world.ask("talk")
    await world.discord.until(lambda: world.replies(first), 20)
    second = world.ask("and I?", user=world.admin)
    await world.discord.until(lambda: [m for m in world.replies(second) if m.reply_to is second], 20)
    await world.stop(9)
    await world.start()
    (told,) = await world.discord.until(
        lambda: [m for m in world.replies(second) if m.content == f"-# {LostInQueueError().sentence}"], 20
    )
    assert told.reply_to is second
    assert told.labels == ()
    await world.reply(first)


async def test_a_slash_command_is_ended_after_a_kill(world: World):
    """Its message is edited without the interaction, whose token died with the process."""
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=30))
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="talk")
    await world.discord.until(lambda: CURSOR in asked.content, 20)
    await world.stop(9)
    await world.start()
    await world.discord.until(lambda: asked.content.endswith(INTERRUPTED), 20)
    assert CURSOR not in asked.content


async def test_killed_again_and_again_it_loses_nothing(tmp_path: Path):
    """Five conversations stream, the bot dies at random moments; see `bench.kills` for a hundred times."""
    tally = await kill(3, folder=tmp_path, seed=random.randrange(1000))
    assert tally.faults == []
    assert tally.streaming > 0
