"""A real database that cannot be written: the bot goes on, and says what is missing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from discord.app_commands import CommandInvokeError

from bot.core.errors import StorageError
from bot.core.records import Place
from bot.ui.texts import memory as memory_texts
from tests.cogs.conftest import World


@pytest.fixture
async def full(world: World) -> World:
    await world.member.send(world.channel, f"{world.me} my cat is Tom")
    writer = world.bot.services.conversation.store._database._file.connections.writer
    await writer.execute_fetchall("PRAGMA query_only = ON")  # as a read-only file, which root may write to
    return world


async def test_answers_are_given_and_say_that_they_are_not_remembered(full: World):
    """What was remembered before is still read."""
    await full.member.send(full.channel, f"{full.me} what is its name?")
    assert full.channel.last_message.content == f"Hello.\n-# {memory_texts.not_saved('the file is read-only')}"
    assert "mem: my cat is Tom" in [message.content for message in full.llm.requests[-1].messages]


async def test_memory_is_used_again_as_soon_as_it_can_be(full: World):
    """Nothing needs a restart."""
    await full.member.send(full.channel, f"{full.me} first")
    writer = full.bot.services.conversation.store._database._file.connections.writer
    await writer.execute_fetchall("PRAGMA query_only = OFF")
    await full.member.send(full.channel, f"{full.me} second")
    assert full.channel.last_message.content == "Hello."


async def test_a_command_that_needs_to_write_says_why_it_cannot(full: World):
    """In a sentence, to the caller alone."""
    result = await full.admin.slash(full.channel, "history clear")
    assert result.ephemeral
    assert "The database is unavailable (the file is read-only)" in result.response.content
    assert [type(error) for error in full.env.errors] == [CommandInvokeError]


async def test_an_event_that_cannot_be_followed_is_one_line_of_log(full: World, caplog: pytest.LogCaptureFixture):
    """Not a traceback for every message that somebody deletes."""
    first = full.channel.history()[0]
    await full.member.delete(first)
    assert "on_raw_message_delete wasn't handled" in caplog.text
    assert "Traceback" not in caplog.text
    assert [type(error) for error in full.env.errors] == [StorageError]


async def test_a_database_that_is_gone_costs_memory_alone(world: World):
    """People are answered and told; the doctor names it; when the file is back, everything is as before."""
    path = world.bot.services.conversation.store._database.path
    await world.member.send(world.channel, f"{world.me} my cat is Tom")
    away = path.rename(path.with_name("away.db"))
    await world.member.send(world.channel, f"{world.me} what is its name?")
    assert world.channel.last_message.content == f"Hello.\n-# {memory_texts.not_saved('the file is gone')}"
    result = await world.admin.slash(world.channel, "doctor")
    assert "the file is gone" in result.response.content
    away.rename(path)
    await world.member.send(world.channel, f"{world.me} and now?")
    assert world.channel.last_message.content == "Hello."
    assert "mem: my cat is Tom" in [message.content for message in world.llm.requests[-1].messages]


async def test_a_database_that_another_program_holds_keeps_nobody_waiting(world: World):
    """Everybody is answered and told; what they said is saved once the other program is done."""
    conversation = world.bot.services.conversation
    database = conversation.store._database
    database._lock._patience_s = 0.05
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for who in (world.member, world.admin):
            await who.send(world.channel, f"{world.me} hello")
        other.execute("ROLLBACK")
    told = f"Hello.\n-# {memory_texts.not_saved('another program is using it')}"
    assert [m.content for m in world.channel.history() if m.author.id == world.bot.user.id] == [told, told]
    await conversation.chat._billing._unbooked.flush()
    turns = await conversation.store.window(Place(channel_id=world.channel.id))
    assert sorted(turn.text for turn in turns) == ["Hello.", "Hello.", "hello", "hello"]


async def test_a_handler_that_fails_takes_nothing_else_along(world: World, caplog: pytest.LogCaptureFixture):
    """Another handler of the same event answers, and so does the next event; the log has the traceback."""

    async def on_message(_message: object) -> None:
        raise KeyError("a bug")

    world.bot.add_listener(on_message)
    for text in ("hello", "and again"):
        await world.member.send(world.channel, f"{world.me} {text}")
        assert world.channel.last_message.content == "Hello."
    assert "Traceback" in caplog.text or any(record.exc_info for record in caplog.records)
    assert {type(error) for error in world.env.errors} == {KeyError}
