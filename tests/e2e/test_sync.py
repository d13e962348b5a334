"""Memory follows the channel, from end to end."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from bot.ui.texts import memory as memory_texts
from bot.ui.texts import privacy as privacy_texts
from playground.openrouter import Script
from tests.e2e.conftest import World

LONG = " ".join(f"word{number}" for number in range(700))


def prompt(world: World) -> list[str]:
    """What the last request said, less the system prompt."""
    return [message["content"] for message in world.router.calls[-1].messages[1:]]


async def test_what_was_deleted_while_the_bot_was_away_is_forgotten(world: World):
    """And what was edited is remembered as it reads now, from the first question after the start on."""
    await world.start()
    first = world.ask("my cat is Tom")
    await world.reply(first)
    second = world.ask("my dog is Rex")
    await world.reply(second)
    await world.stop()
    world.discord.edit(first, f"{world.discord.bot.mention} my cat is Tim")
    world.discord.delete(second, *world.replies(second))
    await world.start()
    await world.reply(world.ask("what do you know?"))
    assert prompt(world) == ["mem: my cat is Tim", "Hello.", "mem: what do you know?"]


async def test_a_bulk_delete_is_a_clean_slate(world: World):
    """Everything that was deleted at once is out of the next prompt."""
    await world.start()
    asked = [world.ask("my cat is Tom")]
    await world.reply(asked[0])
    asked.append(world.ask("my dog is Rex"))
    await world.reply(asked[1])
    world.discord.delete(*world.discord.history(world.channel))
    await world.reply(world.ask("what do you know?"))
    assert prompt(world) == ["mem: what do you know?"]


async def test_an_answer_that_becomes_shorter_keeps_its_text(world: World):
    """Messages that the bot itself deletes don't count as deleted by somebody."""
    await world.start()
    world.scripts += [
        Script(text=LONG, tokens_per_second=0),
        Script(text="A short answer.", tokens_per_second=0),
    ]
    asked = world.ask("talk")
    first, *_ = await world.reply(asked, LONG, timeout=60)
    assert len(world.replies(asked)) > 2
    acted = await world.discord.menu(world.member, first, "Regenerate")
    assert acted.content == memory_texts.RETRYING
    (only,) = await world.reply(asked, "A short answer.")
    assert only.labels == ()
    await world.reply(world.ask("and?"))
    assert prompt(world) == ["mem: talk", "A short answer.", "mem: and?"]


async def test_a_deleted_channel_is_forgotten_with_its_threads(world: World):
    """No byte of what was said in them stays in the database; other channels keep theirs."""
    await world.start()
    thread = world.discord.add_thread(world.other, "aside")
    for place, text in ((world.other, "first secret"), (thread, "second secret"), (world.channel, "no mystery")):
        await world.reply(world.ask(text, channel=place))
    world.discord.remove_channel(world.other)
    await world.discord.until(lambda: True, 1)
    async with asyncio.timeout(10):
        while b"secret" in files(world):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    assert b"mystery" in files(world)


async def test_forget_me_leaves_no_byte_of_what_somebody_asked(world: World):
    """In the database, in its log, or in a backup made after; what others asked stays."""
    await world.start()
    world.scripts += [Script(text=f"About {what}.", tokens_per_second=0) for what in ("the mystery", "the secret")]
    await world.reply(world.ask("a mystery", user=world.admin))
    await world.reply(world.ask("a secret"))
    await world.reply(world.ask("a secret elsewhere", channel=world.other))
    assert b"secret" in files(world)
    confirm = await world.discord.command(world.member, world.channel, "forget", scope="me")
    (question,) = confirm.messages
    await world.discord.press(world.member, question, "Erase")
    await world.discord.until(lambda: question.content == privacy_texts.erased(4), 20)
    running = world.process
    await world.launch_with("backup", str(world.folder / "data.db.copy"))
    assert await asyncio.wait_for(world.process.wait(), 30) == 0
    world.process = running
    assert b"secret" not in files(world)
    assert b"mystery" in files(world)


def files(world: World) -> bytes:
    """The database with all that belongs to it."""
    return b"".join(path.read_bytes() for path in world.folder.glob("data.db*"))


async def test_a_server_that_is_left_is_noted_for_later_erasure(world: World):
    """Its data stays for a week, in case the bot comes back."""
    await world.start()
    await world.reply(world.ask("a secret"))
    world.discord.remove_guild(world.guild)
    with closing(sqlite3.connect(world.database)) as connection:
        async with asyncio.timeout(10):
            while not connection.execute("SELECT 1 FROM departures").fetchall():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        assert connection.execute("SELECT guild_id FROM departures").fetchall() == [(world.guild.id,)]
    assert b"secret" in files(world)
