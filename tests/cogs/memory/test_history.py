"""Showing and clearing what is remembered."""

from __future__ import annotations

import json
import threading
from typing import Any

import discord
import pytest

from bot.ui.reports.export import Export
from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World


async def test_history_shows_the_turns_to_the_caller_alone(world: World):
    """Oldest on top, with who spoke."""
    await world.member.send(world.channel, f"{world.me} what is *this*?")
    result = await world.member.slash(world.channel, "history show")
    assert result.ephemeral
    lines = result.response.embeds[0].description.splitlines()
    assert lines[0].startswith("**mem** <t:")
    assert lines[1] == r"what is \*this\*?"
    assert lines[2].startswith("**Me** <t:")
    assert lines[3] == "Hello."


async def test_history_pages_backwards_and_forwards(world: World):
    """Every turn can be reached."""
    for number in range(5):
        await world.member.send(world.channel, f"{world.me} question {number}")
    result = await world.member.slash(world.channel, "history show")
    assert "question 0" not in result.response.embeds[0].description
    older = await world.member.click(result.response, label="Older")
    assert "question 0" in older.response.embeds[0].description
    newer = await world.member.click(older.response, label="Newer")
    assert "question 4" in newer.response.embeds[0].description


async def test_an_empty_history_says_so(world: World):
    """No turns, no page of nothing."""
    result = await world.member.slash(world.channel, "history show")
    assert result.response.embeds[0].description == memory_texts.NO_HISTORY


async def test_an_admin_clears_the_conversation(world: World):
    """What was said before leaves the prompts."""
    await world.member.send(world.channel, f"{world.me} the password is swordfish")
    result = await world.admin.slash(world.channel, "history clear")
    assert "the 2 messages before it" in result.response.content
    await world.member.send(world.channel, f"{world.me} what is the password?")
    assert "swordfish" not in str(world.llm.requests[1].messages)


async def test_a_member_may_not_clear(world: World):
    """Clearing is for admins, checked in the handler."""
    await world.member.send(world.channel, f"{world.me} remember me")
    result = await world.member.slash(world.channel, "history clear")
    assert result.ephemeral
    assert result.response.content == texts.NOT_ADMIN
    world.refusals(1)
    await world.member.send(world.channel, f"{world.me} do you?")
    assert "remember me" in str(world.llm.requests[1].messages)


async def test_undo_brings_the_cleared_conversation_back(world: World):
    """Once, and only for admins."""
    await world.member.send(world.channel, f"{world.me} the password is swordfish")
    await world.admin.slash(world.channel, "history clear")
    refused = await world.member.slash(world.channel, "history undo")
    assert refused.response.content == texts.NOT_ADMIN
    world.refusals(1)
    undone = await world.admin.slash(world.channel, "history undo")
    assert undone.response.content == memory_texts.restored(2, "admin")
    again = await world.admin.slash(world.channel, "history undo")
    assert again.ephemeral
    assert again.response.content == memory_texts.RESTORED_NOTHING
    await world.member.send(world.channel, f"{world.me} what is the password?")
    assert "swordfish" in str(world.llm.requests[-1].messages)


async def exported(world: World, **options: str) -> str:
    result = await world.member.slash(world.channel, "history export", **options)
    assert result.ephemeral
    (file,) = result.response.attachments
    return (await file.read()).decode()


async def test_the_history_can_be_had_as_a_file(world: World):
    """Whole, in order, as it was said: to read, or for programs."""
    await world.member.send(world.channel, f"{world.me} what is *this*?")
    text = await exported(world)
    assert [line for line in text.splitlines() if line and not line.startswith("###")] == [
        "what is *this*?",
        "Hello.",
    ]
    assert text.startswith("### mem, 20")
    asked, answered = json.loads(await exported(world, form="json"))
    assert (asked["role"], asked["name"], asked["text"]) == ("user", "mem", "what is *this*?")
    assert asked["author_id"] == str(world.member.id)
    assert (answered["role"], answered["text"]) == ("assistant", "Hello.")


