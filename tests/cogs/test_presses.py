"""Buttons that are pressed late, where something is broken, or after something was deleted."""

from __future__ import annotations

import discord
import pytest

from bot.access.people import Person
from bot.conversation.errors import ForgottenError
from bot.core.errors import ProviderUnavailableError, StorageError
from bot.core.events import Reasoning
from bot.core.records import Place
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World
from tests.fakes import FakeChannels, FakeTarget
from tests.fakes.interaction import refused

STREAMING = pytest.mark.simcord(settle_timeout=0.5)


async def broken_off(world: World, *script: str) -> discord.Message:
    """An answer that ended in a failure; its last message, with Retry and Continue."""
    world.llm.say(*script, ProviderUnavailableError())
    await world.member.send(world.channel, f"{world.me} count")
    return world.channel.last_message


async def unreadable(*_: object) -> None:
    raise StorageError("the disk reports an error")


@pytest.mark.parametrize("continue_", [False, True], ids=["Retry", "Continue"])
async def test_a_press_that_comes_after_another_was_answered_posts_nothing(world: World, continue_: bool):
    """The reply's messages belong to the later answer, which stays as it is."""
    reply = await broken_off(world, "One two three ")
    world.llm.say("four.")
    await world.member.click(reply, label="Continue")
    shown = [message.content for message in world.channel.history()]
    services, place = world.bot.services, Place(channel_id=world.channel.id, guild_id=world.guild.id)
    admitted = await services.access.gate.admit(Person(id=world.member.id), place)
    target = world.bot.channel_target(world.channel.id)
    with pytest.raises(ForgottenError):
        await services.conversation.chat.retry(1, target, admitted, continue_=continue_)
    assert [message.content for message in world.channel.history()] == shown
    assert len(world.llm.requests) == 2


async def test_a_press_is_answered_also_where_memory_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch):
    """In a sentence, to who pressed."""
    reply = await broken_off(world, "One two three ")
    monkeypatch.setattr(world.bot.services.conversation.store, "reply", unreadable)
    result = await world.member.click(reply, label="Retry")
    assert result.ephemeral
    assert "The database is unavailable" in result.response.content


async def test_a_press_that_meets_a_bug_is_answered(world: World, monkeypatch: pytest.MonkeyPatch):
    """Nobody is left with a button that does nothing."""

    async def broken(*_: object) -> None:
        raise KeyError

    reply = await broken_off(world, "One two three ")
    monkeypatch.setattr(world.bot.services.conversation.store, "reply", broken)
    result = await world.member.click(reply, label="Retry")
    assert result.ephemeral
    assert result.response.content == texts.UNEXPECTED


@pytest.mark.parametrize("code", [10062, 40060])
@pytest.mark.parametrize("way", ["Retry", "Regenerate", "ask"])
async def test_what_discord_takes_no_answer_to_asks_no_model(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, way: str, code: int
):
    """It came too late, or another process has answered it: nothing is asked and paid twice."""

    async def taken(*_: object, **__: object) -> None:
        raise refused(400, code)

    reply = await broken_off(world, "One two three ")
    for answer in ("defer", "send_message"):
        monkeypatch.setattr(discord.InteractionResponse, answer, taken)
    if way == "Retry":
        await world.member.click(reply, label=way)
    elif way == "Regenerate":
        await world.member.context_menu(world.channel, way, reply)
    else:
        await world.member.slash(world.channel, way, prompt="hello")
    assert len(world.llm.requests) == 1
    assert "Traceback" not in caplog.text
    world.env.errors.clear()


@STREAMING
async def test_stop_works_where_memory_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch):
    """Whose reply it is, is known without memory while it runs."""
    world.llm.gap = 1.0
    world.llm.say(*(f"word{number} " for number in range(60)))
    await world.member.send(world.channel, f"{world.me} talk")
    await world.env.advance_time(3.2)
    monkeypatch.setattr(world.bot.services.conversation.store, "reply", unreadable)
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    refused = await stranger.click(world.channel.last_message, label="Stop")
    assert refused.response.content == texts.NOT_YOURS
    await world.member.click(world.channel.last_message, label="Stop")
    await world.env.advance_time(2)
    assert "Stopped by mem." in world.channel.last_message.content
    assert world.llm.open == 0


