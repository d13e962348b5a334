"""Messages that come twice, change while they're looked at, or come from elsewhere: each has one outcome."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from bot.ui.targets.permissions import author_of
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.access.people import Person


def prompt(world: World) -> str:
    """What was asked last, without the speaker."""
    return world.llm.requests[-1].messages[-1].content.removeprefix("mem: ")


def own_role(world: World) -> discord.Role:
    """The role Discord made for the bot; simcord doesn't say that it's the bot's."""
    guild = world.bot.get_guild(world.guild.id)
    assert guild
    role = next(role for role in guild.roles if role.managed)
    role.tags = discord.RoleTags({"bot_id": str(world.bot.user.id)})
    return role


def while_it_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[discord.Message], Awaitable[None]]
) -> None:
    """Let something happen to a message between its event and its question."""

    async def author_of_slowly(message: discord.Message) -> Person:
        await happens(message)
        return await author_of(message)

    cog = type(world.bot.get_cog("Mentions"))
    monkeypatch.setattr(sys.modules[cog.__module__], "author_of", author_of_slowly)


async def test_a_mention_of_the_bots_own_role_is_told_how_to_ask(world: World):
    """Discord doesn't show what it says without the content intent; silence would look like a fault."""
    await world.member.send(world.channel, f"{own_role(world).mention} what is 2+2?")
    said = world.channel.last_message.content
    assert said == f"-# {texts.ROLE_MENTIONED}"
    assert not world.llm.requests


async def test_a_readable_mention_of_the_bots_own_role_asks(world: World):
    """With the bot's name beside it the text is there, and neither mark is left in it."""
    await world.member.send(world.channel, f"{own_role(world).mention} {world.me} what is 2+2?")
    assert prompt(world) == "what is 2+2?"


async def test_a_mention_of_another_role_is_left_alone(world: World):
    """Also of one that the bot has."""
    other = world.guild.create_role("Helpers")
    await world.member.send(world.channel, f"<@&{other.id}> what is 2+2?")
    assert len(world.channel.history()) == 1


async def test_a_message_whose_event_comes_twice_is_answered_once(world: World):
    """Discord repeats events after a resume."""
    asked = await world.member.send(world.channel, f"{world.me} hello")
    for _ in range(2):
        world.bot.dispatch("message", asked)
    await world.env.advance_time(1)
    assert len(world.llm.requests) == 1


async def test_a_question_deleted_before_it_is_asked_is_not_asked(world: World, monkeypatch: pytest.MonkeyPatch):
    """Nobody pays for it, and nothing is said."""

    async def delete(message: discord.Message) -> None:
        await world.bot.get_cog("Sync").on_raw_message_delete(
            SimpleNamespace(message_id=message.id, channel_id=message.channel.id)
        )

    while_it_is_looked_at(world, monkeypatch, delete)
    await world.member.send(world.channel, f"{world.me} oops")
    assert not world.llm.requests
    assert len(world.channel.history()) == 1