@pytest.mark.parametrize("form", ["markdown", "json"])
async def test_a_file_is_written_beside_the_loop(world: World, monkeypatch: pytest.MonkeyPatch, form: str):
    """Eight megabytes on the loop's own thread would stop every stream for a while."""
    await world.member.send(world.channel, f"{world.me} hello")
    writers: list[int] = []
    content = Export.content

    def noted(found: Export, wanted: str) -> Any:
        writers.append(threading.get_ident())
        return content(found, wanted)

    monkeypatch.setattr(Export, "content", noted)
    await exported(world, form=form)
    assert len(writers) == 1
    assert threading.get_ident() not in writers


async def test_an_empty_history_gives_no_file(world: World):
    """A sentence instead."""
    result = await world.member.slash(world.channel, "history export")
    assert result.response.content == memory_texts.NOTHING_TO_EXPORT


async def test_a_branch_goes_on_in_a_thread(world: World):
    """It remembers what was said so far, and what is said in it stays there."""
    await world.member.send(world.channel, f"{world.me} my cat is called Tom")
    result = await world.member.slash(world.channel, "history branch", name="Cats")
    assert result.ephemeral
    (thread,) = world.channel.threads
    assert thread.name == "Cats"
    assert f"<#{thread.id}>" in result.response.content
    await world.member.send(thread, f"{world.me} what is it called?")
    assert [message.content for message in world.llm.requests[-1].messages[1:]] == [
        "mem: my cat is called Tom",
        "Hello.",
        "mem: what is it called?",
    ]
    await world.member.send(world.channel, f"{world.me} and here?")
    assert "what is it called?" not in str(world.llm.requests[-1].messages)


async def test_there_is_nothing_to_branch_into_in_direct_messages(world: World):
    """A sentence, no failure."""
    user = world.env.create_user("friend")
    await user.send_dm("hello")
    result = await user.slash("history branch")
    assert result.response.content == memory_texts.NO_THREADS_HERE


async def test_who_may_not_open_threads_may_not_branch(world: World):
    """The bot lends nobody its own permissions."""
    no_threads = discord.PermissionOverwrite(create_public_threads=False)
    narrow = world.guild.create_text_channel("narrow", overwrites={world.guild.default_role: no_threads})
    result = await world.member.slash(narrow, "history branch")
    assert result.response.content == memory_texts.MAY_NOT_BRANCH


async def test_what_no_longer_fits_is_told_where_that_is_wanted(world: World):
    """A small model reads the newest turns; the small print says that there were others."""
    await world.admin.slash(world.channel, "model set", model="small/model")
    for wanted, note in (("off", ""), ("on", f"\n-# {memory_texts.HISTORY_TRUNCATED}")):
        await world.admin.slash(world.channel, "settings set", setting="window_note", value=wanted)
        for _ in range(2):
            await world.member.send(world.channel, f"{world.me} " + "word " * 250)
        assert world.channel.last_message.content == f"Hello.{note}"
    await world.admin.slash(world.channel, "history clear")
    await world.member.send(world.channel, f"{world.me} and now?")
    assert world.channel.last_message.content == "Hello."


async def test_a_thread_for_each_question_may_go_on_from_the_channel(world: World):
    """With `branch` the thread knows what was said above it."""
    await world.member.send(world.channel, f"{world.me} my cat is called Tom")
    await world.admin.slash(world.channel, "settings set", setting="threads", value="branch")
    await world.member.send(world.channel, f"{world.me} what is it called?")
    (thread,) = world.channel.threads
    assert thread.last_message.content == "Hello."
    assert [message.content for message in world.llm.requests[-1].messages[1:]] == [
        "mem: my cat is called Tom",
        "Hello.",
        "mem: what is it called?",
    ]