async def test_a_continuation_begun_before_a_clear_stays_before_it(world: World):
    """It is shown to its end, and the new conversation knows nothing of it."""
    reply = await broken_off(world, "One two three ")
    await world.admin.slash(world.channel, "history clear")
    world.llm.say("four.")
    await world.member.click(reply, label="Continue")
    assert "One two three four." in [message.content for message in world.channel.history()]
    await world.member.send(world.channel, f"{world.me} and then?")
    assert [message.content for message in world.llm.requests[-1].messages] == ["Be kind.", "mem: and then?"]


async def test_what_was_deleted_while_the_bot_was_away_does_not_come_back_by_continue(world: World):
    """The press first compares the channel with memory, so the model sees nothing of a torn answer."""
    await broken_off(world, "SECRET " * 400)
    channels = FakeChannels(FakeTarget())
    asked, _deleted, *standing = world.channel.history()
    channels.add(asked.id, asked.content, own=False)
    for message in standing:
        channels.add(message.id, message.content)
    world.bot.services.conversation.catch_up.begin(channels)
    world.llm.say("the end.")
    await world.member.click(world.channel.last_message, label="Continue")
    assert world.channel.last_message.content == "the end."
    assert "SECRET" not in str(world.llm.requests[1].messages)
    place = (await world.bot.services.conversation.store.reply(1)).place
    turns = await world.bot.services.conversation.store.window(place)
    assert [turn.text for turn in turns] == ["the end.", "count"]


async def thoughtful(world: World, *thoughts: str) -> discord.Message:
    """A complete answer whose thoughts are behind a button."""
    await world.admin.slash(world.channel, "settings set", setting="reasoning", value="button", scope="channel")
    world.llm.say(*(Reasoning(thought) for thought in thoughts), "Four.")
    await world.member.send(world.channel, f"{world.me} 2+2?")
    return world.channel.last_message


async def test_thoughts_behind_a_button_are_shown_to_who_presses_and_to_nobody_else(world: World):
    """Anybody who may read the answer may look; nothing of it is in memory, an export or the next request."""
    reply = await thoughtful(world, "It is a VERYSECRET sum, ", "says @everyone.")
    assert reply.content == "Four."
    assert world.labels(reply) == ["Thinking"]
    reader = world.guild.add_member(world.env.create_user("reader"))
    shown = await reader.click(reply, label="Thinking")
    assert shown.ephemeral
    assert shown.response.content == "It is a VERYSECRET sum, says @everyone."
    await world.member.send(world.channel, f"{world.me} sure?")
    assert "VERYSECRET" not in str(world.llm.requests[-1].messages)
    history = await world.member.slash(world.channel, "history show")
    assert "VERYSECRET" not in history.response.content


async def test_long_thoughts_come_in_pages(world: World):
    """All of them, each page within Discord's limit."""
    reply = await thoughtful(world, *(f"Step {number} of many. " for number in range(400)))
    shown = await world.member.click(reply, label="Thinking")
    seen = ""
    while True:
        assert len(shown.response.content) <= 2000
        seen += shown.response.content
        buttons = {each["label"]: each for row in shown.response.components for each in row["components"]}
        if buttons["Next"].get("disabled"):
            break
        shown = await world.member.click(shown.response, label="Next")
    assert all(f"Step {number} of" in seen for number in (0, 99, 399))


async def test_thoughts_that_are_gone_are_said_to_be_gone(world: World):
    """The button may outlive them."""
    reply = await thoughtful(world, "A sum.")
    await world.bot.services.privacy.erasure.purge_thinking(2**40)
    shown = await world.member.click(reply, label="Thinking")
    assert shown.ephemeral
    assert shown.response.content == texts.NO_THOUGHTS


async def test_private_answers_keep_no_thoughts(world: World):
    """They leave nothing in memory, so there is nothing that a button could show."""
    await thoughtful(world, "A sum.")
    world.llm.say(Reasoning("A VERYSECRET sum."), "Four.")
    answer = await world.member.slash(world.channel, "ask", prompt="2+2?", private=True)
    assert answer.response.content == "Four."
    assert not answer.response.components