async def test_a_question_edited_before_it_is_asked_is_asked_as_it_reads_now(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Once, not twice."""

    async def edit(message: discord.Message) -> None:
        message.content = f"{world.me} what is 3+3?"
        message._edited_timestamp = discord.utils.utcnow()
        await world.bot.get_cog("Sync").on_raw_message_edit(SimpleNamespace(message=message))

    while_it_is_looked_at(world, monkeypatch, edit)
    await world.member.send(world.channel, f"{world.me} what is 2+2?")
    assert [prompt(world), len(world.llm.requests)] == ["what is 3+3?", 1]


@pytest.mark.parametrize("changes", [{"webhook_id": 5}, {"bot": True}], ids=["webhook", "bot"])
async def test_webhooks_and_bots_do_not_ask(world: World, changes: dict[str, Any]):
    """Two bots would talk to each other without end; a proxy bot's person asked by their own message."""
    asked = await world.member.send(world.channel, "hello")
    asked.mentions = [world.bot.user]
    asked.webhook_id = changes.get("webhook_id")
    asked.author = SimpleNamespace(id=9, bot=changes.get("bot", False), display_name="x", mention="x")
    world.bot.dispatch("message", asked)
    await world.env.advance_time(1)
    assert not world.llm.requests
    assert len(world.channel.history()) == 1


async def test_a_server_that_is_not_in_the_cache_is_no_direct_message(world: World):
    """Its settings and permissions aren't known, so nobody is answered; a mention is told to come back."""
    asked = await world.member.send(world.channel, "hello")
    place = world.bot.get_partial_messageable(world.channel.id, guild_id=77)
    asked.guild, asked.channel = None, place
    world.bot.dispatch("message", asked)
    await world.env.advance_time(1)
    assert len(world.channel.history()) == 1
    asked.mentions = [world.bot.user]
    world.bot.dispatch("message", asked)
    await world.env.advance_time(1)
    assert world.channel.last_message.content == f"-# {texts.NOT_READY}"
    assert not world.llm.requests


FAILURES = [
    aiohttp.ServerDisconnectedError(),
    ConnectionResetError(104, "reset"),
    TimeoutError(),
    discord.RateLimited(9.0),
    discord.Forbidden(SimpleNamespace(status=403, reason=""), {"code": 50013, "message": "no"}),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_a_question_survives_a_thread_that_cannot_be_opened(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
):
    """Whatever Discord fails with, the answer comes in the channel."""

    async def fail(*_: object, **__: object) -> None:
        raise failure

    await world.admin.slash(world.channel, "settings set", setting="threads", value="on")
    monkeypatch.setattr(discord.Message, "create_thread", fail)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == "Hello."


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_a_failed_message_about_permissions_ends_quietly(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
):
    """There's nobody left to tell."""

    async def fail(*_: object, **__: object) -> None:
        raise failure

    quiet = world.guild.create_text_channel(
        "quiet", overwrites={world.guild.me: discord.PermissionOverwrite(send_messages=False)}
    )
    monkeypatch.setattr(discord.Member, "send", fail)
    await world.member.send(quiet, f"{world.me} hello")
    assert not world.env.errors


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_a_sentence_that_does_not_reach_its_reader_ends_quietly(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
):
    """One line of log, no error of its own."""

    async def fail(*_: object, **__: object) -> None:
        raise failure

    world.llm.say("Half")
    await world.member.send(world.channel, f"{world.me} hello")
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    monkeypatch.setattr(discord.InteractionResponse, "send_message", fail)
    await stranger.context_menu(world.channel, "Regenerate", world.channel.last_message)
    assert not world.env.errors
    await asyncio.sleep(0)


async def test_custom_emoji_and_ids_read_as_names_also_in_quotes(world: World):
    """In what a message is about, and in what's asked of it by mention or command."""
    emoji = "<:party:123456789012345678>"
    about = await world.admin.send(world.channel, f"{emoji} {world.channel.mention} {world.member.mention}")
    await world.member.send(world.channel, f"{world.me} why {emoji}?", reply_to=about)
    assert prompt(world) == "About a message by admin that can't be read here.\nwhy :party:?"
    shown = await world.member.context_menu(world.channel, "Ask about this", about)
    await world.member.submit_modal(shown, {"question": "What?"})
    assert ":party: #general @mem" in prompt(world)
    await world.member.slash(world.channel, "ask", prompt=f"{emoji} in {world.channel.mention}")
    assert prompt(world) == ":party: in #general"


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_a_ping_that_fails_takes_nothing_from_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
):
    """The answer stands, and the next question is answered."""
    send = discord.abc.Messageable.send

    async def fail_to_ping(self: Any, content: str, **how: Any) -> discord.Message:
        if "your answer is ready" in content:
            raise failure
        return await send(self, content, **how)

    await world.admin.slash(world.channel, "settings set", setting="ping_after", value="1")
    monkeypatch.setattr(discord.abc.Messageable, "send", fail_to_ping)
    world.llm.gap = 2.0
    for question in ("one", "two"):
        world.llm.say(f"Answer {question}", ".")
        await world.member.send(world.channel, f"{world.me} {question}")
        await world.env.advance_time(6)
        assert world.channel.last_message.content == f"Answer {question}."


async def test_a_thread_is_named_after_the_askers_own_words(world: World):
    """Cut between characters, in a language without spaces as well."""
    await world.admin.slash(world.channel, "settings set", setting="threads", value="on")
    about = await world.admin.send(world.channel, "E = mc²")
    await world.member.send(world.channel, f"{world.me} {'水' * 150}", reply_to=about)
    (thread,) = world.bot.get_guild(world.guild.id).threads
    assert thread.name == "水" * 99 + "…"
